//! Results on their way to the remote, beside the run: in bounded number, and only what is still believed.
//!
//! A key vouches for upstream outputs as their tasks left them. So before a result goes up, and after its task has
//! ended, those outputs are looked at once more, for many results at a time; what may have read something else stays
//! here. The files themselves wait in the cache directory, so what waits takes no memory.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::context::Context;
use super::disturbed::sound;
use super::outcome::Outcome;
use super::progress::Progress;
use crate::cache::{Cache, RemoteLayer};
use crate::graph::TaskIx;

/// The shortest time between two looks at upstream outputs.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);

/// A look may take one part in so many of the time.
const SHARE: u32 = 20;

/// What became of the uploads of a run.
#[derive(Debug, Default)]
pub(super) struct Uploaded {
    /// Each task whose result went up, with the bytes that were sent.
    pub done: Vec<(TaskIx, u64)>,
    /// How many did not go up, though they were to.
    pub left: usize,
    /// Why the first of those that failed did.
    pub failure: Option<String>,
}

impl Uploaded {
    /// Notes in the outcomes what was sent.
    pub(super) fn note(&self, outcomes: &mut [Outcome]) {
        for (task, bytes) in &self.done {
            outcomes[task.index()].uploaded = Some(*bytes);
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Ended, and not looked at again yet.
    offered: Vec<TaskIx>,
    /// May go up.
    ready: VecDeque<TaskIx>,
    is_checking: bool,
    next_check: Option<Instant>,
    under_way: usize,
    /// No more will be offered.
    is_closed: bool,
    /// What has not begun does not begin any more.
    is_given_up: bool,
    uploaded: Uploaded,
}

impl State {
    fn left(&self) -> usize {
        self.offered.len() + self.ready.len() + self.under_way
    }
}

/// The queue of uploads.
pub(super) struct Uploads {
    state: Mutex<State>,
    changed: Condvar,
    progress: Arc<Progress>,
}

enum Job {
    Check(Vec<TaskIx>),
    Push(TaskIx),
}

impl Uploads {
    /// An empty queue, whose length `progress` tells; `None` where nothing goes to the remote.
    #[must_use]
    pub(super) fn to(remote: Option<&RemoteLayer>, progress: &Arc<Progress>) -> Option<Self> {
        remote.filter(|remote| remote.access().write).map(|_| Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            progress: Arc::clone(progress),
        })
    }

    /// Adds the result of a task that has ended, its outcome being known.
    pub(super) fn offer(&self, task: TaskIx) {
        let mut state = self.lock();
        state.offered.push(task);
        self.progress.uploading(state.left());
        drop(state);
        self.changed.notify_one();
    }

    /// Works on the queue until it is closed and empty, or given up.
    pub(super) fn serve(&self, context: &Context<'_>, remote: &RemoteLayer, cache: &Cache) {
        while let Some(job) = self.next() {
            match job {
                Job::Check(tasks) => self.check(context, &tasks),
                Job::Push(task) => self.push(context, remote, cache, task),
            }
        }
    }

    /// Waits until all is done, at most for `time`; then what has not begun is given up.
    pub(super) fn drain(&self, time: Duration) {
        self.lock().is_closed = true;
        self.changed.notify_all();
        let is_busy = |state: &mut State| state.left() > 0 && !state.is_given_up;
        let waited = self.changed.wait_timeout_while(self.lock(), time, is_busy);
        drop(waited);
        self.give_up();
    }

    /// Lets nothing more begin.
    pub(super) fn give_up(&self) {
        self.lock().is_given_up = true;
        self.changed.notify_all();
    }

    /// What became of them, once nobody works on them any more.
    #[must_use]
    pub(super) fn take(&self) -> Uploaded {
        let mut state = self.lock();
        let left = state.left();
        let mut uploaded = std::mem::take(&mut state.uploaded);
        drop(state);
        uploaded.left += left;
        uploaded
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.is_given_up {
                return None;
            }
            let ready = state.ready.pop_front();
            if let Some(task) = ready {
                state.under_way += 1;
                return Some(Job::Push(task));
            }
            if state.is_closed && state.left() == 0 {
                return None;
            }
            let mut pause = None;
            if !state.offered.is_empty() && !state.is_checking {
                let due = state.next_check.filter(|_| !state.is_closed);
                pause = due.map(|due| due.saturating_duration_since(Instant::now()));
                if pause.is_none_or(|pause| pause.is_zero()) {
                    let tasks = std::mem::take(&mut state.offered);
                    state.is_checking = true;
                    // Counted until it is known where they belong.
                    state.under_way += tasks.len();
                    return Some(Job::Check(tasks));
                }
            }
            state = match pause {
                Some(pause) => {
                    let waited = self.changed.wait_timeout(state, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn check(&self, context: &Context<'_>, tasks: &[TaskIx]) {
        let began = Instant::now();
        let sound = sound(context, tasks);
        let now = Instant::now();
        let mut state = self.lock();
        state.is_checking = false;
        state.under_way -= tasks.len();
        state.ready.extend(sound);
        state.next_check = Some(now + SHORTEST_PAUSE.max((now - began) * SHARE));
        drop(state);
        self.changed.notify_all();
    }

    fn push(&self, context: &Context<'_>, remote: &RemoteLayer, cache: &Cache, task: TaskIx) {
        let outcome = context.outcomes[task.index()].get();
        let key = outcome.and_then(|outcome| Some((outcome.key.as_ref()?, outcome.duration)));
        let pushed = key.map(|(key, duration)| {
            let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            remote.push(cache, key, duration_ms)
        });
        let mut state = self.lock();
        state.under_way -= 1;
        match pushed {
            Some(Ok(bytes)) => state.uploaded.done.push((task, bytes)),
            Some(Err(error)) => {
                state.uploaded.left += 1;
                state.uploaded.failure.get_or_insert_with(|| error.to_string());
            }
            None => {}
        }
        self.progress.uploading(state.left());
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
