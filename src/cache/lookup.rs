//! Looking entries up: one, or many at one moment. No artifact is opened where there is a row for it.

use std::collections::HashMap;
use std::path::Path;

use super::adopt;
use super::directory::{self, ArtifactFile};
use super::error::CacheError;
use super::handle::Cache;
use crate::artifact::{self, Anchor, ArtifactError, Captured, Logs, OutputPath};
use crate::key::Key;
use crate::outputs::RecordedOutput;
use crate::parallel;
use crate::path::RelPath;
use crate::store::{EntryRow, EntrySummary, OutputFile};

/// What is known of one saved result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// `project#task`.
    pub task_id: String,
    /// The command as configured.
    pub command: String,
    /// What the task exited with: 0, as failures are never saved.
    pub exit_code: i32,
    /// How long the task ran, in milliseconds.
    pub duration_ms: u64,
    /// Size of the artifact in bytes.
    pub size_bytes: u64,
    /// When it was saved, milliseconds since the epoch.
    pub stored_at_ms: i64,
    stdout: Option<Vec<u8>>,
    stderr: Option<Vec<u8>>,
}

impl Entry {
    /// When it was saved: ISO 8601, UTC, to the millisecond.
    #[must_use]
    pub fn stored_at(&self) -> String {
        iso(self.stored_at_ms)
    }
}

impl From<EntryRow> for Entry {
    fn from(row: EntryRow) -> Self {
        Self {
            key: row.key,
            task_id: row.task_id,
            command: row.command,
            exit_code: row.exit_code,
            duration_ms: row.duration_ms,
            size_bytes: row.size_bytes,
            stored_at_ms: row.created_at,
            stdout: row.stdout,
            stderr: row.stderr,
        }
    }
}

/// What one look at many keys found for one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The entry.
    pub entry: Entry,
    /// The outputs that were last saved from, or put into, the worktree for this very key; `None` when
    /// nothing is known.
    pub recorded: Option<Vec<RecordedOutput>>,
}

impl Cache {
    /// The entry of one key, if its artifact is there. Counts as a use of it.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn get(&self, key: &Key) -> Result<Option<Entry>, CacheError> {
        let entry = self.peek(key)?;
        if entry.is_some() {
            self.note_hits(std::slice::from_ref(key));
        }
        Ok(entry)
    }

    /// Whether there is an artifact of this key, whatever is known of it.
    #[must_use]
    pub fn holds(&self, key: &Key) -> bool {
        directory::find(self.dir(), key).is_some()
    }

    /// The entries of many keys, and what lies in `worktree` of each, at one moment. Not a use of them: see
    /// [`Self::touch`].
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn probe(&self, keys: &[Key], worktree: &Path) -> Result<HashMap<Key, Probe>, CacheError> {
        self.check_open()?;
        // One `lstat` a key, side by side: the cost follows the run, not the size of the cache. Where there is no
        // artifact there is no entry, whatever the index says.
        let files = parallel::map(keys, 64, |key| directory::find(self.dir(), key));
        let files: Vec<ArtifactFile> = files.into_iter().flatten().collect();
        if files.is_empty() {
            return Ok(HashMap::new());
        }
        let keys: Vec<Key> = files.iter().map(|file| file.key.clone()).collect();
        // Names that are not UTF-8 are never recorded.
        let worktree = worktree.to_str();
        let mut rows = self.with(|store| store.probe(&keys, worktree))?;
        let unknown: Vec<ArtifactFile> =
            files.into_iter().filter(|file| !rows.entries.contains_key(&file.key)).collect();
        let adopted = self.adopt(&unknown)?;
        rows.entries.extend(adopted.into_iter().map(|row| (row.key.clone(), row)));
        let mut found = HashMap::with_capacity(rows.entries.len());
        for (key, row) in rows.entries {
            let recorded = rows
                .recorded
                .remove(&key)
                .map(|files| files.into_iter().map(recorded_output).collect());
            found.insert(key, Probe { entry: row.into(), recorded });
        }
        Ok(found)
    }

    /// What the task of an entry wrote to its streams.
    ///
    /// # Errors
    /// [`CacheError::Missing`]; [`CacheError::Corrupt`], and the entry is gone then;
    /// [`CacheError::Artifact`] when the artifact cannot be read; [`CacheError::Closed`].
    pub fn logs(&self, entry: &Entry) -> Result<Logs, CacheError> {
        self.check_open()?;
        if let (Some(stdout), Some(stderr)) = (&entry.stdout, &entry.stderr) {
            return Ok(Logs {
                stdout: Captured::from(stdout.clone()),
                stderr: Captured::from(stderr.clone()),
            });
        }
        let path = directory::artifact(self.dir(), &entry.key);
        let (_, logs) = artifact::read_logs(&path, &entry.key)
            .map_err(|error| self.dropped(&entry.key, error))?;
        Ok(logs)
    }

    /// The outputs of an entry, sorted.
    ///
    /// # Errors
    /// As [`Self::logs`].
    pub fn outputs(&self, entry: &Entry) -> Result<Vec<OutputPath>, CacheError> {
        let names = self.with(|store| store.output_names(&entry.key))?;
        if let Some(outputs) =
            names.and_then(|names| names.iter().map(|name| named(name)).collect())
        {
            return Ok(outputs);
        }
        // The row was made from the artifact's first bytes alone.
        let path = directory::artifact(self.dir(), &entry.key);
        let unpacked = artifact::unpack(&path, &entry.key, &self.staging(), &|_| true)
            .map_err(|error| self.dropped(&entry.key, error))?;
        Ok(unpacked.items.into_iter().map(|item| item.output).collect())
    }

    /// All entries, the most recently used first.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn list(&self) -> Result<Vec<EntrySummary>, CacheError> {
        self.flush()?;
        self.adopt_if_in_memory()?;
        let mut entries = self.with(|store| store.summaries())?;
        entries.sort_unstable_by(|a, b| {
            (b.accessed_at, b.created_at, &a.key).cmp(&(a.accessed_at, a.created_at, &b.key))
        });
        Ok(entries)
    }

    /// Counts a use of each of these entries, for eviction, and writes it with all uses counted before.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn touch(&self, keys: &[Key]) -> Result<(), CacheError> {
        self.note_hits(keys);
        self.flush()
    }

    /// The entry of one key, without counting a use.
    pub(super) fn peek(&self, key: &Key) -> Result<Option<Entry>, CacheError> {
        let row = self.with(|store| store.entry(key))?;
        match (row, directory::find(self.dir(), key)) {
            (Some(row), Some(_)) => Ok(Some(row.into())),
            (None, None) => Ok(None),
            (Some(_), None) => {
                self.forget(std::slice::from_ref(key))?;
                Ok(None)
            }
            (None, Some(file)) => Ok(self.adopt(&[file])?.pop().map(Entry::from)),
        }
    }

    /// Adds rows for artifacts that have none. Those that cannot be read are left alone, with a line that says
    /// why: a later save of the same key replaces them, and a prune removes them.
    pub(super) fn adopt(&self, files: &[ArtifactFile]) -> Result<Vec<EntryRow>, CacheError> {
        let mut rows = Vec::with_capacity(files.len());
        for (file, adopted) in files.iter().zip(adopt::each(self.dir(), files)) {
            match adopted {
                Ok(row) => rows.push(row),
                // Evicted by another process just now.
                Err(ArtifactError::Missing { .. }) => {}
                Err(error) => self.warn(format!(
                    "the cache entry {} cannot be used: {error}; its task runs instead",
                    file.key
                )),
            }
        }
        self.with(|store| store.adopt(&rows))?;
        Ok(rows)
    }

    /// An index in memory knows only what was asked for: before anything is counted, it reads the rest.
    pub(super) fn adopt_if_in_memory(&self) -> Result<(), CacheError> {
        if self.is_in_memory() {
            let rows = adopt::all(self.dir());
            self.with(|store| store.adopt(&rows))?;
        }
        Ok(())
    }

    /// Removes entries that must not be used, artifacts first.
    ///
    /// # Errors
    /// [`CacheError::Closed`], [`CacheError::Directory`]: an artifact that cannot be removed.
    pub fn take_back(&self, keys: &[Key]) -> Result<(), CacheError> {
        let mut gone = Vec::with_capacity(keys.len());
        let mut failed = None;
        for key in keys {
            match directory::remove(self.dir(), key) {
                Ok(_) => gone.push(key.clone()),
                // With its row alone gone, the artifact would be found again.
                Err(source) => {
                    failed = Some(CacheError::Directory { path: self.dir().to_owned(), source });
                }
            }
        }
        self.forget(&gone)?;
        failed.map_or(Ok(()), Err)
    }

    /// Drops the rows of entries whose artifacts are gone.
    pub(super) fn forget(&self, keys: &[Key]) -> Result<(), CacheError> {
        if keys.is_empty() { Ok(()) } else { self.with(|store| store.drop_entries(keys)) }
    }
}

/// A time as JavaScript writes it.
pub(super) fn iso(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// The output whose entry in the artifact has this name.
fn named(name: &str) -> Option<OutputPath> {
    let of = |anchor: Anchor| {
        let path = RelPath::new(name.strip_prefix(anchor.prefix())?).ok()?;
        Some(OutputPath { anchor, path })
    };
    of(Anchor::Project).or_else(|| of(Anchor::Workspace))
}

fn recorded_output(file: OutputFile) -> RecordedOutput {
    let anchor = if file.workspace { Anchor::Workspace } else { Anchor::Project };
    RecordedOutput { output: OutputPath { anchor, path: file.path }, stamp: file.stamp }
}
