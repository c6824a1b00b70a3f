//! Why a remote cache could not do what it was asked. None of these needs to fail a run.
//!
//! A message names the host and what to do; never a token, never the query of a URL.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Coded;

/// What a setting says that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {problem}")]
pub struct SettingsError {
    /// The environment variable, or `remote.url`, `remote.team` of `vx.workspace.ts`.
    pub setting: String,
    /// What is wrong with it, and what to write instead.
    pub problem: String,
}

impl Coded for SettingsError {
    fn code(&self) -> &'static str {
        "VX_REMOTE_CONFIG"
    }
}

/// What was waited for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The connection.
    Connection,
    /// The first byte of the answer.
    FirstByte,
    /// The next bytes of a body.
    NextBytes,
    /// A body that came too slowly.
    Pace,
    /// That the server takes more of what is sent.
    Taking,
    /// The answer after everything was sent.
    Verdict,
    /// The end of the whole call.
    Call,
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connection => "took no connection",
            Self::FirstByte => "did not begin to answer",
            Self::NextBytes => "stopped in the middle of its answer",
            Self::Pace => "sent its answer too slowly",
            Self::Taking => "stopped taking what was sent",
            Self::Verdict => "did not answer after everything was sent",
            Self::Call => "was not done with one request",
        })
    }
}

/// An error of the remote cache.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoteError {
    /// No connection, or one that broke.
    #[error(
        "the remote cache {host} cannot be reached: {reason}; check the URL, the network and the proxy"
    )]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The connection is not secure.
    #[error(
        "the remote cache {host} has no certificate that can be trusted: {reason}; name your CA with SSL_CERT_FILE or NODE_EXTRA_CA_CERTS"
    )]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Too slow.
    #[error("the remote cache {host} {wait} within {}", seconds(*.after))]
    Timeout {
        /// Host and port.
        host: String,
        /// What was waited for.
        wait: Wait,
        /// For how long.
        after: Duration,
    },
    /// 401, 403, and 400 where no request can be right: nothing will do until settings change.
    #[error("the remote cache {host} refuses access ({status}{detail}); {advice}")]
    Unauthorized {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// What the server said, with a separator before it; or nothing.
        detail: String,
        /// What to look at.
        advice: &'static str,
    },
    /// The server answers, but takes not this.
    #[error("the remote cache {host} does not take this ({status}{detail})")]
    Refused {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// What the server said, with a separator before it; or nothing.
        detail: String,
    },
    /// 429 or 5xx.
    #[error("the remote cache {host} is in trouble ({status}{detail})")]
    Server {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// What the server said, with a separator before it; or nothing.
        detail: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// What came is not what was asked for.
    #[error(
        "the remote cache {host} gave an answer that makes no sense: {reason}; is this the URL of a cache, and is no other machine between?"
    )]
    Answer {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More bytes than the caller takes.
    #[error("the remote cache {host} sends more than the {limit} bytes that are taken")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        limit: u64,
    },
    /// The breaker is open: not asked at all.
    #[error("the remote cache is not asked for now: {reason}")]
    Unavailable {
        /// What opened it.
        reason: String,
    },
    /// [`super::Remote::cancel`] was called.
    #[error("the work with the remote cache was cancelled")]
    Cancelled,
    /// A file on this machine.
    #[error("cannot use {path:?} for the remote cache: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A setting that shows itself wrong only when it is used.
    #[error("the remote cache cannot be used as it is configured: {reason}")]
    Config {
        /// What, and what to do.
        reason: String,
    },
}

impl Coded for RemoteError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "VX_REMOTE_UNREACHABLE",
            Self::Tls { .. } => "VX_REMOTE_TLS",
            Self::Timeout { .. } => "VX_REMOTE_TIMEOUT",
            Self::Unauthorized { .. } => "VX_REMOTE_UNAUTHORIZED",
            Self::Refused { .. } => "VX_REMOTE_REFUSED",
            Self::Server { .. } => "VX_REMOTE_SERVER",
            Self::Answer { .. } => "VX_REMOTE_ANSWER",
            Self::TooLarge { .. } => "VX_REMOTE_TOO_LARGE",
            Self::Unavailable { .. } => "VX_REMOTE_UNAVAILABLE",
            Self::Cancelled => "VX_REMOTE_CANCELLED",
            Self::File { .. } => "VX_REMOTE_FILE",
            Self::Config { .. } => "VX_REMOTE_CONFIG",
        }
    }
}

impl RemoteError {
    /// Whether the same request may do better in a moment.
    pub(super) fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { wait: Wait::Connection, .. } => true,
            Self::Server { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// When the server wants to be asked again, if it said so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), reason: error.to_string() }
    }
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}
