//! Where the cache of a workspace lies (design section 8).
//!
//! `--cache-dir` first, then `cacheDir` of the workspace's config, then `.vx/cache` at the workspace root;
//! the linked worktrees of one repository share the main one's.

use std::path::{Path, PathBuf};

use crate::error::{Coded, Result};
use crate::git::Repo;
use crate::path::RelPath;

const DEFAULT: &str = ".vx/cache";

/// A directory that holds something else. A cache is a directory that git ignores and that retention removes
/// files from, so it has to be one of its own: sources below it would no longer be inputs.
#[derive(Debug, thiserror::Error)]
#[error(
    "the cache directory {dir:?} holds other files, {found:?} for one, which a cache would hide from git; name a directory for the cache alone, such as {:?}",
    .dir.join("vx")
)]
pub(super) struct SharedCacheDir {
    dir: PathBuf,
    found: String,
}

impl Coded for SharedCacheDir {
    fn code(&self) -> &'static str {
        "VX_CACHE_DIR"
    }
}

/// The cache directory, absolute.
///
/// # Errors
/// When a repository is found and cannot be read; when the directory that was named holds what is no cache.
pub(super) fn cache_dir(
    root: &Path,
    cwd: &Path,
    flag: Option<&Path>,
    configured: Option<&str>,
) -> Result<PathBuf> {
    let named = flag.map(|dir| cwd.join(dir)).or_else(|| configured.map(|dir| root.join(dir)));
    let Some(dir) = named else {
        return Ok(main_root(root)?.unwrap_or_else(|| root.to_owned()).join(DEFAULT));
    };
    let dir = std::path::absolute(&dir).unwrap_or(dir);
    match stranger(&dir) {
        Some(found) => Err(SharedCacheDir { dir, found }.into()),
        None => Ok(dir),
    }
}

/// The name of something in `dir` if that is no cache. What cannot be listed is left to whoever opens it.
fn stranger(dir: &Path) -> Option<String> {
    let names = std::fs::read_dir(dir).ok()?.flatten();
    let names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ours = |name: &String| {
        matches!(name.as_str(), "CACHEDIR.TAG" | "cache.db") || name.ends_with(".tar.zst")
    };
    if names.iter().any(ours) {
        return None;
    }
    names.into_iter().filter(|name| !name.starts_with('.')).min()
}

/// The same workspace in the main worktree, when `root` lies in a linked one.
fn main_root(root: &Path) -> Result<Option<PathBuf>> {
    let Some(repo) = Repo::discover(root)? else { return Ok(None) };
    let Some(main) = repo.main_worktree() else { return Ok(None) };
    // A root that cannot be told apart from its worktree's keeps a cache of its own.
    let resolved = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let place = RelPath::below(&resolved(repo.worktree()), &resolved(root)).ok();
    Ok(place.map(|place| place.on(&main)))
}
