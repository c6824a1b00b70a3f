//! The value of a `vx.config.*` file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::dependency::task_name_problem;
use super::error::ConfigError;
use super::globs::GlobLists;
use super::reader::{Place, Report};
use super::task::TaskConfig;

/// The config of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectConfig {
    /// Its tasks by name.
    pub tasks: BTreeMap<String, Arc<TaskConfig>>,
}

impl ProjectConfig {
    /// Checks the evaluated value of `file`.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of the value.
    pub fn from_value(file: &Path, value: Value) -> Result<Self, ConfigError> {
        Self::read(file, value, &GlobLists::default())
    }

    pub(super) fn read(
        file: &Path,
        mut value: Value,
        globs: &GlobLists<'_>,
    ) -> Result<Self, ConfigError> {
        let report = Report::new(file);
        let tasks = read_tasks(&Place::top(&value, &report), globs);
        let tasks = report.finish(tasks)?;
        let mut raw = value.get_mut("tasks").map(Value::take).unwrap_or_default();
        let tasks = tasks.into_iter().map(|(name, task)| {
            let raw = raw.get_mut(&name).map(Value::take).unwrap_or_default();
            (name, Arc::new(TaskConfig { raw, ..task }))
        });
        Ok(Self { tasks: tasks.collect() })
    }
}

fn read_tasks(top: &Place<'_>, globs: &GlobLists<'_>) -> Vec<(String, TaskConfig)> {
    let example = "{ build: { exec: { command: \"tsc -p .\" } } }";
    let whole = "{ tasks: { build: { exec: { command: \"tsc -p .\" } } } }";
    let Some(config) = top.object(&["tasks"], whole) else { return Vec::new() };
    let Some(place) = config.require("tasks", example) else { return Vec::new() };
    let Some(entries) = place.map(example) else { return Vec::new() };
    let mut tasks = Vec::with_capacity(entries.members().len());
    for (name, place) in entries.entries() {
        if let Some(problem) = task_name_problem(name) {
            place.problem(
                format!("the task name {name:?} {problem}"),
                "give the task another name".to_owned(),
            );
        }
        tasks.extend(TaskConfig::read(&place, globs).map(|task| (name.to_owned(), task)));
    }
    tasks
}
