//! The workspace (design section 3): where its root is, which projects it has and how they depend on
//! each other. Reads manifests only; no config is evaluated and nothing is ever written.

mod dependency;
mod discover;
mod error;
mod manifest;
mod members;
mod pnpm;
mod project;
mod root;

pub use discover::Workspace;
pub use error::WorkspaceError;
pub use project::{CONFIG_NAMES, Project, ProjectIx, WORKSPACE_CONFIG_NAMES};
