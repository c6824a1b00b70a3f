//! What all tasks of one run share, and what is known of those that are done.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::environment::Variables;
use super::keys::Keys;
use super::options::{OnFailure, RunOptions};
use super::outcome::Outcome;
use super::plan::Planned;
use super::printer::Printer;
use super::progress::Progress;
use super::stop::Stop;
use super::upload::Uploads;
use crate::cache::{Cache, Layers, RemoteLayer, Version};
use crate::graph::{TaskGraph, TaskIx};
use crate::key::Key;
use crate::workspace::Workspace;

/// One run.
pub(super) struct Context<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) graph: &'a TaskGraph,
    pub(super) host: &'a Variables,
    pub(super) options: &'a RunOptions,
    pub(super) keys: Keys<'a>,
    /// `None` with `--no-cache`, or where nothing can be cached.
    pub(super) cache: Option<&'a Cache>,
    /// The remote beneath it.
    pub(super) remote: Option<&'a RemoteLayer>,
    /// What may be done with each of the two.
    pub(super) layers: Layers,
    /// What is on its way to the remote; `None` where nothing goes there.
    pub(super) uploads: Option<Uploads>,
    /// What others had committed to it when the run was planned.
    pub(super) planned_at: Option<Version>,
    pub(super) printer: Printer,
    pub(super) progress: Arc<Progress>,
    pub(super) stop: Arc<Stop>,
    /// Which worktree's files the recorded outputs are about.
    pub(super) worktree: &'a Path,
    pub(super) started: Instant,
    pub(super) planned: Vec<Mutex<Option<Planned>>>,
    pub(super) outcomes: Vec<OnceLock<Outcome>>,
    /// Persistent tasks that failed after their dependents had been started.
    pub(super) broken: Mutex<BTreeSet<TaskIx>>,
}

impl Context<'_> {
    /// Whether results are stored anywhere.
    pub(super) const fn stores(&self) -> bool {
        self.layers.local.write || self.uploads.is_some()
    }

    /// Takes what was planned for a task; it is needed once.
    pub(super) fn take_planned(&self, task: TaskIx) -> Option<Planned> {
        self.planned[task.index()].lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The key of a task that is done.
    pub(super) fn key_of(&self, task: TaskIx) -> Option<Key> {
        self.outcomes[task.index()].get()?.key.clone()
    }

    /// The first upstream task that cannot be counted on.
    pub(super) fn bad_upstream(&self, task: TaskIx) -> Option<String> {
        let good = |task: TaskIx| {
            self.outcomes[task.index()].get().is_some_and(|outcome| outcome.status.is_good())
        };
        let upstream = &self.graph[task].upstream;
        let bad = upstream.iter().map(|upstream| upstream.task).find(|task| !good(*task));
        bad.map(|bad| self.graph[bad].id.to_string()).or_else(|| self.broken_upstream(task))
    }

    /// A persistent task that `task` depends on, directly or not, and that failed after it had been ready.
    pub(super) fn broken_upstream(&self, task: TaskIx) -> Option<String> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if broken.is_empty() {
            return None;
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![task]);
        while let Some(task) = open.pop() {
            let upstream = self.graph[task].upstream.iter().map(|upstream| upstream.task);
            open.extend(upstream.filter(|upstream| seen.insert(*upstream)));
        }
        seen.intersection(&broken).next().map(|service| self.graph[*service].id.to_string())
    }

    /// Whether the keys of all upstream tasks vouch for what those made.
    pub(super) fn upstream_is_vouched(&self, task: TaskIx) -> bool {
        let vouched =
            |task: TaskIx| self.outcomes[task.index()].get().is_some_and(|outcome| outcome.vouched);
        self.graph[task].upstream.iter().all(|upstream| vouched(upstream.task))
    }

    /// Whether a command of an upstream task, direct or not, ran in this run.
    pub(super) fn upstream_ran(&self, task: TaskIx) -> bool {
        let ran =
            |task: TaskIx| self.outcomes[task.index()].get().is_some_and(|outcome| outcome.ran);
        self.graph[task].upstream.iter().any(|upstream| ran(upstream.task))
    }

    /// Whether an upstream task, direct or not, changed the tree in this run.
    pub(super) fn upstream_wrote(&self, task: TaskIx) -> bool {
        let wrote = |task: TaskIx| {
            let outcome = self.outcomes[task.index()].get();
            outcome.is_some_and(|outcome| outcome.ran || outcome.wrote)
        };
        self.graph[task].upstream.iter().any(|upstream| wrote(upstream.task))
    }

    /// Whether dependents of a failure run all the same.
    pub(super) fn goes_on_after_failure(&self) -> bool {
        self.options.on_failure == OnFailure::Always
    }
}
