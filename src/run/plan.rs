//! What a run is going to do, worked out before anything happens: each task's key where it can be known
//! already, and what the cache has for it.

use std::collections::HashMap;

use super::keys::{Components, Keys};
use crate::cache::{Cache, Probe};
use crate::error::Result;
use crate::graph::{TaskGraph, TaskIx};
use crate::key::Key;
use crate::parallel;
use crate::span;

/// One task of the plan.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its key as of now. A [`late`](Self::late) task's may still move.
    pub key: Key,
    /// What the key is made of.
    pub components: Components,
    /// Whether the key counts only once the upstream tasks have ended.
    pub late: bool,
    /// What the cache has under the key.
    pub found: Option<Probe>,
}

/// Plans every task of the graph, in the order of its indices.
///
/// # Errors
/// What deriving a key or asking the cache can say.
pub(super) fn plan(
    keys: &Keys<'_>,
    graph: &TaskGraph,
    cache: Option<&Cache>,
    worktree: &std::path::Path,
) -> Result<Vec<Planned>> {
    span::phase("key the tasks");
    let tasks: Vec<TaskIx> = graph.indices().collect();
    let mut components = parallel::try_map(&tasks, 4, |task| keys.components(*task).map(Some))?;
    let mut known: Vec<Option<Key>> = vec![None; tasks.len()];
    for task in graph.order() {
        if let Some(own) = &mut components[task.index()] {
            let key = keys.key(*task, own, |upstream| known[upstream.index()].clone())?;
            known[task.index()] = Some(key);
        }
    }
    span::phase("ask the cache");
    let cached = |task: &TaskIx| graph[*task].config.cache.is_some();
    let asked: Vec<Key> = tasks
        .iter()
        .filter(|task| cached(task))
        .filter_map(|task| known[task.index()].clone())
        .collect();
    let mut found = match cache {
        Some(cache) => cache.probe(&asked, worktree)?,
        None => HashMap::new(),
    };
    let planned =
        tasks.into_iter().zip(components).zip(known).filter_map(|((task, components), key)| {
            let (components, key) = (components?, key?);
            let found = if cached(&task) { found.remove(&key) } else { None };
            Some(Planned { key, components, late: graph.upstream_outputs_may_feed(task), found })
        });
    Ok(planned.collect())
}
