//! Everything that can go wrong with outputs in the tree, each with a stable code.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Coded;

/// Why outputs could not be found, removed or put into place.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A directory above an output is a link to where outputs of this task may not be.
    #[error(
        "{path:?} cannot be an output: a directory above it is a symbolic link that leads out of {anchor:?} or to where no outputs may be; replace the link by a directory or declare the directory that it points to"
    )]
    LeadsOut {
        /// The output, or the directory that holds it.
        path: PathBuf,
        /// The directory that it has to stay in.
        anchor: PathBuf,
    },
    /// The directory that all matches of a pattern lie in is a link.
    #[error(
        "the outputs in {path:?} cannot be cached: it is a symbolic link to a directory, and nothing is removed through a link; declare the directory that it points to, or the link alone"
    )]
    RootIsLink {
        /// The link.
        path: PathBuf,
    },
    /// Something undeclared occupies the place of an output.
    #[error(
        "cannot put {wanted} at {path:?}: {found} is there that is not a declared output; move it away or declare it"
    )]
    InTheWay {
        /// The place.
        path: PathBuf,
        /// What belongs there, with its article.
        wanted: &'static str,
        /// What is there, with its article.
        found: &'static str,
    },
    /// A link of an artifact points out of the workspace.
    #[error(
        "the output {path:?} of the cache is a symbolic link to {target:?}, outside of the workspace; it is not restored"
    )]
    LinkEscapes {
        /// The link.
        path: PathBuf,
        /// Its text.
        target: String,
    },
    /// A matching name that cannot be written into an artifact.
    #[error(
        "the name of the output {path:?} is not valid UTF-8, so it cannot be stored; rename it or take it out of the outputs"
    )]
    NotUtf8 {
        /// The output, as far as it can be shown.
        path: PathBuf,
    },
    /// Outputs of the workspace without a workspace.
    #[error("outputs relative to the workspace are declared, but no workspace directory was given")]
    NoWorkspace,
    /// The system refused.
    #[error("cannot {action} {path:?}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Coded for OutputError {
    fn code(&self) -> &'static str {
        match self {
            Self::LeadsOut { .. } => "VX_OUTPUT_LEADS_OUT",
            Self::RootIsLink { .. } => "VX_OUTPUT_ROOT_IS_LINK",
            Self::InTheWay { .. } => "VX_OUTPUT_IN_THE_WAY",
            Self::LinkEscapes { .. } => "VX_OUTPUT_LINK_ESCAPES",
            Self::NotUtf8 { .. } => "VX_OUTPUT_NOT_UTF8",
            Self::NoWorkspace => "VX_OUTPUT_NO_WORKSPACE",
            Self::Io { .. } => "VX_OUTPUT_IO",
        }
    }
}

impl OutputError {
    /// For `map_err`: the system refused `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// Whether cap-std refused to leave the directory that it was opened for; its own error, without the
/// system's number, tells that from a lack of permission.
pub(super) fn is_escape(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// Whether there is nothing at that path.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
