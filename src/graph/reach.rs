//! Which tasks are downstream of which others, for many questions in few walks.

use super::task::{TaskIx, TaskNode};

/// Up to 64 questions: bit `i` of `sources` marks the tasks that question `i` starts from. In the answer
/// bit `i` marks every task that waits for one of them, directly or not.
pub(super) fn downstream(nodes: &[TaskNode], order: &[TaskIx], sources: &[u64]) -> Vec<u64> {
    let mut reached = vec![0; nodes.len()];
    for task in order {
        let upstream = nodes[task.index()].upstream.iter().map(|up| up.task.index());
        reached[task.index()] = upstream.fold(0, |all, up| all | reached[up] | sources[up]);
    }
    reached
}
