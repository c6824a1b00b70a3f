//! Rows for artifacts that have none, from the artifacts' own `meta.json`.

use std::path::Path;

use super::directory::{self, ArtifactFile};
use crate::artifact::{self, ArtifactError, Meta};
use crate::store::EntryRow;

/// How many artifacts are worth a thread.
const SHARE: usize = 32;

/// The row of one artifact.
pub(super) fn one(dir: &Path, file: &ArtifactFile) -> Result<EntryRow, ArtifactError> {
    let path = directory::artifact(dir, &file.key);
    let meta = artifact::read_meta(&path)?;
    if meta.key != file.key {
        return Err(ArtifactError::OtherKey { path, expected: file.key.clone(), found: meta.key });
    }
    Ok(row(meta, file))
}

/// The row of an artifact that says this of itself, without its logs.
pub(super) fn row(meta: Meta, file: &ArtifactFile) -> EntryRow {
    let stored_at = meta.stored_at.parse::<jiff::Timestamp>();
    EntryRow {
        key: meta.key,
        task_id: meta.task_id,
        command: meta.command,
        exit_code: 0,
        duration_ms: meta.duration_ms,
        size_bytes: file.size,
        created_at: stored_at.map_or(file.written_at, jiff::Timestamp::as_millisecond),
        accessed_at: file.used_at,
        stdout: None,
        stderr: None,
    }
}

/// The rows of these artifacts, in their order.
///
/// On threads of its own: an index that is being rebuilt is locked meanwhile, and a thread of a shared pool
/// that waits may start on other work that needs it.
pub(super) fn each(dir: &Path, files: &[ArtifactFile]) -> Vec<Result<EntryRow, ArtifactError>> {
    let read =
        |files: &[ArtifactFile]| -> Vec<_> { files.iter().map(|file| one(dir, file)).collect() };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(threads).max(SHARE);
    if files.len() <= share {
        return read(files);
    }
    std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(files.len().div_ceil(share));
        for files in files.chunks(share) {
            threads.push(scope.spawn(move || read(files)));
        }
        let mut rows = Vec::with_capacity(files.len());
        for thread in threads {
            match thread.join() {
                Ok(part) => rows.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        rows
    })
}

/// The rows of all artifacts of the directory; those that cannot be read are left out.
pub(super) fn all(dir: &Path) -> Vec<EntryRow> {
    let files = directory::artifacts(dir).unwrap_or_default();
    each(dir, &files).into_iter().flatten().collect()
}
