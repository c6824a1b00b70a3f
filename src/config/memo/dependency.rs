//! What the value of a config depends on besides variables and the runtime.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::file_id::{FileId, Oid};
use crate::memo::Remembered;
use crate::stamp::Stamp;

/// One fact about the disk. Paths are relative to the workspace root with `/`, or absolute where they lie outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Dependency {
    /// A regular file with this content, reached without a link below the workspace root.
    #[serde(rename = "f")]
    File(String, FileState),
    /// Nothing is there.
    #[serde(rename = "a")]
    Absent(String),
    /// A directory, or a link to one, that is the package that runs.
    #[serde(rename = "o")]
    OwnPackage(String),
}

/// The content of a file, and its stamp when it was last seen with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct FileState {
    #[serde(rename = "h")]
    oid: String,
    /// Size, mtime, ctime, inode and mode.
    #[serde(rename = "s")]
    stamp: (u64, i64, i64, u64, u32),
}

impl FileState {
    /// What a regular file is. `None`: not the identity of one.
    pub(super) fn new(id: &FileId, stamp: &Stamp) -> Option<Self> {
        let text = id.as_str();
        let oid = Oid::from_hex(text.strip_prefix("100755:").unwrap_or(text))?;
        let Stamp { size, mtime_ns, ctime_ns, inode, mode } = *stamp;
        let stamp = (size, mtime_ns, ctime_ns, inode, mode);
        Some(Self { oid: oid.as_str().to_owned(), stamp })
    }

    pub(super) const fn stamp(&self) -> Stamp {
        let (size, mtime_ns, ctime_ns, inode, mode) = self.stamp;
        Stamp { size, mtime_ns, ctime_ns, inode, mode }
    }

    /// As a memo of contents knows it.
    pub(super) fn remembered(&self, path: PathBuf) -> Option<Remembered> {
        let oid = Oid::from_hex(self.oid.as_str())?;
        Some(Remembered { path, stamp: self.stamp(), oid })
    }

    /// Whether the content is the same, whatever the stamp says.
    pub(super) fn is_same_content(&self, other: &Self) -> bool {
        self.oid == other.oid && self.stamp().is_executable() == other.stamp().is_executable()
    }
}

/// How a path is called in a dependency; `None` where it is not UTF-8.
pub(super) fn name_of(root: &Path, path: &Path) -> Option<String> {
    let below = crate::path::RelPath::below(root, path).ok();
    below.map_or_else(
        || {
            path.to_str()
                .filter(|_| path.is_absolute() && !path.starts_with(root))
                .map(str::to_owned)
        },
        |below| Some(below.as_str().to_owned()),
    )
}

/// The path behind a name.
pub(super) fn path_of(root: &Path, name: &str) -> PathBuf {
    root.join(name)
}

/// The directories below the workspace root that lead to a file of it.
pub(super) fn directories(name: &str) -> impl Iterator<Item = &str> {
    let name = if Path::new(name).is_absolute() { "" } else { name };
    name.match_indices('/').map(move |(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = FileId::executable(&Oid::from_hex("ab".repeat(20)).unwrap());
        let stamp = Stamp { size: 1, mtime_ns: -2, ctime_ns: 3, inode: u64::MAX, mode: 0o100_755 };
        let state = FileState::new(&id, &stamp).unwrap();
        assert_eq!(state.stamp(), stamp);
        let all = [
            Dependency::File("a/b.ts".into(), state),
            Dependency::Absent("/c".into()),
            Dependency::OwnPackage("node_modules/@vzn/vx".into()),
        ];
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Dependency>>(&text).unwrap(), all);
        assert_eq!(FileState::new(&FileId::from_text("120000:x"), &stamp), None);
    }

    #[cfg(unix)]
    #[test]
    fn names_and_directories() {
        let root = Path::new("/w/x");
        assert_eq!(name_of(root, Path::new("/w/x/a/b")).as_deref(), Some("a/b"));
        assert_eq!(name_of(root, Path::new("/w/package.json")).as_deref(), Some("/w/package.json"));
        assert_eq!(path_of(root, "a/b"), Path::new("/w/x/a/b"));
        assert_eq!(path_of(root, "/w/package.json"), Path::new("/w/package.json"));
        assert_eq!(directories("a/b/c.ts").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(directories("c.ts").count() + directories("/w/c.ts").count(), 0);
    }
}
