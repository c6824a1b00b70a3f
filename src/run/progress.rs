//! How far a run is: what runs now and how much is done, for the live line.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::console::{count, duration};

/// Counts tasks on their way through a run.
pub(super) struct Progress {
    total: usize,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    done: usize,
    running: BTreeMap<String, Instant>,
    uploading: usize,
}

impl Progress {
    /// Of so many tasks, none is done.
    #[must_use]
    pub(super) fn new(total: usize) -> Self {
        Self { total, began: Instant::now(), state: Mutex::default() }
    }

    /// Counts a task as running while `work` goes on.
    pub(super) fn running<T>(&self, id: &str, work: impl FnOnce() -> T) -> T {
        self.lock().running.insert(id.to_owned(), Instant::now());
        let result = work();
        self.lock().running.remove(id);
        result
    }

    /// One more task is done.
    pub(super) fn done(&self) {
        self.lock().done += 1;
    }

    /// So many results are on their way to the remote.
    pub(super) fn uploading(&self, left: usize) {
        self.lock().uploading = left;
    }

    /// `3/12 done, running web#build 2.1s, core#test 0.3s, uploading 2 results`, the longest-running first.
    #[must_use]
    pub(super) fn line(&self) -> String {
        let State { done, running, uploading } = self.lock().clone();
        let mut running: Vec<(String, Instant)> = running.into_iter().collect();
        running.sort_by_key(|(_, since)| *since);
        let names: Vec<String> = running
            .iter()
            .map(|(id, since)| format!("{id} {}", duration(since.elapsed())))
            .collect();
        let running = if names.is_empty() {
            String::new()
        } else {
            format!(", running {}", names.join(", "))
        };
        let uploading = if uploading > 0 {
            format!(", uploading {}", count(uploading, "result", "results"))
        } else {
            String::new()
        };
        let took = duration(self.began.elapsed());
        format!("{done}/{} done in {took}{running}{uploading}", self.total)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
