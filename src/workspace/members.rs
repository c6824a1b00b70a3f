//! Which directories are members: the patterns of `workspaces` and of `pnpm-workspace.yaml`, and the walk
//! that finds what they match.
//!
//! `node_modules` is never entered, a wildcard never enters a directory whose name starts with a dot, and
//! never goes through a link. Only directories that a pattern can still match are listed.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use rayon::prelude::*;

use super::error::WorkspaceError;
use crate::glob::{GlobError, Globs, Pattern};
use crate::path::RelPath;

/// What a negated pattern takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negation {
    /// npm, yarn, Bun: the last pattern that matches decides.
    InOrder,
    /// pnpm: a negated pattern wins over all others.
    Always,
}

/// Compiled member patterns.
#[derive(Debug)]
pub(super) struct Members {
    /// The segments of each positive pattern, for the walk.
    routes: Vec<Vec<Segment>>,
    /// Over `<dir>/package.json`, so that `packages/a` is not also all below it.
    takes: Globs,
    refuses: Globs,
}

/// One segment of a pattern, as far as the walk cares; [`Members::takes`] has the last word.
#[derive(Debug)]
enum Segment {
    Literal(String),
    /// Some wildcard; `dot`: written with a leading dot, so it may take such names.
    Any {
        dot: bool,
    },
    /// `**`, or what cannot be taken apart.
    Deep,
}

/// Where in which route a directory stands.
type State = (usize, usize);

impl Members {
    /// Compiles patterns as written.
    pub(super) fn new(patterns: &[String], negation: Negation) -> Result<Self, GlobError> {
        let mut routes = Vec::new();
        let (mut takes, mut refuses) = (Vec::new(), Vec::new());
        for written in patterns {
            let pattern = Pattern::parse(written)?;
            // Alone first, so that an error shows what was written.
            Globs::new(&[written])?;
            // `.` is the root package, which is a project anyway.
            if matches!(written.as_str(), "." | "./") {
                continue;
            }
            let manifest = format!("{}/package.json", pattern.text());
            match (pattern.is_negated(), negation) {
                (false, _) => {
                    routes.push(segments(pattern.text()));
                    takes.push(manifest);
                }
                (true, Negation::InOrder) => takes.push(format!("!{manifest}")),
                (true, Negation::Always) => refuses.push(manifest),
            }
        }
        Ok(Self { routes, takes: Globs::new(&takes)?, refuses: Globs::new(&refuses)? })
    }

    /// Whether a directory with a package.json is a member.
    pub(super) fn includes(&self, dir: &RelPath) -> bool {
        let mut states = self.start();
        for name in dir.segments() {
            states = self.step(&states, name);
        }
        self.ends(&states) && self.accepts(dir)
    }

    /// The directories below `root` that the patterns match, whether they hold a package.json or not.
    pub(super) fn walk(&self, root: &Path) -> Result<BTreeSet<RelPath>, WorkspaceError> {
        let mut found = BTreeSet::new();
        let mut level = vec![(RelPath::root(), self.start())];
        while !level.is_empty() {
            let children: Vec<Vec<(RelPath, Vec<State>)>> = level
                .par_iter()
                .map(|(dir, states)| self.children(root, dir, states))
                .collect::<Result<_, _>>()?;
            level = children.into_iter().flatten().collect();
            let members =
                level.iter().filter(|(dir, states)| self.ends(states) && self.accepts(dir));
            found.extend(members.map(|(dir, _)| dir.clone()));
        }
        Ok(found)
    }

    fn accepts(&self, dir: &RelPath) -> bool {
        let manifest = format!("{}/package.json", dir.as_str());
        self.takes.is_match(&manifest) && !self.refuses.is_match(&manifest)
    }

    fn start(&self) -> Vec<State> {
        let mut states = Vec::new();
        for route in 0..self.routes.len() {
            self.enter(&mut states, (route, 0));
        }
        states
    }

    /// Adds a state, and those reached from it because `**` may also match nothing.
    fn enter(&self, states: &mut Vec<State>, (route, mut at): State) {
        loop {
            if !states.contains(&(route, at)) {
                states.push((route, at));
            }
            if !matches!(self.routes[route].get(at), Some(Segment::Deep)) {
                return;
            }
            at += 1;
        }
    }

    fn step(&self, states: &[State], name: &str) -> Vec<State> {
        let mut next = Vec::new();
        if name == "node_modules" {
            return next;
        }
        let hidden = name.starts_with('.');
        for &(route, at) in states {
            match self.routes[route].get(at) {
                Some(Segment::Literal(literal)) if literal == name => {
                    self.enter(&mut next, (route, at + 1));
                }
                Some(Segment::Any { dot }) if !hidden || *dot => {
                    self.enter(&mut next, (route, at + 1));
                }
                Some(Segment::Deep) if !hidden => self.enter(&mut next, (route, at)),
                _ => {}
            }
        }
        next
    }

    fn ends(&self, states: &[State]) -> bool {
        states.iter().any(|&(route, at)| at == self.routes[route].len())
    }

    /// The directories in `dir` in which some route goes on or ends.
    fn children(
        &self,
        root: &Path,
        dir: &RelPath,
        states: &[State],
    ) -> Result<Vec<(RelPath, Vec<State>)>, WorkspaceError> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut listed = false;
        for &(route, at) in states {
            match self.routes[route].get(at) {
                Some(Segment::Literal(name)) => drop(names.insert(name.clone())),
                Some(Segment::Any { .. } | Segment::Deep) => listed = true,
                None => {}
            }
        }
        if listed {
            names.extend(directories(&dir.on(root))?);
        }
        let mut children = Vec::new();
        for name in names {
            let next = self.step(states, &name);
            if !next.is_empty() {
                children.push((dir.join(&RelPath::new(name)?), next));
            }
        }
        Ok(children)
    }
}

/// The names of the directories in `dir`, links left out. A directory that is absent or closed to us has
/// none, and neither has a name that is not UTF-8: no pattern could name it.
fn directories(dir: &Path) -> Result<Vec<String>, WorkspaceError> {
    let unreadable = |source| WorkspaceError::Unreadable { path: dir.to_owned(), source };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied => {
                return Ok(Vec::new());
            }
            _ => return Err(unreadable(error)),
        },
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn segments(pattern: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for text in pattern.split('/') {
        let braces = text.matches('{').count() == text.matches('}').count();
        if text == "**" || !braces {
            segments.push(Segment::Deep);
        } else if text.contains(['*', '?', '[', ']', '{', '}', '\\']) {
            segments.push(Segment::Any { dot: text.starts_with(['.', '{', '[']) });
        } else {
            segments.push(Segment::Literal(text.to_owned()));
        }
        if !braces {
            // A brace that spans segments: whatever follows, anywhere below.
            break;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(patterns: &[&str], negation: Negation) -> Members {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Members::new(&patterns, negation).unwrap()
    }

    fn includes(patterns: &[&str], dir: &str) -> bool {
        members(patterns, Negation::InOrder).includes(&RelPath::new(dir).unwrap())
    }

    #[test]
    fn a_pattern_means_the_directory_and_not_all_below() {
        assert!(includes(&["packages/*"], "packages/a"));
        assert!(!includes(&["packages/*"], "packages/a/b"));
        assert!(includes(&["packages/a"], "packages/a"));
        assert!(!includes(&["packages/a"], "packages/a/b"));
        assert!(includes(&["./packages/*/"], "packages/a"));
        assert!(includes(&["packages/**"], "packages/a/b/c"));
        assert!(includes(&["packages/**"], "packages"));
        assert!(includes(&["**"], "x/y"));
        assert!(includes(&["{apps,packages}/*"], "apps/x"));
        assert!(includes(&["{apps/*,tools}"], "apps/x") && includes(&["{apps/*,tools}"], "tools"));
        assert!(!includes(&["{apps/*,tools}"], "apps"));
        assert!(!includes(&["pkg-*"], "other"));
    }

    #[test]
    fn node_modules_and_hidden_directories_are_left_out() {
        assert!(!includes(&["**"], "a/node_modules/b"));
        assert!(!includes(&["packages/*"], "packages/.cache"));
        assert!(includes(&["packages/.tools"], "packages/.tools"));
        assert!(includes(&[".*/x"], ".config/x"));
    }

    #[test]
    fn negations_count_in_order_or_always() {
        let list = ["packages/**", "!**/test/**", "packages/test/keep"];
        let keep = RelPath::new("packages/test/keep").unwrap();
        assert!(members(&list, Negation::InOrder).includes(&keep));
        assert!(!members(&list, Negation::Always).includes(&keep));
        for negation in [Negation::InOrder, Negation::Always] {
            let members = members(&list, negation);
            assert!(members.includes(&RelPath::new("packages/a").unwrap()));
            assert!(!members.includes(&RelPath::new("packages/a/test/x").unwrap()));
            assert!(!members.includes(&RelPath::new("packages/test").unwrap()));
        }
    }

    #[test]
    fn a_dot_is_the_root_alone() {
        assert!(!includes(&["."], "a") && !includes(&["./"], "a/b"));
    }

    #[test]
    fn the_walk_finds_what_includes_takes() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["apps/x", "apps/x/src", "packages/a/deep", "packages/node_modules/m", "tools"]
        {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("packages/file"), "").unwrap();
        let found = |patterns: &[&str]| -> Vec<String> {
            let found = members(patterns, Negation::Always).walk(dir.path()).unwrap();
            found.into_iter().map(|dir| dir.as_str().to_owned()).collect()
        };
        assert_eq!(found(&["apps/*", "packages/*"]), ["apps/x", "packages/a"]);
        assert_eq!(found(&["**", "!**/src"]).len(), 6);
        // A literal is taken without a listing; whether it holds a package.json shows when that is read.
        assert_eq!(found(&["apps/*/src", "absent/a"]), ["absent/a", "apps/x/src"]);
    }

    #[cfg(unix)]
    #[test]
    fn wildcards_do_not_go_through_links() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("packages/a")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("packages/loop")).unwrap();
        let found = members(&["packages/**"], Negation::Always).walk(dir.path()).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
