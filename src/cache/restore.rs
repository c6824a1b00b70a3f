//! Restoring an entry: verify all of the artifact, then clean the declared outputs, then put the files.
//!
//! Until the artifact has been verified the user's tree is as it was. A damaged artifact costs the entry and
//! nothing else: the caller runs the task.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::directory::{self, STAGING};
use super::error::CacheError;
use super::handle::Cache;
use super::lookup::Entry;
use crate::artifact::{self, Anchor, Anchors, ArtifactError, Logs, OutputPath};
use crate::error::Error;
use crate::fault;
use crate::key::Key;
use crate::outputs::{self, OutputError, OutputSpec, RecordedOutput};
use crate::span;
use crate::store::{OutputFile, RecordedRows};

/// Where an entry is restored to.
#[derive(Clone, Copy, Debug)]
pub struct RestoreSpec<'a> {
    /// What it is restored into.
    pub target: RestoreTarget<'a>,
    /// The entry, where it was looked up just before; `None`: looked up now.
    pub found: Option<&'a Entry>,
    /// The worktree to note the restored outputs for, so that a later run can tell that they are still
    /// there; `None`: not noted.
    pub worktree: Option<&'a Path>,
}

/// What an entry is restored into.
#[derive(Clone, Copy, Debug)]
pub enum RestoreTarget<'a> {
    /// The declared outputs: cleaned before, and an artifact with anything else in it is refused.
    Declared(&'a OutputSpec),
    /// Bare directories: files are put over what is there. Without a workspace its outputs are left out.
    Anchors(&'a Anchors),
}

/// A restored entry.
#[derive(Debug)]
pub struct Restored {
    /// The entry.
    pub entry: Entry,
    /// What its task wrote.
    pub logs: Logs,
    /// What was put into place.
    pub recorded: Vec<RecordedOutput>,
}

impl<'a> RestoreTarget<'a> {
    /// What an artifact may hold to be restored here.
    fn acceptor(&self) -> Box<dyn Fn(&OutputPath) -> bool + 'a> {
        match self {
            Self::Declared(spec) => Box::new(spec.acceptor()),
            Self::Anchors(_) => Box::new(|_| true),
        }
    }

    const fn anchors(&self) -> &Anchors {
        match self {
            Self::Declared(spec) => &spec.anchors,
            Self::Anchors(anchors) => anchors,
        }
    }
}

impl Cache {
    /// Puts the outputs of an entry into place. Counts as a use of it.
    ///
    /// # Errors
    /// The tree is as it was on [`CacheError::Missing`], on [`CacheError::Corrupt`] (the entry is gone then),
    /// on [`CacheError::Artifact`] (it cannot be read or staged; the entry stays) and on
    /// [`CacheError::Closed`]. [`CacheError::Outputs`]: the outputs cannot be in this tree, or could not be
    /// cleaned or put and may be there in part; the entry stays.
    pub fn restore(&self, key: &Key, spec: &RestoreSpec<'_>) -> Result<Restored, CacheError> {
        self.check_open()?;
        let path = directory::artifact(self.dir(), key);
        let mut unpacked = span::of("unpack", || {
            artifact::unpack(&path, key, &self.staging(), &spec.target.acceptor())
        })
        .map_err(|error| self.dropped(key, error))?;
        let failed = |source| ArtifactError::Io { action: "read", path: path.clone(), source };
        fault::point("restore.unpacked").map_err(failed)?;
        // A row that another process has just removed comes back with the artifact, or not at all.
        let entry = match spec.found {
            Some(entry) => {
                self.note_hits(std::slice::from_ref(key));
                entry.clone()
            }
            None => self.get(key)?.ok_or_else(|| CacheError::Missing { key: key.clone() })?,
        };
        let anchors = spec.target.anchors();
        if anchors.dir(Anchor::Workspace).is_none() {
            unpacked.items.retain(|item| item.output.anchor != Anchor::Workspace);
        }
        let logs = std::mem::take(&mut unpacked.logs);
        if let RestoreTarget::Declared(declared) = spec.target {
            outputs::check(&unpacked, anchors).map_err(|error| match error {
                // A save refuses such a link: somebody else made this artifact.
                OutputError::LinkEscapes { .. } => self.corrupt(key, error),
                error => CacheError::Outputs(error),
            })?;
            fault::point("restore.checked").map_err(failed)?;
            span::of("clean", || outputs::clean(declared))?;
        } else {
            outputs::check(&unpacked, anchors)?;
        }
        let recorded = span::of("put", || outputs::put(unpacked, anchors))?;
        fault::point("restore.put").map_err(failed)?;
        if let Some(worktree) = spec.worktree
            && let Err(error) =
                span::of("record", || self.record_current(worktree, &entry.task_id, key, &recorded))
        {
            // Without the note the next run restores again; no more than that.
            self.warn(format!("what was restored for {} is not noted: {error}", entry.task_id));
        }
        Ok(Restored { entry, logs, recorded })
    }

    /// Notes what lies in `worktree` for a task after its entry was put there by other means than
    /// [`Self::restore`] and [`Self::save`].
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn record_current(
        &self,
        worktree: &Path,
        task_id: &str,
        key: &Key,
        recorded: &[RecordedOutput],
    ) -> Result<(), CacheError> {
        self.check_open()?;
        // Under another spelling, one worktree could be taken for another.
        let Some(worktree) = worktree.to_str() else { return Ok(()) };
        let files: Vec<OutputFile> = recorded.iter().map(output_file).collect();
        let rows = RecordedRows { worktree, task_id, key, files: &files };
        self.with(|store| store.record_outputs(&rows))
    }

    /// Where the next artifact is unpacked; made only if it is large.
    pub(super) fn staging(&self) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.dir().join(format!("{STAGING}{}-{number}", std::process::id()))
    }

    /// Drops an entry whose artifact is damaged, and says what that means for the caller.
    pub(super) fn dropped(&self, key: &Key, error: ArtifactError) -> CacheError {
        match error {
            ArtifactError::Missing { .. } => {
                let gone = self.forget(std::slice::from_ref(key));
                gone.err().unwrap_or_else(|| CacheError::Missing { key: key.clone() })
            }
            ArtifactError::Corrupt { .. }
            | ArtifactError::OtherKey { .. }
            | ArtifactError::OtherVersion { .. } => self.corrupt(key, error),
            // The disk is full, too many files are open: nothing is said about the artifact.
            error => CacheError::Artifact(error),
        }
    }

    /// Drops an entry that must not be used.
    fn corrupt(&self, key: &Key, error: impl Into<Error>) -> CacheError {
        // Where it cannot be removed, the next save of the key replaces it.
        let _ = directory::remove(self.dir(), key);
        let _ = self.forget(std::slice::from_ref(key));
        CacheError::Corrupt { key: key.clone(), source: error.into() }
    }
}

pub(super) fn output_file(recorded: &RecordedOutput) -> OutputFile {
    OutputFile {
        workspace: recorded.output.anchor == Anchor::Workspace,
        path: recorded.output.path.clone(),
        stamp: recorded.stamp,
    }
}
