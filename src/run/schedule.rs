//! In which order tasks are taken up: each after all it waits for, and of those that are ready the one that
//! most others wait for.
//!
//! Knows nothing of what a task is; it hands out indices and is told when they are done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::graph::{TaskGraph, TaskIx};

/// The tasks of a graph on their way through a run.
pub(super) struct Schedule<'a> {
    graph: &'a TaskGraph,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ready: BinaryHeap<(u32, Reverse<TaskIx>)>,
    /// For each task, how many of its upstream are not done.
    waits_for: Vec<usize>,
    left: usize,
}

impl<'a> Schedule<'a> {
    /// All tasks of the graph, none taken up.
    #[must_use]
    pub(super) fn new(graph: &'a TaskGraph) -> Self {
        let waits_for: Vec<usize> = graph.nodes().iter().map(|node| node.upstream.len()).collect();
        let ready = graph
            .indices()
            .filter(|task| waits_for[task.index()] == 0)
            .map(|task| (graph.priority(task), Reverse(task)))
            .collect();
        let state = State { ready, waits_for, left: graph.nodes().len() };
        Self { graph, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The next task to take up, waiting for one to become ready; `None` when all are done.
    pub(super) fn next(&self) -> Option<TaskIx> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .changed
            .wait_while(state, |state| state.ready.is_empty() && state.left > 0)
            .unwrap_or_else(PoisonError::into_inner);
        state.ready.pop().map(|(_, Reverse(task))| task)
    }

    /// A task is done, well or not: what waited only for it is ready.
    pub(super) fn done(&self, task: TaskIx) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left -= 1;
        for dependent in &self.graph[task].downstream {
            let waits_for = &mut state.waits_for[dependent.index()];
            *waits_for -= 1;
            if *waits_for == 0 {
                state.ready.push((self.graph.priority(*dependent), Reverse(*dependent)));
            }
        }
        drop(state);
        self.changed.notify_all();
    }
}
