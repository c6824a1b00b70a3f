//! What a task declares as its outputs.

use super::scope::Scope;
use crate::artifact::{Anchor, Anchors, OutputPath};
use crate::glob::Globs;
use crate::path::RelPath;

/// The declared outputs of one task and where they lie.
#[derive(Clone, Debug)]
pub struct OutputSpec {
    /// The directories on disk.
    pub anchors: Anchors,
    /// `outputs.files`, relative to the project.
    pub files: Globs,
    /// `outputs.workspaceFiles`, relative to the workspace root.
    pub workspace_files: Globs,
    /// The directories of projects within the project, relative to it: never entered by `files`.
    pub nested: Vec<RelPath>,
}

impl OutputSpec {
    /// Whether nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.workspace_files.is_empty()
    }

    /// Whether a path is one that this task may have as an output: what an artifact's names are held
    /// against. Looks at no disk.
    pub fn acceptor(&self) -> impl Fn(&OutputPath) -> bool + '_ {
        let project = Scope::new(self, Anchor::Project);
        let workspace = Scope::new(self, Anchor::Workspace);
        move |output| match output.anchor {
            Anchor::Project => project.takes(output.path.as_str()),
            Anchor::Workspace => workspace.takes(output.path.as_str()),
        }
    }
}
