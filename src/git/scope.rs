//! Which part of a directory tree a listing covers.

use std::collections::HashSet;

use crate::path::RelPath;

/// A set of paths and all below them.
#[derive(Debug)]
pub struct Scope {
    /// The paths asked for; none of them lies within another. Empty: everything.
    roots: Vec<Vec<u8>>,
    root_set: HashSet<Vec<u8>>,
    /// The directories that lead to them.
    on_the_way: HashSet<Vec<u8>>,
}

impl Scope {
    /// No path, or the root among them: everything.
    #[must_use]
    pub fn new(under: &[RelPath]) -> Self {
        Self::of(&under.iter().map(|path| path.as_str().as_bytes().to_vec()).collect())
    }

    fn of(wanted: &HashSet<Vec<u8>>) -> Self {
        if wanted.contains(&Vec::new()) {
            return Self::of(&HashSet::new());
        }
        let within_another = |path: &Vec<u8>| parents(path).any(|parent| wanted.contains(parent));
        let mut roots: Vec<Vec<u8>> =
            wanted.iter().filter(|path| !within_another(path)).cloned().collect();
        roots.sort_unstable();
        let on_the_way = roots.iter().flat_map(|path| parents(path)).map(<[u8]>::to_vec).collect();
        Self { root_set: roots.iter().cloned().collect(), roots, on_the_way }
    }

    /// Whether everything is asked for.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.roots.is_empty()
    }

    /// The paths asked for; empty for everything.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// The directories that lead to the paths asked for.
    pub fn on_the_way(&self) -> impl Iterator<Item = &[u8]> {
        self.on_the_way.iter().map(Vec::as_slice)
    }

    /// Whether `path` is asked for.
    #[must_use]
    pub fn covers(&self, path: &[u8]) -> bool {
        self.is_everything()
            || self.root_set.contains(path)
            || parents(path).any(|parent| self.root_set.contains(parent))
    }

    /// Whether something below `path` is asked for, but not all.
    #[must_use]
    pub fn leads_through(&self, path: &[u8]) -> bool {
        self.on_the_way.contains(path)
    }

    /// Whether anything at or below `path` is asked for.
    #[must_use]
    pub fn touches(&self, path: &[u8]) -> bool {
        self.leads_through(path) || self.covers(path)
    }

    /// What is asked for below `dir`, in paths relative to it; `None` for nothing.
    #[must_use]
    pub fn below(&self, dir: &[u8]) -> Option<Self> {
        if self.covers(dir) {
            return Some(Self::of(&HashSet::new()));
        }
        let inside =
            |root: &Vec<u8>| root.strip_prefix(dir)?.strip_prefix(b"/").map(<[u8]>::to_vec);
        let inside: HashSet<Vec<u8>> = self.roots.iter().filter_map(inside).collect();
        (!inside.is_empty()).then(|| Self::of(&inside))
    }
}

/// The directories above `path`, nearest first, without the root.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = &rest[..rest.iter().rposition(|byte| *byte == b'/')?];
        Some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(paths: &[&str]) -> Scope {
        Scope::new(&paths.iter().map(|path| RelPath::new(*path).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_scope_ends_at_whole_segments() {
        let scope = scope(&["packages/a", "packages/a/src", "x/y/z"]);
        assert_eq!(scope.roots().len(), 2);
        assert!(scope.covers(b"packages/a") && scope.covers(b"packages/a/src/x"));
        assert!(!scope.covers(b"packages/a-b") && !scope.covers(b"packages"));
        assert!(scope.leads_through(b"packages") && scope.leads_through(b"x/y"));
        assert!(!scope.leads_through(b"packages/a") && !scope.touches(b"x/q"));
    }

    #[test]
    fn below_a_directory_the_rest_is_asked_for() {
        let all = scope(&[]);
        assert!(all.is_everything() && all.covers(b"any/thing"));
        assert!(scope(&["a", ""]).is_everything());
        let some = scope(&["a/b/c", "a/d"]);
        let below = some.below(b"a").unwrap();
        assert_eq!(below.roots(), [b"b/c".to_vec(), b"d".to_vec()]);
        assert!(some.below(b"a/d/e").unwrap().is_everything());
        assert!(some.below(b"q").is_none());
    }
}
