//! How much waits for each task.

use super::task::{TaskIx, TaskNode};

/// Steps that counting may take: about ten milliseconds.
const LIMIT: usize = 32_000_000;

/// For each task the number of tasks that wait for it, directly or not. In a graph where counting would
/// take longer than it could win: the length of the longest chain of them.
pub(super) fn priorities(nodes: &[TaskNode], order: &[TaskIx]) -> Vec<u32> {
    let edges: usize = nodes.iter().map(|node| node.downstream.len()).sum();
    let steps = nodes.len().div_ceil(64).saturating_mul(nodes.len() + edges);
    if steps <= LIMIT { dependents(nodes, order) } else { longest_chains(nodes, order) }
}

/// Exact, 64 tasks at a time: bit `i` of a task says that the `i`th of them waits for it.
fn dependents(nodes: &[TaskNode], order: &[TaskIx]) -> Vec<u32> {
    let mut counts = vec![0; nodes.len()];
    let mut bits = vec![0_u64; nodes.len()];
    for chunk in order.chunks(64) {
        bits.fill(0);
        let mut own = vec![0_u64; nodes.len()];
        for (bit, task) in chunk.iter().enumerate() {
            own[task.index()] = 1 << bit;
        }
        for task in order.iter().rev() {
            let down = &nodes[task.index()].downstream;
            let found =
                down.iter().fold(0, |all, down| all | bits[down.index()] | own[down.index()]);
            bits[task.index()] = found;
            counts[task.index()] += found.count_ones();
        }
    }
    counts
}

fn longest_chains(nodes: &[TaskNode], order: &[TaskIx]) -> Vec<u32> {
    let mut chains = vec![0; nodes.len()];
    for task in order.iter().rev() {
        let down = nodes[task.index()].downstream.iter();
        chains[task.index()] = down.map(|down| chains[down.index()] + 1).max().unwrap_or(0);
    }
    chains
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::config::ProjectConfig;
    use crate::graph::TaskId;
    use crate::graph::order::topological;
    use crate::graph::task::Upstream;
    use crate::workspace::ProjectIx;

    /// Nodes with an edge from the larger to the smaller number of each pair.
    fn nodes(count: usize, edges: &[(usize, usize)]) -> Vec<TaskNode> {
        let config = serde_json::json!({ "tasks": { "t": { "exec": { "command": "x" } } } });
        let config =
            ProjectConfig::from_value(std::path::Path::new("vx.config.ts"), config).unwrap();
        let mut nodes: Vec<TaskNode> = (0..count)
            .map(|index| TaskNode {
                id: TaskId { project: index.to_string(), task: "t".to_owned() },
                project: ProjectIx::new(index),
                config: Arc::clone(&config.tasks["t"]),
                requested: true,
                upstream: Vec::new(),
                downstream: Vec::new(),
            })
            .collect();
        for &(a, b) in edges {
            let (up, down) = (a.min(b), a.max(b));
            let edge = Upstream { task: TaskIx::new(up), counts: true };
            if up != down && !nodes[down].upstream.contains(&edge) {
                nodes[down].upstream.push(edge);
                nodes[up].downstream.push(TaskIx::new(down));
            }
        }
        nodes
    }

    proptest! {
        #[test]
        fn counts_what_a_search_finds(
            count in 1_usize..200,
            edges in prop::collection::vec((0_usize..200, 0_usize..200), 0..400),
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(a, b)| *a < count && *b < count).collect();
            let nodes = nodes(count, &edges);
            let order = topological(&nodes).unwrap();
            let counts = dependents(&nodes, &order);
            let chains = longest_chains(&nodes, &order);
            for start in 0..count {
                let mut found = std::collections::BTreeSet::new();
                let mut open = vec![TaskIx::new(start)];
                while let Some(task) = open.pop() {
                    open.extend(nodes[task.index()].downstream.iter().filter(|down| found.insert(**down)));
                }
                prop_assert_eq!(counts[start] as usize, found.len());
                prop_assert!(chains[start] <= counts[start]);
                prop_assert_eq!(chains[start] == 0, counts[start] == 0);
            }
        }
    }
}
