//! The history of runs, and what the cache has done so far.

use std::path::Path;

use super::configs::{ConfigValue, rows};
use super::directory::now;
use super::error::CacheError;
use super::handle::Cache;
use crate::memo::Memo;
use crate::store::{Batch, Invocation, RunRecord, Stats};

/// Recent: 24 hours, in milliseconds.
const RECENT: i64 = 24 * 60 * 60 * 1000;

/// What one run leaves behind. Every part may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct EndOfRun<'a> {
    /// The run.
    pub invocation: Option<&'a Invocation>,
    /// Its tasks.
    pub runs: &'a [RunRecord],
    /// Its workspace's root and memo, with what was learnt.
    pub memo: Option<(&'a Path, &'a Memo)>,
    /// Its workspace's root and the record of the walk that was made.
    pub walk: Option<(&'a Path, &'a [u8])>,
    /// Its workspace's root and the values of configs that were learnt.
    pub configs: Option<(&'a Path, &'a [ConfigValue])>,
}

impl Cache {
    /// Writes all that a run leaves behind, with the uses counted so far, in one transaction.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn end_run(&self, end: &EndOfRun<'_>) -> Result<(), CacheError> {
        self.check_open()?;
        let learnt = end.memo.map(|(_, memo)| memo.take_learnt()).unwrap_or_default();
        let confirmed = end.memo.and_then(|(root, memo)| Some((root, memo.take_confirmed()?)));
        let touched = self.take_hits();
        let (runs, invocation) = (end.runs, end.invocation);
        let walk = end.walk;
        let configs = end.configs.filter(|(_, values)| !values.is_empty());
        let learnt_nothing =
            learnt.is_empty() && confirmed.is_none() && walk.is_none() && configs.is_none();
        if learnt_nothing && touched.is_empty() && runs.is_empty() && invocation.is_none() {
            return Ok(());
        }
        let confirmed = confirmed.as_ref().map(|(root, all)| (*root, all.as_slice()));
        let now = now();
        self.with(|store| {
            let kept = match configs {
                Some((root, values)) => Some((root, rows(values, &store.salt()?))),
                None => None,
            };
            let configs = kept.as_ref().map(|(root, rows)| (*root, rows.as_slice()));
            let touched = &touched;
            let learnt = &learnt;
            store.keep(&Batch { now, touched, learnt, confirmed, walk, configs, runs, invocation })
        })
    }

    /// Records how one task ended.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn record_run(&self, run: &RunRecord) -> Result<(), CacheError> {
        self.record_runs(std::slice::from_ref(run))
    }

    /// Records how tasks ended.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn record_runs(&self, runs: &[RunRecord]) -> Result<(), CacheError> {
        self.end_run(&EndOfRun { runs, ..EndOfRun::default() })
    }

    /// Records one call of `vx run`.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn record_invocation(&self, invocation: &Invocation) -> Result<(), CacheError> {
        self.end_run(&EndOfRun { invocation: Some(invocation), ..EndOfRun::default() })
    }

    /// The newest calls of `vx run`, newest first.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn invocations(&self, limit: u32) -> Result<Vec<Invocation>, CacheError> {
        self.with(|store| store.invocations(limit))
    }

    /// The tasks of one call of `vx run`, in the order in which they were recorded.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn runs_of(&self, run_id: &str) -> Result<Vec<RunRecord>, CacheError> {
        self.with(|store| store.runs_of(run_id))
    }

    /// What the cache holds, what it did in the last 24 hours, and what it has done for each project.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn stats(&self) -> Result<Stats, CacheError> {
        self.adopt_if_in_memory()?;
        self.with(|store| store.stats(now() - RECENT))
    }
}
