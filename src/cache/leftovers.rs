//! What processes that were killed left in the cache directory.
//!
//! Judged by age alone: a process id means nothing where containers share the directory.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::directory::{DATABASE, STAGING};

/// Unfinished work that nobody has written to for this long is nobody's.
const UNFINISHED: Duration = Duration::from_hours(1);

/// How long a broken database is kept for whoever wants to look at it.
const BROKEN: Duration = Duration::from_hours(30 * 24);

/// How an artifact that is being packed begins.
const PACKING: &str = ".tmp-";

/// Removes leftovers. What cannot be removed stays for the next time.
pub(super) fn remove(dir: &Path) {
    let broken = format!("{DATABASE}.broken-");
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let after = if name.starts_with(PACKING) || name.starts_with(STAGING) {
            UNFINISHED
        } else if name.starts_with(&broken) {
            BROKEN
        } else {
            continue;
        };
        if is_older(&entry, after) {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let path = entry.path();
            let _ = if is_dir { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
    }
}

fn is_older(entry: &std::fs::DirEntry, than: Duration) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| {
        SystemTime::now().duration_since(modified).is_ok_and(|age| age > than)
    })
}
