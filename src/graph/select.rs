//! From the words of a command line to the tasks they mean.

use std::collections::BTreeSet;
use std::path::Path;

use super::filter::{Filter, FilterError, selected};
use super::hint::{self, listed};
use super::task::Requested;
use crate::config::{Configs, nearest};
use crate::error::Coded;
use crate::workspace::{ProjectIx, Workspace};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `task` or `project#task`.
    pub selectors: &'a [String],
    /// `--filter`.
    pub filters: &'a [String],
    /// `--all`: every project, wherever the command was typed. Filters go before it.
    pub all: bool,
    /// Where the command was typed: an absolute directory.
    pub cwd: &'a Path,
}

/// Why a request means no task.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A filter is refused or matches nothing.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Not `task` and not `project#task`.
    #[error(
        "{0:?} is no task; write a task such as \"build\", or \"project#build\" for one project"
    )]
    Selector(String),
    /// `project#task` with a project that does not exist.
    #[error("{selector:?} names a project that does not exist{hint}")]
    Project {
        /// As written.
        selector: String,
        /// What was probably meant; may be empty.
        hint: String,
    },
    /// No project that was selected declares the task.
    #[error("{what}{hint}")]
    Task {
        /// What was looked for, and where.
        what: String,
        /// Where it exists, or what was probably meant; may be empty.
        hint: String,
    },
}

impl Coded for SelectError {
    fn code(&self) -> &'static str {
        match self {
            Self::Filter(error) => error.code(),
            Self::Selector(_) => "VX_SELECTOR_INVALID",
            Self::Project { .. } => "VX_PROJECT_UNKNOWN",
            Self::Task { .. } => "VX_TASK_UNKNOWN",
        }
    }
}

/// The tasks that a request means, sorted, each once; none for no selector.
///
/// `task` means that task of every project in scope that declares it: the projects that the filters
/// select; with `--all`, and where the current directory belongs to the root package or to none, all
/// projects; else the project that holds the current directory. `project#task` means that one task
/// whatever the scope.
///
/// # Errors
/// [`SelectError`], also when a filter or a selector means nothing at all.
pub fn select(
    workspace: &Workspace,
    configs: &Configs,
    request: Request<'_>,
) -> Result<Vec<Requested>, SelectError> {
    let scope = scope(workspace, request)?;
    let mut requested = BTreeSet::new();
    for selector in request.selectors {
        let (projects, task) = match selector.rsplit_once('#') {
            None => (scope.clone(), selector.as_str()),
            Some(("", _)) => return Err(SelectError::Selector(selector.clone())),
            Some((name, task)) => (BTreeSet::from([named(workspace, selector, name)?]), task),
        };
        if task.is_empty() {
            return Err(SelectError::Selector(selector.clone()));
        }
        let mut declaring =
            projects.iter().filter(|project| configs.task(**project, task).is_some()).peekable();
        if declaring.peek().is_none() {
            return Err(unknown_task(workspace, configs, &projects, task));
        }
        requested.extend(
            declaring.map(|project| Requested { project: *project, task: task.to_owned() }),
        );
    }
    Ok(requested.into_iter().collect())
}

fn scope(workspace: &Workspace, request: Request<'_>) -> Result<BTreeSet<ProjectIx>, SelectError> {
    let cwd = workspace.relative(request.cwd).unwrap_or_default();
    if !request.filters.is_empty() {
        let filters: Vec<Filter> = request
            .filters
            .iter()
            .map(|written| Filter::parse(written))
            .collect::<Result<_, _>>()?;
        return Ok(selected(workspace, &cwd, &filters)?);
    }
    let inside = workspace.holding(&cwd).filter(|project| !workspace[*project].dir.is_root());
    Ok(match inside {
        Some(project) if !request.all => BTreeSet::from([project]),
        _ => workspace.iter().map(|(project, _)| project).collect(),
    })
}

fn named(workspace: &Workspace, selector: &str, name: &str) -> Result<ProjectIx, SelectError> {
    workspace.by_name(name).ok_or_else(|| {
        let hint = hint::for_project(workspace, name);
        SelectError::Project { selector: selector.to_owned(), hint }
    })
}

fn unknown_task(
    workspace: &Workspace,
    configs: &Configs,
    projects: &BTreeSet<ProjectIx>,
    task: &str,
) -> SelectError {
    let what = match (projects.len(), projects.first()) {
        (0, _) => format!("the filters leave no project that could declare the task {task:?}"),
        (1, Some(only)) => {
            format!("the project {} declares no task {task:?}", workspace[*only].name)
        }
        (count, _) if count == workspace.projects().len() => {
            format!("no project declares a task {task:?}")
        }
        (count, _) => format!("none of the {count} selected projects declares a task {task:?}"),
    };
    SelectError::Task { what, hint: for_task(workspace, configs, task) }
}

/// Where the task exists, or which one was probably meant.
fn for_task(workspace: &Workspace, configs: &Configs, task: &str) -> String {
    let declared = |task: &str| -> Vec<&str> {
        let all = workspace.iter().filter(|(project, _)| configs.task(*project, task).is_some());
        all.map(|(_, project)| project.name.as_str()).collect()
    };
    let here = declared(task);
    if !here.is_empty() {
        return format!("; it exists in {}", listed(&here));
    }
    let names: BTreeSet<&str> = hint::task_names(workspace, configs).collect();
    match nearest(task, names.iter().copied()) {
        Some(near) => {
            format!("; did you mean {near:?}, which exists in {}?", listed(&declared(near)))
        }
        None if names.is_empty() => "; there is no vx.config.ts that declares any task".to_owned(),
        None => {
            let names: Vec<&str> = names.into_iter().collect();
            format!("; the tasks are {}", listed(&names))
        }
    }
}
