//! What a task holds against other processes: its place in the worktree, and its key.

use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::cached::Cacheable;
use crate::cache::{Cache, CacheError, KeyLock, PlaceLock};
use crate::run::outcome::Status;

/// How often a key that another process works on is looked at again.
const LOCK_PERIOD: Duration = Duration::from_millis(20);

/// How long to wait for what a killed run left behind to end.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

/// Where a task works, held against other processes.
pub(super) struct Place {
    /// Whether nobody else can write there, as far as locks can tell.
    pub(super) is_ours: bool,
    /// Held, and handed down to what the task starts.
    pub(super) lock: PlaceLock,
}

impl Attempt<'_> {
    /// The task's place in this worktree, once no other process works there; `None` when the run is stopped
    /// first.
    pub(super) fn place(&mut self, cache: &Cache) -> Result<Option<Place>, CacheError> {
        let taken =
            self.wait_for(None, |this| cache.try_lock_place(this.context.worktree, &this.id))?;
        let Some(mut lock) = taken else { return Ok(None) };
        let left = Some(Instant::now() + LEFT_BEHIND);
        self.wait_for(left, |_| Ok(lock.is_clear().then_some(())))?;
        if self.outcome.status == Status::Skipped {
            return Ok(None);
        }
        let trouble = match (lock.is_clear(), lock.doubt()) {
            (false, _) => {
                Some("processes that a killed run left behind still work on it".to_owned())
            }
            (true, Some(error)) => {
                Some(format!("whether another run works on it is unknown: {error}"))
            }
            (true, None) => None,
        };
        if let Some(trouble) = &trouble {
            self.warn(&format!("runs without the cache: {trouble}"));
        }
        Ok(Some(Place { is_ours: trouble.is_none(), lock }))
    }

    /// The key's lock, once no other process holds it; `None` when the run is stopped first.
    pub(super) fn lock(&mut self, work: &Cacheable<'_>) -> Result<Option<KeyLock>, CacheError> {
        self.wait_for(None, |_| work.cache.try_lock(&work.key))
    }

    /// Asks until there is an answer; `None` when the time is up, or when the run is stopped: the task is
    /// skipped then.
    pub(super) fn wait_for<T>(
        &mut self,
        until: Option<Instant>,
        mut ask: impl FnMut(&Self) -> Result<Option<T>, CacheError>,
    ) -> Result<Option<T>, CacheError> {
        loop {
            if let Some(answer) = ask(self)? {
                return Ok(Some(answer));
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(None);
            }
            if self.context.stop.wait(LOCK_PERIOD) {
                self.outcome.status = Status::Skipped;
                self.outcome.failure = Some("the run was stopped".to_owned());
                return Ok(None);
            }
        }
    }
}
