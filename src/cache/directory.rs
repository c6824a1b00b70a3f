//! The cache directory: what lies where in it, and making it.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::CacheError;
use crate::key::Key;

/// The database.
pub(super) const DATABASE: &str = "cache.db";

/// The file whose bytes are locked.
pub(super) const LOCKS: &str = "tasks.lock";

/// How a directory that unpacks a restore begins.
pub(super) const STAGING: &str = ".staging-";

/// What an artifact's name ends in.
const ARTIFACT: &str = ".tar.zst";

/// The tag that backup programs look for; <https://bford.info/cachedir/> gives the signature.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file marks a cache directory of vx: everything in it can be made again.
# See https://bford.info/cachedir/
";

/// Makes the directory and the files that keep it out of repositories and backups.
///
/// # Errors
/// [`CacheError::Directory`] when it cannot be made or read. One that cannot be written is no error here.
pub(super) fn prepare(dir: &Path) -> Result<(), CacheError> {
    let failed = |source| CacheError::Directory { path: dir.to_owned(), source };
    create(dir).map_err(failed)?;
    std::fs::read_dir(dir).map_err(failed)?;
    for (name, text) in [(".gitignore", "*\n"), ("CACHEDIR.TAG", TAG)] {
        // There already, or a directory that only others may write: neither is in the way of reading.
        if let Ok(mut file) = std::fs::File::create_new(dir.join(name)) {
            let _ = file.write_all(text.as_bytes());
        }
    }
    Ok(())
}

/// Whether there is nothing at `dir`, or an empty directory.
pub(super) fn is_absent(dir: &Path) -> bool {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

fn create(dir: &Path) -> std::io::Result<()> {
    if dir.is_file() {
        return Err(std::io::Error::new(ErrorKind::NotADirectory, "it is a file"));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o755);
    }
    builder.create(dir)
}

/// Where the artifact of `key` lies.
pub(super) fn artifact(dir: &Path, key: &Key) -> PathBuf {
    dir.join(format!("{key}{ARTIFACT}"))
}

/// The artifact of `key`, if there is one.
pub(super) fn find(dir: &Path, key: &Key) -> Option<ArtifactFile> {
    let metadata = std::fs::symlink_metadata(artifact(dir, key)).ok()?;
    ArtifactFile::of(key.clone(), &metadata)
}

/// An artifact as the file system sees it.
#[derive(Clone, Debug)]
pub(super) struct ArtifactFile {
    pub(super) key: Key,
    pub(super) size: u64,
    /// When it was written, milliseconds since the epoch.
    pub(super) written_at: i64,
    /// When it was last written or read, as far as the file system says; milliseconds since the epoch.
    pub(super) used_at: i64,
}

impl ArtifactFile {
    fn of(key: Key, metadata: &std::fs::Metadata) -> Option<Self> {
        if !metadata.is_file() {
            return None;
        }
        let written_at = milliseconds(metadata.modified());
        let used_at = written_at.max(milliseconds(metadata.accessed()));
        Some(Self { key, size: metadata.len(), written_at, used_at })
    }
}

/// All artifacts of the directory; what is not named like one is not looked at.
pub(super) fn artifacts(dir: &Path) -> Result<Vec<ArtifactFile>, CacheError> {
    let failed = |source| CacheError::Directory { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let key = name.to_str().and_then(|name| name.strip_suffix(ARTIFACT));
        let Some(key) = key.and_then(|stem| Key::parse(stem).ok()) else { continue };
        // Evicted by another process in the meantime: nothing to list.
        let Ok(metadata) = entry.metadata() else { continue };
        found.extend(ArtifactFile::of(key, &metadata));
    }
    Ok(found)
}

/// Removes the artifact of `key`. `false`: it was gone already.
pub(super) fn remove(dir: &Path, key: &Key) -> std::io::Result<bool> {
    match std::fs::remove_file(artifact(dir, key)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Now, in milliseconds since the epoch.
pub(super) fn now() -> i64 {
    milliseconds(Ok(SystemTime::now()))
}

/// A time in milliseconds since the epoch; 0 where the system has none.
pub(super) fn milliseconds(time: std::io::Result<SystemTime>) -> i64 {
    let since_epoch = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since_epoch.and_then(|age| i64::try_from(age.as_millis()).ok()).unwrap_or(0)
}
