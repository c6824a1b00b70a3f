//! What bounds one call: its deadlines, its tries, and that it can be cancelled.
//!
//! A call is what [`super::Remote`] was asked for once, with everything it takes: all tries, redirects and
//! bodies. It ends by [`Deadlines::call`] whatever a server does.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::error::{RemoteError, Wait};

/// How long is waited for what, and how often something is tried.
#[derive(Clone, Debug)]
pub struct Deadlines {
    /// For a connection, the handshake of TLS included.
    pub connect: Duration,
    /// For the first byte of an answer, once there is a connection.
    pub first_byte: Duration,
    /// For the next bytes of a body.
    pub stall: Duration,
    /// A body slower than this many bytes per second, over `pace_over` of waiting for it, ends.
    pub slowest: u64,
    /// What the pace of a body is measured over.
    pub pace_over: Duration,
    /// For the server to take the next bytes of an upload. Longer than `stall`: what the system has buffered
    /// leaves at the pace of the line, and nothing more is taken meanwhile.
    pub taking: Duration,
    /// For the answer to an upload, after its last byte.
    pub verdict: Duration,
    /// For one call, all of its tries and bodies included.
    pub call: Duration,
    /// How often something is tried, the first time included.
    pub tries: u32,
    /// The longest pause before the second try; doubled before each further one.
    pub pause: Duration,
    /// A server that wants to be asked again only after more than this is not asked again.
    pub longest_retry_after: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(5),
            stall: Duration::from_secs(5),
            slowest: 16 * 1024,
            pace_over: Duration::from_secs(5),
            taking: Duration::from_secs(15),
            verdict: Duration::from_secs(30),
            call: Duration::from_mins(10),
            tries: 3,
            pause: Duration::from_millis(200),
            longest_retry_after: Duration::from_secs(2),
        }
    }
}

impl Deadlines {
    /// Those for a server that is given `first_byte` to begin its answer, and as many times as long for whatever else is
    /// waited for. How long a whole call may take, and how often it is tried, stays as it is.
    #[must_use]
    pub fn with_patience(first_byte: Duration) -> Self {
        let usual = Self::default();
        let patience = first_byte.as_secs_f64() / usual.first_byte.as_secs_f64();
        let scaled = |time: Duration| time.mul_f64(patience);
        Self {
            connect: scaled(usual.connect),
            first_byte,
            stall: scaled(usual.stall),
            pace_over: scaled(usual.pace_over),
            taking: scaled(usual.taking),
            verdict: scaled(usual.verdict),
            ..usual
        }
    }
}

/// How much a caller takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one artifact.
    pub max_bytes: u64,
}

/// One call on its way.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) deadlines: Arc<Deadlines>,
    /// What the store is called in errors.
    host: Arc<str>,
    ends: Instant,
    cancelled: watch::Receiver<bool>,
}

impl Call {
    pub(super) fn new(
        deadlines: Arc<Deadlines>,
        host: Arc<str>,
        cancelled: watch::Receiver<bool>,
    ) -> Self {
        let ends = Instant::now() + deadlines.call;
        Self { deadlines, host, ends, cancelled }
    }

    /// The result of `work`, unless the call ends before it.
    pub(super) async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, RemoteError>>,
    ) -> Result<T, RemoteError> {
        let mut cancelled = self.cancelled.clone();
        tokio::select! {
            biased;
            // It fails only when the handle is gone, with which nobody waits for this any more either.
            _ = cancelled.wait_for(|cancelled| *cancelled) => Err(RemoteError::Cancelled),
            () = tokio::time::sleep_until(self.ends) => {
                Err(self.timeout(Wait::Call, self.deadlines.call))
            }
            result = work => result,
        }
    }

    /// The error that something took longer than `after`.
    pub(super) fn timeout(&self, wait: Wait, after: Duration) -> RemoteError {
        RemoteError::Timeout { host: self.host.to_string(), wait, after }
    }

    /// Tries `attempt` again while that may help and `go_on` allows it.
    pub(super) async fn tries<T>(
        &self,
        go_on: impl Fn() -> bool,
        mut attempt: impl AsyncFnMut() -> Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        let mut tried = 0;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            tried += 1;
            let Some(pause) = self.pause(&error, tried).filter(|_| go_on()) else {
                return Err(error);
            };
            if Instant::now() + pause >= self.ends {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// How long to wait before the next try; nothing if there is to be none.
    fn pause(&self, error: &RemoteError, tried: u32) -> Option<Duration> {
        if tried >= self.deadlines.tries || !error.is_worth_retrying() {
            return None;
        }
        let longest = self.deadlines.pause * 2_u32.saturating_pow(tried - 1);
        match error.retry_after() {
            Some(asked) if asked > self.deadlines.longest_retry_after => None,
            Some(asked) => Some(asked),
            None => Some(longest.mul_f64(fraction())),
        }
    }
}

/// Evenly distributed in 0..1, so that many clients do not come back at the same moment.
fn fraction() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(0_u8) >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(deadlines: Deadlines) -> (Call, watch::Sender<bool>) {
        let (cancel, cancelled) = watch::channel(false);
        (Call::new(Arc::new(deadlines), "cache:80".into(), cancelled), cancel)
    }

    fn server(status: u16, retry_after: Option<Duration>) -> RemoteError {
        RemoteError::Server { host: "cache:80".into(), status, detail: String::new(), retry_after }
    }

    #[tokio::test]
    async fn tries_what_may_help_and_nothing_else() {
        let quick = Deadlines { pause: Duration::from_millis(1), ..Deadlines::default() };
        let refused = RemoteError::Refused { host: "h".into(), status: 413, detail: String::new() };
        for (error, expected) in [
            (server(503, None), 3),
            (server(501, None), 1),
            (server(429, Some(Duration::from_millis(1))), 3),
            (server(429, Some(Duration::from_secs(3))), 1),
            (refused, 1),
            (RemoteError::Cancelled, 1),
        ] {
            let (call, _cancel) = call(quick.clone());
            let mut tried = 0;
            let result: Result<(), _> = call
                .tries(
                    || true,
                    async || {
                        tried += 1;
                        Err(error.clone())
                    },
                )
                .await;
            assert!(result.is_err());
            assert_eq!(tried, expected, "{error}");
        }
    }

    #[tokio::test]
    async fn does_not_go_on_when_told_so() {
        let (call, _cancel) = call(Deadlines::default());
        let mut tried = 0;
        let result: Result<(), _> = call
            .tries(
                || false,
                async || {
                    tried += 1;
                    Err(server(503, None))
                },
            )
            .await;
        assert!(result.is_err());
        assert_eq!(tried, 1);
    }

    #[tokio::test]
    async fn ends_in_time_and_when_cancelled() {
        let (short, _cancel) =
            call(Deadlines { call: Duration::from_millis(20), ..Deadlines::default() });
        let late: Result<(), _> = short.run(std::future::pending()).await;
        assert!(matches!(late, Err(RemoteError::Timeout { wait: Wait::Call, .. })), "{late:?}");

        let (long, cancel) = call(Deadlines::default());
        cancel.send_replace(true);
        let ended: Result<(), _> = long.run(std::future::pending()).await;
        assert!(matches!(ended, Err(RemoteError::Cancelled)), "{ended:?}");
    }

    #[test]
    fn jitter_is_a_fraction() {
        let drawn: Vec<f64> = (0..100).map(|_| fraction()).collect();
        assert!(drawn.iter().all(|f| (0.0..1.0).contains(f)));
        assert!(drawn.iter().any(|f| *f > 0.5) && drawn.iter().any(|f| *f < 0.5));
    }
}
