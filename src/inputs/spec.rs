//! What one task declares to read.

use std::collections::BTreeSet;

use crate::glob::Globs;
use crate::path::RelPath;

/// What one task reads, its globs compiled.
#[derive(Clone, Debug)]
pub struct InputSpec {
    /// The project's directory, relative to the workspace root.
    pub project: RelPath,
    /// The directories of projects nested in it, relative to the workspace root.
    pub nested: Vec<RelPath>,
    /// `cache.inputs.files`, relative to the project.
    pub files: Globs,
    /// `cache.inputs.ignored`, relative to the project: matched against what is on disk, ignored or not.
    pub ignored: Globs,
    /// `cache.inputs.workspaceFiles`, relative to the workspace root.
    pub workspace_files: Globs,
    /// The task's own `cache.outputs.files`, relative to the project.
    pub outputs: Globs,
    /// The task's own `cache.outputs.workspaceFiles`, relative to the workspace root.
    pub workspace_outputs: Globs,
}

impl InputSpec {
    /// The paths that a fresh [`View::read_under`](super::View::read_under) must cover for this task, none within
    /// another. What `ignored` matches is looked for on disk by every harvest and needs no view.
    #[must_use]
    pub fn roots(&self) -> Vec<RelPath> {
        let of_project = self.files.roots().into_iter().map(|root| self.project.join(&root));
        let all: BTreeSet<RelPath> = of_project.chain(self.workspace_files.roots()).collect();
        let mut roots: Vec<RelPath> = Vec::with_capacity(all.len());
        for root in all {
            if !roots.iter().any(|kept| root.is_within(kept)) {
                roots.push(root);
            }
        }
        roots
    }
}
