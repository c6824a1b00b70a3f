//! Tasks as nodes of a graph.

use std::fmt;
use std::sync::Arc;

use crate::config::TaskConfig;
use crate::workspace::ProjectIx;

/// What a task is called: `project#task`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The project's name.
    pub project: String,
    /// The task's name in that project.
    pub task: String,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.project, self.task)
    }
}

/// A task that was asked for: not merely pulled in by another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requested {
    /// The project.
    pub project: ProjectIx,
    /// The task's name in it.
    pub task: String,
}

/// Which task of its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskIx(u32);

impl TaskIx {
    /// The task at `index` of [`TaskGraph::nodes`](super::TaskGraph::nodes).
    #[must_use]
    pub fn new(index: usize) -> Self {
        // More tasks than fit into memory cannot be in a graph.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The position in [`TaskGraph::nodes`](super::TaskGraph::nodes).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A task that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upstream {
    /// The task waited for.
    pub task: TaskIx,
    /// Whether its key is part of the waiting task's key: `cache.inputs.tasks` lets it through.
    pub counts: bool,
}

/// One task of a graph.
#[derive(Clone, Debug)]
pub struct TaskNode {
    /// What it is called.
    pub id: TaskId,
    /// Its project.
    pub project: ProjectIx,
    /// Its config.
    pub config: Arc<TaskConfig>,
    /// Whether it was asked for: only such a task is given the arguments after `--`.
    pub requested: bool,
    /// What it waits for, each task once, sorted.
    pub upstream: Vec<Upstream>,
    /// What waits for it, sorted.
    pub downstream: Vec<TaskIx>,
}
