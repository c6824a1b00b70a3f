//! Rows that are not in the database yet.
//!
//! A run that stores or restores many results writes their rows together: one transaction for each would cost as much
//! as a small command. Lost with the process they come back from the artifacts; only the note of what lies in the
//! worktree does not, and then the next run restores once more.

use std::time::{Duration, Instant};

use super::components;
use super::error::CacheError;
use super::handle::Cache;
use crate::key::{Key, KeyInput};
use crate::store::{EntryRow, OutputFile, RecordedRows, SavedRows, Store, StoreError};

/// How many rows are written together.
const TOGETHER: usize = 128;

/// How long rows are kept back while others come in.
const KEPT_BACK: Duration = Duration::from_secs(1);

/// The rows of one saved entry.
#[derive(Debug)]
pub(super) struct SavedEntry {
    pub(super) row: EntryRow,
    pub(super) output_names: Vec<String>,
    pub(super) input: Option<KeyInput>,
}

/// What lies in a worktree for one task.
#[derive(Debug)]
pub(super) struct RecordedSet {
    pub(super) worktree: String,
    pub(super) task_id: String,
    pub(super) key: Key,
    pub(super) files: Vec<OutputFile>,
}

/// Rows that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    pub(super) saved: Vec<SavedEntry>,
    pub(super) recorded: Vec<RecordedSet>,
    since: Option<Instant>,
}

impl Unwritten {
    pub(super) fn is_empty(&self) -> bool {
        self.saved.is_empty() && self.recorded.is_empty()
    }

    /// Whether an entry of one of `keys` is among them.
    pub(super) fn holds_any(&self, keys: &[Key]) -> bool {
        let about = |key: &Key| {
            self.saved.iter().any(|saved| saved.row.key == *key)
                || self.recorded.iter().any(|recorded| recorded.key == *key)
        };
        !self.is_empty() && keys.iter().any(about)
    }

    /// Whether they have been kept back for long enough.
    fn is_due(&self) -> bool {
        self.saved.len() + self.recorded.len() >= TOGETHER
            || self.since.is_some_and(|since| since.elapsed() >= KEPT_BACK)
    }

    fn add(&mut self, saved: Option<SavedEntry>, recorded: Option<RecordedSet>) {
        self.saved.extend(saved);
        self.recorded.extend(recorded);
        self.since.get_or_insert_with(Instant::now);
    }

    /// Writes them all.
    pub(super) fn write(&self, store: &mut Store) -> Result<(), StoreError> {
        if !self.saved.is_empty() {
            let salt = store.salt()?;
            let kept: Vec<_> = self
                .saved
                .iter()
                .map(|saved| {
                    saved.input.as_ref().map_or_else(Vec::new, |input| components::of(input, &salt))
                })
                .collect();
            let rows = self.saved.iter().zip(&kept).map(|(saved, components)| SavedRows {
                entry: &saved.row,
                output_names: &saved.output_names,
                components,
            });
            store.save(&rows.collect::<Vec<_>>())?;
        }
        let sets = self.recorded.iter().map(|set| RecordedRows {
            worktree: &set.worktree,
            task_id: &set.task_id,
            key: &set.key,
            files: &set.files,
        });
        store.record_outputs(&sets.collect::<Vec<_>>())
    }
}

impl Cache {
    /// From now on rows may be kept back for a moment, until [`Self::end_run`] or [`Self::close`] at the latest.
    #[must_use]
    pub fn writing_together(self) -> Self {
        self.state().together = true;
        self
    }

    /// Takes rows to be written, now or with others. What cannot be indexed is a line for the user.
    pub(super) fn take_rows(
        &self,
        saved: Option<SavedEntry>,
        recorded: Option<RecordedSet>,
    ) -> Result<(), CacheError> {
        let mut state = self.state();
        state.unwritten.add(saved, recorded);
        let due = !state.together || state.unwritten.is_due();
        drop(state);
        if due { self.write_rows() } else { Ok(()) }
    }

    /// Writes the rows that were kept back.
    pub(super) fn write_rows(&self) -> Result<(), CacheError> {
        let unwritten = std::mem::take(&mut self.state().unwritten);
        if unwritten.is_empty() {
            return Ok(());
        }
        match self.with_index(|store| unwritten.write(store)) {
            Err(CacheError::Closed) => Err(CacheError::Closed),
            Err(error) => {
                self.warn(format!(
                    "what was saved or restored is not in the cache's index: {error}"
                ));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
