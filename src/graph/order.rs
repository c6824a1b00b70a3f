//! The order of tasks, or the cycle that leaves none.

use std::collections::VecDeque;

use super::error::GraphError;
use super::task::{TaskIx, TaskNode};

/// All tasks, each after everything it waits for.
pub(super) fn topological(nodes: &[TaskNode]) -> Result<Vec<TaskIx>, GraphError> {
    let mut waits: Vec<usize> = nodes.iter().map(|node| node.upstream.len()).collect();
    let mut ready: VecDeque<usize> = (0..nodes.len()).filter(|&index| waits[index] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(index) = ready.pop_front() {
        order.push(TaskIx::new(index));
        for down in &nodes[index].downstream {
            waits[down.index()] -= 1;
            if waits[down.index()] == 0 {
                ready.push_back(down.index());
            }
        }
    }
    if order.len() == nodes.len() { Ok(order) } else { Err(cycle(nodes, &waits)) }
}

/// A cycle among the tasks that still wait. Each of them waits for another one that still does, so going
/// upstream must come back to where it was.
fn cycle(nodes: &[TaskNode], waits: &[usize]) -> GraphError {
    let mut path: Vec<usize> = Vec::new();
    let mut met = vec![None; nodes.len()];
    let mut at = (0..nodes.len()).find(|&index| waits[index] > 0);
    while let Some(index) = at {
        if let Some(start) = met[index] {
            path.drain(..start);
            break;
        }
        met[index] = Some(path.len());
        path.push(index);
        let mut upstream = nodes[index].upstream.iter().map(|up| up.task.index());
        at = upstream.find(|&up| waits[up] > 0);
    }
    // The same cycle reads the same wherever the search came in.
    let first = (0..path.len()).min_by_key(|&at| &nodes[path[at]].id).unwrap_or_default();
    path.rotate_left(first);
    path.extend(path.first().copied());
    GraphError::Cycle(path.into_iter().map(|index| nodes[index].id.clone()).collect())
}
