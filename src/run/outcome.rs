//! What became of one task, and of a whole run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::key::Key;
use crate::outputs::RecordedOutput;
use crate::run::process::Usage;

/// How a task ended; the words are those of summaries and of the history.
pub(super) use crate::cache::RunStatus as Status;

/// What became of one task.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Its key, once known.
    pub key: Option<Key>,
    /// Whether a hit had to put files into place.
    pub restored: bool,
    /// What the command exited with; 0 for hits and groups, 1 where there is no code.
    pub exit_code: i32,
    /// When it was taken up.
    pub started_at: SystemTime,
    /// When it was taken up, on the run's own clock.
    pub started_after: Duration,
    /// How long it took, a restore's own time for hits.
    pub duration: Duration,
    /// What its process used.
    pub usage: Usage,
    /// Whether a command ran in this run, its own or one of a task that it depends on.
    pub ran: bool,
    /// Whether a command ran, or outputs were put into place, in this run, by it or by a task that it depends on.
    pub wrote: bool,
    /// For a hit: how long the command took when it ran.
    pub saved: Duration,
    /// Whether its result was stored in this run.
    pub saved_now: bool,
    /// Whether its artifact only passes through the cache directory, where nothing is to stay.
    pub passes: bool,
    /// Bytes that came from the remote for it.
    pub downloaded: Option<u64>,
    /// Bytes that went to the remote for it.
    pub uploaded: Option<u64>,
    /// The outputs as this run found, put or stored them; `None` where that is not known.
    pub left: Option<Arc<[RecordedOutput]>>,
    /// Why it was no hit.
    pub miss_reason: Option<String>,
    /// For a failure: what to tell besides the output.
    pub failure: Option<String>,
    /// Whether its key vouches for its outputs; where it does not, dependents are neither read from the
    /// cache nor saved.
    pub vouched: bool,
}

impl Outcome {
    /// A task that was never started.
    #[must_use]
    pub(super) fn skipped(started_after: Duration, reason: impl Into<String>) -> Self {
        Self {
            status: Status::Skipped,
            key: None,
            restored: false,
            exit_code: 1,
            started_at: SystemTime::now(),
            started_after,
            duration: Duration::ZERO,
            usage: Usage::default(),
            ran: false,
            wrote: false,
            saved: Duration::ZERO,
            saved_now: false,
            passes: false,
            downloaded: None,
            uploaded: None,
            left: None,
            miss_reason: None,
            failure: Some(reason.into()),
            vouched: false,
        }
    }
}
