//! Saving a result: pack, publish by rename, then the rows. Readers see no entry or a whole one.

use std::path::Path;

use super::components;
use super::directory::{self, now};
use super::error::CacheError;
use super::handle::Cache;
use super::lookup::{Entry, iso};
use super::restore::output_file;
use crate::artifact::{self, Anchors, ArtifactError, Captured, Logs, Meta, OutputPath};
use crate::fault;
use crate::key::{Key, KeyInput};
use crate::outputs::RecordedOutput;
use crate::span;
use crate::store::{EntryRow, OutputFile, RecordedRows, SavedRows};

/// A stream up to this many bytes is kept in its entry's row too, so that a hit need not open the artifact.
const INLINE: u64 = 16 << 10;

/// One result to save.
#[derive(Clone, Copy, Debug)]
pub struct SaveRequest<'a> {
    /// The key that it belongs to.
    pub key: &'a Key,
    /// `project#task`.
    pub task_id: &'a str,
    /// The command as configured.
    pub command: &'a str,
    /// How long the task ran, in milliseconds.
    pub duration_ms: u64,
    /// What it wrote to its streams.
    pub logs: &'a Logs,
    /// Its outputs.
    pub outputs: &'a [OutputPath],
    /// Where they lie.
    pub anchors: &'a Anchors,
    /// The worktree to note them for, so that a later run can tell that they are still there; `None`: not
    /// noted.
    pub worktree: Option<&'a Path>,
    /// What the key was made of, so that a later miss can be explained; `None`: not kept.
    pub components: Option<&'a KeyInput>,
}

/// A saved result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its entry.
    pub entry: Entry,
    /// Its outputs, as they were when they were packed.
    pub recorded: Vec<RecordedOutput>,
}

impl Cache {
    /// Saves a result, in place of one with the same key.
    ///
    /// A failure of the database after the artifact is in place is a warning: the row comes back from the
    /// artifact.
    ///
    /// # Errors
    /// [`CacheError::Artifact`]: an output cannot be stored, or the artifact cannot be written; nothing was
    /// saved. [`CacheError::Directory`], [`CacheError::Closed`].
    pub fn save(&self, request: SaveRequest<'_>) -> Result<Saved, CacheError> {
        self.check_open()?;
        self.bring_back_directory()?;
        let path = directory::artifact(self.dir(), request.key);
        let failed = |source| ArtifactError::Io { action: "write", path: path.clone(), source };
        fault::point("save.begin").map_err(failed)?;
        let created_at = now();
        let meta = Meta {
            key: request.key.clone(),
            task_id: request.task_id.to_owned(),
            command: request.command.to_owned(),
            duration_ms: request.duration_ms,
            stored_at: iso(created_at),
        };
        let packed = span::of("pack", || {
            artifact::pack(self.dir(), &meta, request.logs, request.outputs, request.anchors)
        })?;
        let row = EntryRow {
            key: meta.key,
            task_id: meta.task_id,
            command: meta.command,
            exit_code: 0,
            duration_ms: meta.duration_ms,
            size_bytes: packed.size(),
            created_at,
            accessed_at: created_at,
            stdout: inline(&request.logs.stdout),
            stderr: inline(&request.logs.stderr),
        };
        let recorded: Vec<RecordedOutput> = packed
            .outputs()
            .iter()
            .map(|(output, stamp)| RecordedOutput { output: output.clone(), stamp: *stamp })
            .collect();
        fault::point("save.packed").map_err(failed)?;
        span::of("publish", || packed.publish(&path))?;
        if let Err(error) = span::of("record", || self.write_rows(&request, &row, &recorded)) {
            self.warn(format!("the result of {} is saved, but not indexed: {error}", row.task_id));
        }
        Ok(Saved { entry: row.into(), recorded })
    }

    fn write_rows(
        &self,
        request: &SaveRequest<'_>,
        row: &EntryRow,
        recorded: &[RecordedOutput],
    ) -> Result<(), CacheError> {
        let output_names: Vec<String> =
            recorded.iter().map(|recorded| recorded.output.entry_name()).collect();
        let files: Vec<OutputFile> = recorded.iter().map(output_file).collect();
        let worktree = request.worktree.and_then(Path::to_str);
        let recorded = worktree.map(|worktree| RecordedRows {
            worktree,
            task_id: &row.task_id,
            key: &row.key,
            files: &files,
        });
        // Made while no other thread has to wait for the index.
        let components = match request.components {
            Some(input) => components::of(input, &self.with(|store| store.salt())?),
            None => Vec::new(),
        };
        let (output_names, components) = (&output_names, &components);
        self.with(|store| store.save(&SavedRows { entry: row, output_names, recorded, components }))
    }
}

pub(super) fn inline(captured: &Captured) -> Option<Vec<u8>> {
    (captured.len() <= INLINE).then(|| captured.bytes().ok()).flatten()
}
