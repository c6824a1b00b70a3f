//! Which paths below one anchor may be outputs, and which directories may hold some.
//!
//! Never: `.git` and `.vx` and all below them, nested projects, and `node_modules`, unless a pattern names it
//! before its first wildcard; then only below what that pattern names.

use std::collections::HashSet;

use super::reach::Reach;
use super::spec::OutputSpec;
use crate::artifact::Anchor;
use crate::glob::{Globs, Pattern};
use crate::path::RelPath;

const PACKAGES: &str = "node_modules";

/// The declared outputs below one anchor.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) anchor: Anchor,
    pub(super) globs: &'a Globs,
    reach: Reach,
    nested: HashSet<&'a str>,
    /// The roots of patterns that name `node_modules`.
    packages: Vec<RelPath>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(spec: &'a OutputSpec, anchor: Anchor) -> Self {
        let (globs, nested): (_, &[RelPath]) = match anchor {
            Anchor::Project => (&spec.files, &spec.nested),
            Anchor::Workspace => (&spec.workspace_files, &[]),
        };
        let names_packages = |root: &RelPath| root.segments().any(|name| same_name(name, PACKAGES));
        Self {
            anchor,
            globs,
            reach: Reach::new(globs),
            nested: nested.iter().map(RelPath::as_str).filter(|dir| !dir.is_empty()).collect(),
            packages: globs.positive().map(Pattern::root).filter(names_packages).collect(),
        }
    }

    /// Whether a file, a link or an empty directory at this path is an output.
    pub(super) fn takes(&self, path: &str) -> bool {
        self.globs.is_match(path)
            && !self.bars(path)
            && self.clears_packages(path, |root| below(path, root))
    }

    /// Whether a directory at this path may be an output or hold some; its parent has been entered.
    pub(super) fn enters(&self, path: &str) -> bool {
        !self.bars(path)
            && self.clears_packages(path, |root| below(path, root) || below(root, path))
            && (self.reach.may_hold(path) || self.globs.is_match(path))
    }

    /// Whether nothing at or below this path can ever be an output.
    pub(super) fn bars(&self, path: &str) -> bool {
        path.split('/').any(|name| same_name(name, ".git") || same_name(name, ".vx"))
            || (!self.nested.is_empty()
                && (self.nested.contains(path)
                    || path.match_indices('/').any(|(at, _)| self.nested.contains(&path[..at]))))
    }

    fn clears_packages(&self, path: &str, named: impl Fn(&str) -> bool) -> bool {
        !path.split('/').any(|name| same_name(name, PACKAGES))
            || self.packages.iter().any(|root| named(root.as_str()))
    }
}

fn below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where case does not count, `.GIT` is `.git`.
const fn same_name(a: &str, b: &str) -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        a.eq_ignore_ascii_case(b)
    } else {
        a.len() == b.len() && a.eq_ignore_ascii_case(b)
    }
}
