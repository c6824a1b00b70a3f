//! The configs of a whole workspace.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::error::{ConfigError, Problem};
use super::globs::GlobLists;
use super::project::ProjectConfig;
use super::task::TaskConfig;
use super::workspace::WorkspaceConfig;
use crate::workspace::{ProjectIx, Workspace};

/// The checked configs of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    workspace: WorkspaceConfig,
    projects: Vec<Option<ProjectConfig>>,
}

impl Configs {
    /// Reads every config of `workspace`; `evaluate` gives the value of one file of
    /// [`Workspace::config_files`], and is asked in their order.
    ///
    /// # Errors
    /// [`ConfigError`] with the problems of all files, those without a value among them.
    pub fn load(
        workspace: &Workspace,
        mut evaluate: impl FnMut(&Path) -> Result<Value, Problem>,
    ) -> Result<Self, ConfigError> {
        let mut value_of = |file: &Path| (file.to_owned(), evaluate(file));
        let own = workspace.config_file().map(&mut value_of);
        let values: Vec<Option<(PathBuf, Result<Value, Problem>)>> = workspace
            .projects()
            .iter()
            .map(|project| project.config_file.as_deref().map(&mut value_of))
            .collect();

        let mut problems = Vec::new();
        let own = own.map(|(file, value)| WorkspaceConfig::from_value(&file, &value?)).transpose();
        let own = own.unwrap_or_else(|error| {
            problems.extend(error.problems);
            None
        });
        let globs = GlobLists::new(workspace);
        let read: Vec<Option<Result<ProjectConfig, ConfigError>>> = values
            .into_par_iter()
            .map(|given| given.map(|(file, value)| ProjectConfig::read(&file, value?, &globs)))
            .collect();
        let mut projects = Vec::with_capacity(read.len());
        for config in read {
            projects.push(config.transpose().unwrap_or_else(|error| {
                problems.extend(error.problems);
                None
            }));
        }
        if problems.is_empty() {
            Ok(Self { workspace: own.unwrap_or_default(), projects })
        } else {
            Err(ConfigError { problems })
        }
    }

    /// The workspace's own config; the defaults when it has none.
    #[must_use]
    pub const fn workspace(&self) -> &WorkspaceConfig {
        &self.workspace
    }

    /// The config of a project; `None` when it has none.
    #[must_use]
    pub fn project(&self, project: ProjectIx) -> Option<&ProjectConfig> {
        self.projects.get(project.index())?.as_ref()
    }

    /// One task of a project.
    #[must_use]
    pub fn task(&self, project: ProjectIx, task: &str) -> Option<&Arc<TaskConfig>> {
        self.project(project)?.tasks.get(task)
    }
}
