//! Why no graph can be built.

use std::fmt;
use std::path::PathBuf;

use super::task::TaskId;
use crate::error::Coded;

/// Why no graph can be built.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// `dependsOn` names a task that its project does not declare.
    #[error(transparent)]
    MissingTask(Box<Missing>),
    /// `dependsOn` names a project that does not exist.
    #[error(transparent)]
    MissingProject(Box<Missing>),
    /// Tasks that wait for each other; the last one is the first again.
    #[error("these tasks wait for each other: {}; remove one of the dependencies", chain(.0))]
    Cycle(Vec<TaskId>),
    /// Two tasks that declare the same output.
    #[error(transparent)]
    OutputConflict(Box<Conflict>),
}

/// A dependency that leads nowhere.
#[derive(Debug, thiserror::Error)]
pub struct Missing {
    /// The config file that says so.
    pub file: PathBuf,
    /// The task that depends on it.
    pub from: TaskId,
    /// The entry of its `dependsOn` as written.
    pub dependency: String,
    /// Where it was looked for.
    pub place: Place,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, from, dependency, place, nearest } = self;
        write!(f, "{}: {from} depends on {dependency:?}, but ", file.display())?;
        match place {
            Place::NoProject => write!(f, "there is no such project")?,
            Place::NoConfig => write!(f, "its project has no vx.config.ts that could declare it")?,
            Place::Config(config) if config == file => write!(f, "no such task is declared there")?,
            Place::Config(config) => write!(f, "{} declares no such task", config.display())?,
        }
        match (nearest, place) {
            (Some(nearest), _) => write!(f, "; did you mean {nearest:?}?"),
            (None, Place::NoProject) => write!(f, "; name another, or remove it from dependsOn"),
            (None, _) => write!(f, "; declare it, or remove it from dependsOn"),
        }
    }
}

/// Where a dependency should have been declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its project does not exist.
    NoProject,
    /// Its project has no config.
    NoConfig,
    /// The config file of its project.
    Config(PathBuf),
}

/// A `^task` that no project declares, so that nothing is waited for. No error, since a preset may be ahead of
/// the projects that use it; but if it is a slip, keys lack what they should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// A task that depends on it; others may, too.
    pub from: TaskId,
    /// The task's name, without `^`.
    pub task: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Undeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, task, nearest } = self;
        write!(f, "{from} depends on \"^{task}\", but no project declares a task {task:?}")?;
        nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean \"^{nearest}\"?"))
    }
}

/// Two tasks that would delete what the other made.
#[derive(Debug, thiserror::Error)]
#[error(
    "{first} and {second} both declare outputs that the same file can match ({first_pattern:?} and {second_pattern:?}), so each would delete what the other made; keep their outputs apart, or take one out of the other's list with a `!` pattern"
)]
pub struct Conflict {
    /// One task.
    pub first: TaskId,
    /// Its pattern.
    pub first_pattern: String,
    /// The other task.
    pub second: TaskId,
    /// Its pattern.
    pub second_pattern: String,
}

fn chain(tasks: &[TaskId]) -> String {
    tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ")
}

impl Coded for GraphError {
    fn code(&self) -> &'static str {
        match self {
            Self::MissingTask(_) => "VX_TASK_MISSING",
            Self::MissingProject(_) => "VX_PROJECT_MISSING",
            Self::Cycle(_) => "VX_TASK_CYCLE",
            Self::OutputConflict(_) => "VX_OUTPUT_CONFLICT",
        }
    }
}
