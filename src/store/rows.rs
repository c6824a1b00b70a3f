//! The rows of the database as typed values. No SQL here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::path::RelPath;
use crate::stamp::Stamp;

/// One entry: what is known of an artifact without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The key, which also names the artifact.
    pub key: Key,
    /// `project#task`.
    pub task_id: String,
    /// The command as configured.
    pub command: String,
    /// Always 0 today: only tasks that succeeded are kept.
    pub exit_code: i32,
    /// How long the task ran, in milliseconds.
    pub duration_ms: u64,
    /// Size of the artifact in bytes.
    pub size_bytes: u64,
    /// When it was saved, milliseconds since the epoch.
    pub created_at: i64,
    /// When it was last a hit, milliseconds since the epoch.
    pub accessed_at: i64,
    /// Standard output, where small; `None`: read it from the artifact.
    pub stdout: Option<Vec<u8>>,
    /// Standard error, where small; `None`: read it from the artifact.
    pub stderr: Option<Vec<u8>>,
}

/// The part of an entry that eviction and listings need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySummary {
    /// The key.
    pub key: Key,
    /// `project#task`.
    pub task_id: String,
    /// How long the task ran, in milliseconds.
    pub duration_ms: u64,
    /// Size of the artifact in bytes.
    pub size_bytes: u64,
    /// When it was saved, milliseconds since the epoch.
    pub created_at: i64,
    /// When it was last a hit, milliseconds since the epoch.
    pub accessed_at: i64,
}

/// One output as it was when it was last saved from, or restored into, a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Whether `path` is relative to the workspace root, not to the project.
    pub workspace: bool,
    /// The path below its anchor.
    pub path: RelPath,
    /// Its `lstat` then.
    pub stamp: Stamp,
}

/// What one look at many keys found.
#[derive(Clone, Debug, Default)]
pub struct ProbeRows {
    /// The entries that have a row.
    pub entries: HashMap<Key, EntryRow>,
    /// For each key whose outputs were last put into the worktree: those outputs.
    pub recorded: HashMap<Key, Vec<OutputFile>>,
}

/// One component of a saved entry's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Component {
    /// Which part of the key: `workspace`, `pkg`, `config`, `arg`, `env`, `upstream` or `input`.
    pub component: String,
    /// Which one of that part: a variable, a path, a position; empty where there is only one.
    pub name: String,
    /// Its value; for a variable a salted digest, `None` when it was unset.
    pub value: Option<String>,
}

/// All that is written when an entry is saved.
#[derive(Clone, Copy, Debug)]
pub struct SavedRows<'a> {
    /// The entry.
    pub entry: &'a EntryRow,
    /// The names of its outputs, as the artifact has them.
    pub output_names: &'a [String],
    /// What now lies in the worktree that it was saved from.
    pub recorded: Option<RecordedRows<'a>>,
    /// What its key was made of.
    pub components: &'a [Component],
}

/// What now lies in a worktree for one task.
#[derive(Clone, Copy, Debug)]
pub struct RecordedRows<'a> {
    /// The worktree.
    pub worktree: &'a str,
    /// `project#task`.
    pub task_id: &'a str,
    /// The key of the entry that it came from.
    pub key: &'a Key,
    /// The outputs.
    pub files: &'a [OutputFile],
}

/// The value of one config file, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigRow {
    /// The file, relative to the workspace root.
    pub path: String,
    /// What evaluated it, as one text.
    pub made_by: String,
    /// The files that it depends on, as one text.
    pub depends_on: String,
    /// The variables that it depends on with digests of their values, as JSON.
    pub variables: String,
    /// The value as JSON.
    pub value: String,
}

/// How one task of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// It ran and exited with 0.
    Success,
    /// It ran and failed.
    Failed,
    /// Its result came from the local cache.
    CacheHit,
    /// Its result came from the remote cache.
    CacheHitRemote,
    /// It did not run because something that it needs failed, or the run was stopped.
    Skipped,
}

impl RunStatus {
    /// The name in the database, in JSON and in JavaScript.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::CacheHit => "cache-hit",
            Self::CacheHitRemote => "cache-hit-remote",
            Self::Skipped => "skipped",
        }
    }

    /// The status with that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Success, Self::Failed, Self::CacheHit, Self::CacheHitRemote, Self::Skipped]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether what depends on the task can count on it.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Success | Self::CacheHit | Self::CacheHitRemote)
    }

    /// Whether the result came from a cache.
    #[must_use]
    pub const fn is_hit(self) -> bool {
        matches!(self, Self::CacheHit | Self::CacheHitRemote)
    }
}

/// One task of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// The task's key; `None` when it was skipped before it had one.
    pub key: Option<Key>,
    /// The project's name.
    pub project: String,
    /// The task's name.
    pub task: String,
    /// How it ended.
    pub status: RunStatus,
    /// Whether it is cached at all: only then it was a miss if it was no hit.
    pub cached: bool,
    /// What the command exited with.
    pub exit_code: i32,
    /// Wall time, in milliseconds; for a hit the time that looking up and restoring took.
    pub duration_ms: u64,
    /// The arguments after `--`.
    pub forward_args: Vec<String>,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// Milliseconds since the epoch.
    pub ended_at: i64,
    /// The invocation that it belongs to.
    pub run_id: Option<String>,
    /// User and system time of the command, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Peak resident memory of the command, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Start, in nanoseconds since the run began.
    pub wallclock_start_ns: Option<i64>,
    /// End, in nanoseconds since the run began.
    pub wallclock_end_ns: Option<i64>,
    /// Bytes sent to the remote cache.
    pub bytes_uploaded: Option<u64>,
    /// Bytes received from the remote cache.
    pub bytes_downloaded: Option<u64>,
}

/// One call of `vx run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// A ULID.
    pub run_id: String,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// Milliseconds since the epoch.
    pub ended_at: i64,
    /// What `vx` exited with.
    pub exit_code: i32,
    /// The arguments of the process.
    pub argv: Vec<String>,
    /// The version of vx.
    pub vx_version: String,
    /// How many tasks took part.
    pub task_count: u64,
    /// How many of them were hits.
    pub hit_count: u64,
}

/// What the cache holds and what it has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many entries there are.
    pub entry_count: u64,
    /// The size of their artifacts in bytes.
    pub total_bytes: u64,
    /// Tasks that ended, by any status, since the given time.
    pub run_count: u64,
    /// Hits since the given time.
    pub hit_count: u64,
    /// Bytes that went to the remote since the given time.
    pub uploaded: u64,
    /// Bytes that came from the remote since the given time.
    pub downloaded: u64,
    /// Time that all hits ever recorded saved, in milliseconds.
    pub saved_ms: u64,
    /// All history, project by project, in the order of their names.
    pub projects: Vec<ProjectStats>,
}

/// What the cache has done for one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectStats {
    /// The project's name.
    pub project: String,
    /// Tasks whose result came from a cache.
    pub hits: u64,
    /// Tasks that ran.
    pub misses: u64,
    /// Time that the hits saved, in milliseconds.
    pub saved_ms: u64,
}
