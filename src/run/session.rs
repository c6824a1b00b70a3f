//! A workspace with its configs: what every command that works on one starts from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::{ConfigError, Configs, Evaluated, Evaluator, Problem, WorkspaceConfig};
use crate::error::Result;
use crate::span;
use crate::workspace::Workspace;

/// A workspace, all of its configs evaluated and checked.
pub(super) struct Session {
    /// The workspace.
    pub workspace: Workspace,
    /// Its configs.
    pub configs: Configs,
}

impl Session {
    /// Finds the workspace that holds `cwd` and reads its configs.
    ///
    /// # Errors
    /// No workspace, broken manifests, configs that throw or are wrong: all problems of all files at once.
    pub(super) fn open(cwd: &Path, evaluator: &dyn Evaluator) -> Result<Self> {
        span::phase("discover the workspace");
        let workspace = Workspace::discover(cwd)?;
        span::phase("evaluate the configs");
        let files: Vec<PathBuf> = workspace.config_files().map(Path::to_owned).collect();
        let mut answers = if files.is_empty() {
            Vec::new().into_iter()
        } else {
            evaluator.evaluate(&files)?.into_iter()
        };
        let configs = Configs::load(&workspace, |file| next_value(&mut answers, file))?;
        Ok(Self { workspace, configs })
    }
}

/// The workspace that holds `cwd` and its own config only, for commands that look at the cache: a mistake in
/// some project's config is no reason not to.
///
/// # Errors
/// No workspace, or a workspace config that throws or is wrong.
pub fn open_workspace(
    cwd: &Path,
    evaluator: &dyn Evaluator,
) -> Result<(Workspace, WorkspaceConfig)> {
    let workspace = Workspace::discover(cwd)?;
    let Some(file) = workspace.config_file().map(PathBuf::from) else {
        return Ok((workspace, WorkspaceConfig::default()));
    };
    let mut answers = evaluator.evaluate(std::slice::from_ref(&file))?.into_iter();
    let value = next_value(&mut answers, &file).map_err(ConfigError::from)?;
    let config = WorkspaceConfig::from_value(&file, &value)?;
    Ok((workspace, config))
}

fn next_value(
    answers: &mut impl Iterator<Item = Evaluated>,
    file: &Path,
) -> Result<Value, Problem> {
    let message = "no value came back for it".to_owned();
    answers.next().unwrap_or(Evaluated::Error { message, path: None }).into_value(file)
}
