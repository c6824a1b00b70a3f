//! One project: a package of the workspace.

use std::path::PathBuf;

use crate::path::RelPath;

/// The names a project's config file may have, the first one winning a tie that is refused anyway.
pub const CONFIG_NAMES: [&str; 4] =
    ["vx.config.ts", "vx.config.mts", "vx.config.js", "vx.config.mjs"];

/// The names the workspace's config file may have.
pub const WORKSPACE_CONFIG_NAMES: [&str; 4] =
    ["vx.workspace.ts", "vx.workspace.mts", "vx.workspace.js", "vx.workspace.mjs"];

/// Which project of its workspace: an index that only means something beside that
/// [`Workspace`](super::Workspace).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectIx(u32);

impl ProjectIx {
    /// The project at `index` of [`Workspace::projects`](super::Workspace::projects).
    #[must_use]
    pub fn new(index: usize) -> Self {
        // More projects than fit into memory cannot be discovered.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The position in [`Workspace::projects`](super::Workspace::projects).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name in its package.json, else its directory (`.` for the root). Unique in the workspace.
    pub name: String,
    /// Its directory, relative to the workspace root.
    pub dir: RelPath,
    /// Its package.json, relative to the workspace root.
    pub manifest: RelPath,
    /// Its `vx.config.*`, absolute.
    pub config_file: Option<PathBuf>,
    /// The projects of this workspace that it depends on, of whatever kind, sorted, without itself.
    pub dependencies: Vec<ProjectIx>,
    /// The directories of projects inside of this one, relative to the workspace root, sorted; one
    /// that lies within another is left out.
    pub nested: Vec<RelPath>,
}
