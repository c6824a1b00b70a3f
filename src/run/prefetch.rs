//! Bringing artifacts from the remote beside the run, before their tasks are taken up.
//!
//! Only for keys that cannot move any more: a task that reads what its upstream makes, or that depends on one that
//! does, is keyed when that has ended, and asks then.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::plan::Planned;
use crate::cache::{Cache, RemoteLayer};
use crate::graph::TaskGraph;
use crate::key::Key;

/// The keys to ask for, in the order in which they are needed.
#[derive(Debug, Default)]
pub(super) struct Prefetch {
    keys: Vec<Key>,
    next: AtomicUsize,
    is_over: AtomicBool,
}

impl Prefetch {
    /// What the cache directory has not, of a plan.
    #[must_use]
    pub(super) fn of(graph: &TaskGraph, planned: &[Planned]) -> Self {
        let mut stable = vec![true; planned.len()];
        let mut keys = Vec::new();
        for task in graph.order() {
            let plan = &planned[task.index()];
            let above = graph.counted_upstream(*task).all(|upstream| stable[upstream.index()]);
            stable[task.index()] = above && !plan.late;
            let is_cached = graph[*task].config.cache.is_some();
            if stable[task.index()] && is_cached && plan.found.is_none() {
                keys.push(plan.key.clone());
            }
        }
        Self { keys, ..Self::default() }
    }

    /// How many there are.
    #[must_use]
    pub(super) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Asks for one key after the other, until all are asked for or it is over.
    pub(super) fn serve(&self, remote: &RemoteLayer, cache: &Cache) {
        while !self.is_over.load(Ordering::Relaxed) {
            let Some(key) = self.keys.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            remote.pull(cache, key);
        }
    }

    /// Lets nothing more begin.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
