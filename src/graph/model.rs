//! The graph itself.

use super::error::{GraphError, Undeclared};
use super::task::{Requested, TaskId, TaskIx, TaskNode};
use super::{conflicts, feeds, grow, order, priority};
use crate::config::Configs;
use crate::workspace::Workspace;

/// Tasks and what each waits for: acyclic, and no two tasks own the same output.
#[derive(Clone, Debug, Default)]
pub struct TaskGraph {
    nodes: Vec<TaskNode>,
    order: Vec<TaskIx>,
    priority: Vec<u32>,
    late: Vec<bool>,
    undeclared: Vec<Undeclared>,
}

impl TaskGraph {
    /// The graph of the requested tasks and all that they depend on.
    ///
    /// # Errors
    /// [`GraphError`]: a dependency that leads nowhere, a cycle, two owners of one output. A requested
    /// task that its project does not declare is passed over: [`super::select()`] yields none.
    pub fn build(
        workspace: &Workspace,
        configs: &Configs,
        requested: &[Requested],
    ) -> Result<Self, GraphError> {
        let (nodes, undeclared) = grow::grow(workspace, configs, requested)?;
        let order = order::topological(&nodes)?;
        conflicts::refuse(workspace, &nodes)?;
        let late = feeds::late(workspace, &nodes, &order);
        let priority = priority::priorities(&nodes, &order);
        Ok(Self { nodes, order, priority, late, undeclared })
    }

    /// All tasks.
    #[must_use]
    pub fn nodes(&self) -> &[TaskNode] {
        &self.nodes
    }

    /// Every task's index.
    pub fn indices(&self) -> impl ExactSizeIterator<Item = TaskIx> + use<> {
        (0..self.nodes.len()).map(TaskIx::new)
    }

    /// The task of that name.
    #[must_use]
    pub fn find(&self, id: &TaskId) -> Option<TaskIx> {
        self.nodes.iter().position(|node| node.id == *id).map(TaskIx::new)
    }

    /// All tasks, each after everything it waits for.
    #[must_use]
    pub fn order(&self) -> &[TaskIx] {
        &self.order
    }

    /// How much waits for a task: of two tasks that are ready, the one with more goes first. The number
    /// of tasks that wait for it, directly or not; in a graph too large to count them, the length of the
    /// longest chain of them.
    #[must_use]
    pub fn priority(&self, task: TaskIx) -> u32 {
        self.priority[task.index()]
    }

    /// Whether the task's key is known only after its upstream tasks have ended: one of them, directly
    /// or not, may make a file that the task reads, or one whose key counts has such a key itself.
    /// What an uncached task makes is not declared, so it may make anything.
    #[must_use]
    pub fn upstream_outputs_may_feed(&self, task: TaskIx) -> bool {
        self.late[task.index()]
    }

    /// Each `^task` that is depended on and that no project declares.
    #[must_use]
    pub fn undeclared(&self) -> &[Undeclared] {
        &self.undeclared
    }

    /// The upstream tasks whose keys are part of this task's key.
    pub fn counted_upstream(&self, task: TaskIx) -> impl Iterator<Item = TaskIx> {
        self[task].upstream.iter().filter(|up| up.counts).map(|up| up.task)
    }
}

impl std::ops::Index<TaskIx> for TaskGraph {
    type Output = TaskNode;

    fn index(&self, task: TaskIx) -> &TaskNode {
        &self.nodes[task.index()]
    }
}
