//! The look at outputs that are most likely in place: by plain paths, a few system calls for each.
//!
//! It only ever says yes, and only where all that leads to an output is a directory and no link. Everything else is for
//! the careful walk to judge.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;

use super::current::RecordedOutput;
use super::scope::Scope;
use super::spec::OutputSpec;
use crate::artifact::Anchor;
use crate::path::RelPath;
use crate::stamp::{Stamp, is_absence};

/// Whether exactly the recorded outputs are there, for certain.
pub(super) fn is_surely_current(spec: &OutputSpec, recorded: &[RecordedOutput]) -> bool {
    [Anchor::Project, Anchor::Workspace].into_iter().all(|anchor| {
        let scope = Scope::new(spec, anchor);
        let of_anchor = recorded.iter().filter(|recorded| recorded.output.anchor == anchor);
        let mut rest: HashMap<&str, &Stamp> =
            of_anchor.map(|recorded| (recorded.output.path.as_str(), &recorded.stamp)).collect();
        if scope.globs.is_empty() {
            return rest.is_empty();
        }
        let Some(base) = spec.anchors.dir(anchor) else { return false };
        let mut look = Look { scope: &scope, base, rest: &mut rest };
        scope.globs.roots().iter().all(|root| look.root(root)) && rest.is_empty()
    })
}

struct Look<'a, 'r> {
    scope: &'a Scope<'a>,
    base: &'a Path,
    /// What was recorded and has not been met yet.
    rest: &'a mut HashMap<&'r str, &'r Stamp>,
}

impl Look<'_, '_> {
    /// `false`: not as recorded, or not to be told here.
    fn root(&mut self, root: &RelPath) -> bool {
        let mut above = root.parent();
        while let Some(dir) = above.filter(|dir| !dir.is_root()) {
            match dir.on(self.base).symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => above = dir.parent(),
                _ => return false,
            }
        }
        if self.scope.bars(root.as_str()) {
            return true;
        }
        match root.on(self.base).symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => self.directory(root.as_str(), &metadata),
            Ok(metadata) if metadata.is_file() => self.output(root.as_str(), &metadata),
            Err(error) => is_absence(&error),
            Ok(_) => false,
        }
    }

    fn directory(&mut self, path: &str, metadata: &Metadata) -> bool {
        if !path.is_empty() && !self.scope.enters(path) {
            return true;
        }
        let Ok(entries) = self.base.join(path).read_dir() else { return false };
        let mut is_empty = true;
        for entry in entries {
            is_empty = false;
            let Ok(entry) = entry else { return false };
            let name = entry.file_name();
            let Some(name) = name.to_str() else { return false };
            let inner = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let Ok(kind) = entry.file_type() else { return false };
            if !kind.is_dir() && !self.scope.takes(&inner) {
                continue;
            }
            let Ok(metadata) = self.base.join(&inner).symlink_metadata() else { return false };
            let as_recorded = if metadata.is_dir() {
                self.directory(&inner, &metadata)
            } else {
                self.output(&inner, &metadata)
            };
            if !as_recorded {
                return false;
            }
        }
        // Its times move with what comes and goes in it.
        !is_empty || !self.scope.takes(path) || self.output(path, metadata)
    }

    fn output(&mut self, path: &str, metadata: &Metadata) -> bool {
        if !self.scope.takes(path) {
            return true;
        }
        let now = Stamp::of(metadata);
        self.rest
            .remove(path)
            .is_some_and(|then| *then == now || (now.is_directory() && then.mode == now.mode))
    }
}
