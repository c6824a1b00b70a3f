//! Paths relative to an anchor (the workspace root, a project), as keys and artifacts write them.
//!
//! A [`RelPath`] is valid UTF-8 with `/` between its segments; it is never absolute, holds no empty,
//! `.` or `..` segment and no NUL. The empty path is the anchor itself.

use std::borrow::Borrow;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Coded;

/// Why a path cannot be a [`RelPath`].
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The bytes are not UTF-8.
    #[error(
        "the name {0:?} is not valid UTF-8, so it cannot be part of a cache key; rename the file or exclude it from the inputs"
    )]
    NotUtf8(PathBuf),
    /// Absolute, `..`, empty segments or NUL.
    #[error(
        "the path {0:?} is not relative to its root: it may hold no `..`, no empty segment and no leading `/`"
    )]
    NotRelative(String),
    /// A path on disk that lies outside the anchor.
    #[error("{path:?} lies outside of {root:?}")]
    Outside {
        /// The path that was given.
        path: PathBuf,
        /// The anchor that it should have been under.
        root: PathBuf,
    },
}

impl Coded for PathError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "VX_PATH_NOT_UTF8",
            Self::NotRelative(_) => "VX_PATH_NOT_RELATIVE",
            Self::Outside { .. } => "VX_PATH_OUTSIDE",
        }
    }
}

/// A POSIX-style path relative to an anchor. Orders bytewise.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(String);

impl RelPath {
    /// The anchor itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Checks and takes a POSIX-style relative path.
    ///
    /// # Errors
    /// [`PathError::NotRelative`] for anything that could leave the anchor or be spelled differently.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        let bad = |segment: &str| matches!(segment, "" | "." | "..");
        if path.contains('\0') || (!path.is_empty() && path.split('/').any(bad)) {
            return Err(PathError::NotRelative(path));
        }
        Ok(Self(path))
    }

    /// The same from bytes, as git's index and directory listings give them.
    ///
    /// # Errors
    /// [`PathError::NotUtf8`], [`PathError::NotRelative`].
    pub fn from_bytes(path: &[u8]) -> Result<Self, PathError> {
        let text = std::str::from_utf8(path).map_err(|_| {
            PathError::NotUtf8(PathBuf::from(String::from_utf8_lossy(path).into_owned()))
        })?;
        Self::new(text)
    }

    /// What `path` is called below `root`; both absolute, neither is resolved.
    ///
    /// # Errors
    /// [`PathError::Outside`], [`PathError::NotUtf8`].
    pub fn below(root: &Path, path: &Path) -> Result<Self, PathError> {
        if let Some(plain) = Self::plainly_below(root, path) {
            return Ok(plain);
        }
        let rest = path
            .strip_prefix(root)
            .map_err(|_| PathError::Outside { path: path.to_owned(), root: root.to_owned() })?;
        let mut out = String::new();
        for component in rest.components() {
            let std::path::Component::Normal(name) = component else {
                return Err(PathError::NotRelative(rest.to_string_lossy().into_owned()));
            };
            let name = name.to_str().ok_or_else(|| PathError::NotUtf8(path.to_owned()))?;
            if !out.is_empty() {
                out.push('/');
            }
            out.push_str(name);
        }
        Self::new(out)
    }

    /// The same where nothing but text has to be compared.
    fn plainly_below(root: &Path, path: &Path) -> Option<Self> {
        let rest = path.to_str()?.strip_prefix(root.to_str()?)?.strip_prefix('/')?;
        Self::new(rest).ok().filter(|rest| cfg!(unix) && !rest.is_root())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the anchor itself.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path on disk under `anchor`.
    #[must_use]
    pub fn on(&self, anchor: &Path) -> PathBuf {
        if self.is_root() { anchor.to_owned() } else { anchor.join(&self.0) }
    }

    /// `self/other`.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self.is_root(), other.is_root()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, other.0)),
        }
    }

    /// The directory that holds this path; `None` for the anchor.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or_else(String::new, |(dir, _)| dir.to_owned())))
    }

    /// The last segment; empty for the anchor.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The segments, from the top.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// What this path is called below `dir`, or `None` when it is not below it. A path is below itself.
    #[must_use]
    pub fn strip_prefix(&self, dir: &Self) -> Option<&str> {
        if dir.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&dir.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// Whether this path is `dir` or lies below it.
    #[must_use]
    pub fn is_within(&self, dir: &Self) -> bool {
        self.strip_prefix(dir).is_some()
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_the_anchor() {
        for bad in ["/a", "a//b", "a/", "./a", "a/../b", "..", ".", "a\0b"] {
            assert!(RelPath::new(bad).is_err(), "{bad:?}");
        }
        for good in ["", "a", "a/b", ".a", "..a", "a b", "a\\b", "a\nb", "-x", "[x]", "$x"] {
            assert!(RelPath::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_prefix_is_a_whole_segment() {
        let path = RelPath::new("mmm-pkg-extra/x").unwrap();
        assert_eq!(path.strip_prefix(&RelPath::new("mmm-pkg").unwrap()), None);
        assert_eq!(path.strip_prefix(&RelPath::new("mmm-pkg-extra").unwrap()), Some("x"));
        assert_eq!(path.strip_prefix(&RelPath::root()), Some("mmm-pkg-extra/x"));
    }

    #[test]
    fn below_names_a_path_on_disk() {
        let root = Path::new("/w");
        assert_eq!(RelPath::below(root, Path::new("/w/a/b")).unwrap().as_str(), "a/b");
        assert_eq!(RelPath::below(root, root).unwrap(), RelPath::root());
        assert!(matches!(RelPath::below(root, Path::new("/x/a")), Err(PathError::Outside { .. })));
        assert!(RelPath::below(root, Path::new("/w/../x")).is_err());
    }
}
