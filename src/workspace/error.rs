//! Why a workspace cannot be read.

use std::path::PathBuf;

use crate::error::Coded;
use crate::glob::GlobError;
use crate::path::PathError;

/// Why a workspace cannot be read. Every message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Neither a workspace nor a package holds the directory.
    #[error(
        "no workspace holds {}: neither it nor any directory above has a package.json, a pnpm-workspace.yaml or a vx.workspace.ts; run vx inside a project, or create a package.json",
        .0.display()
    )]
    NoWorkspace(PathBuf),
    /// A file or directory cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A package.json is not JSON, or its `name` or `workspaces` has the wrong shape.
    #[error("{}:{line}:{column} is not a valid package.json: {reason}", .path.display())]
    Manifest {
        /// The package.json.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// One-based; zero when only the line is known.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A pnpm-workspace.yaml is not YAML, or its `packages` is no list of strings.
    #[error("{}:{line}:{column} is not a valid pnpm-workspace.yaml: {reason}", .path.display())]
    PnpmWorkspace {
        /// The pnpm-workspace.yaml.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// One-based.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A member pattern is refused.
    #[error(
        "{}: a pattern of workspace members is refused: {source}; write a directory or a glob below that file's directory, such as \"packages/*\"",
        .path.display()
    )]
    Pattern {
        /// The file that declares it.
        path: PathBuf,
        /// Why.
        source: GlobError,
    },
    /// Two projects share one name, so no task id could tell them apart.
    #[error(
        "two projects are named {name:?}: {} and {}; give one of them another `name`",
        .first.display(),
        .second.display()
    )]
    DuplicateName {
        /// The name.
        name: String,
        /// The package.json that has it.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// Two config files beside each other.
    #[error(
        "{} and {} lie beside each other and only one can count; remove one of them",
        .first.display(),
        .second.display()
    )]
    TwoConfigs {
        /// The one that would win.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// A project's directory has a name that cannot be part of a key.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Coded for WorkspaceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoWorkspace(_) => "VX_NO_WORKSPACE",
            Self::Unreadable { .. } => "VX_WORKSPACE_UNREADABLE",
            Self::Manifest { .. } => "VX_MANIFEST_INVALID",
            Self::PnpmWorkspace { .. } => "VX_PNPM_WORKSPACE_INVALID",
            Self::Pattern { source, .. } => source.code(),
            Self::DuplicateName { .. } => "VX_PROJECT_DUPLICATE",
            Self::TwoConfigs { .. } => "VX_CONFIG_TWICE",
            Self::Path(error) => error.code(),
        }
    }
}
