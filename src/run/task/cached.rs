//! A task that can be cached: a hit in place, a restore, or a run whose result is saved.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use super::attempt::Attempt;
use crate::artifact::{Anchors, Logs};
use crate::cache::{Answer, Cache, CacheError, Probe, RestoreSpec, RestoreTarget};
use crate::config::{CacheConfig, ExecConfig};
use crate::error::Result;
use crate::key::Key;
use crate::outputs::{self, OutputSpec};
use crate::path::RelPath;
use crate::run::keys::Components;
use crate::run::outcome::Status;
use crate::run::process::Exit;
use crate::span;
use crate::workspace::{ProjectIx, Workspace};

/// The reason of a miss whose entry was there.
const UNUSABLE: &str = "cache entry unusable";

/// A task that can be cached, its key known.
pub(super) struct Cacheable<'a> {
    pub(super) cache: &'a Cache,
    pub(super) exec: &'a ExecConfig,
    pub(super) spec: OutputSpec,
    pub(super) key: Key,
    pub(super) components: Components,
}

/// What a task of `project` owns, in the workspace or a copy of it at `root`.
pub(in crate::run) fn output_spec(
    workspace: &Workspace,
    project: ProjectIx,
    declared: &CacheConfig,
    root: &Path,
) -> OutputSpec {
    let project = &workspace[project];
    let inside = |nested: &RelPath| {
        nested.strip_prefix(&project.dir).and_then(|rest| RelPath::new(rest).ok())
    };
    OutputSpec {
        anchors: Anchors { project: project.dir.on(root), workspace: Some(root.to_owned()) },
        files: declared.outputs.files.clone(),
        workspace_files: declared.outputs.workspace_files.clone(),
        nested: project.nested.iter().filter_map(inside).collect(),
    }
}

/// Whether the recorded outputs are still there. What cannot be looked at is not.
fn is_in_place(found: &Probe, spec: &OutputSpec) -> bool {
    found.recorded.as_ref().is_some_and(|recorded| {
        span::of("check outputs", || outputs::is_current(spec, recorded)).unwrap_or(false)
    })
}

impl Attempt<'_> {
    pub(super) fn cached(
        &mut self,
        work: &Cacheable<'_>,
        found: Option<Probe>,
    ) -> Result<Option<Logs>> {
        let mut reads = !self.context.options.force && self.outcome.vouched;
        let mut reason = if self.context.options.force { "forced" } else { "cache miss" };
        if let Some(found) = found.as_ref().filter(|found| reads && is_in_place(found, &work.spec))
        {
            match self.hit(work, found.clone()) {
                Ok(logs) => return Ok(logs),
                Err(error) => {
                    self.warn(&error.to_string());
                    (reads, reason) = (false, UNUSABLE);
                }
            }
        }
        let Some(place) = span::of("lock the place", || self.place(work.cache))? else {
            return Ok(None);
        };
        reads &= place.is_ours;
        let Some(lock) = span::of("lock the key", || self.lock(work))? else {
            return Ok(None);
        };
        // Another process may have stored the result, or put it into place, while this one waited.
        let mut found = if reads && self.context.layers.local.read {
            self.probe_again(work, found)?
        } else {
            None
        };
        if reads && found.is_none() {
            found = self.pull(work)?;
        }
        let pulled = self.context.remote.and_then(|remote| remote.pulled(&work.key));
        if let Some(pulled) = &pulled {
            self.outcome.downloaded = Some(pulled.bytes);
            self.outcome.passes = !self.context.layers.local.write && !pulled.was_here;
        }
        if let Some(found) = found {
            let used = if is_in_place(&found, &work.spec) {
                self.hit(work, found)
            } else {
                self.restore(work, &found)
            };
            match used {
                Ok(logs) => {
                    if pulled.is_some() {
                        self.outcome.status = Status::CacheHitRemote;
                    }
                    return Ok(logs);
                }
                Err(error) => {
                    self.warn(&error.to_string());
                    reason = UNUSABLE;
                }
            }
        }
        self.outcome.miss_reason = Some(reason.to_owned());
        self.outcome.ran = true;
        let owned = Cell::new(place.is_ours);
        let executed = self.execute_with_retries(work.exec, reason, place.lock.file(), || {
            if let Err(error) = span::of("clean", || outputs::clean(&work.spec)) {
                self.warn(&format!("runs without the cache: {error}"));
                owned.set(false);
            }
        })?;
        // What could not be cleaned, or what others write to, may hold more than this command made.
        self.outcome.vouched &= owned.get();
        if executed.finished.exit == Exit::Code(0) && owned.get() && self.context.stores() {
            let is_new = !work.cache.holds(&work.key);
            self.outcome.passes |= !self.context.layers.local.write && is_new;
            span::of("save", || self.save(work, &executed));
        }
        drop((lock, place));
        Ok(self.conclude(executed))
    }

    /// What the cache has for a key that was planned to be a miss. If an upstream task ran since, the key may
    /// not be the task's any more.
    fn probe_again(&self, work: &Cacheable<'_>, before: Option<Probe>) -> Result<Option<Probe>> {
        let planned_at = self.context.planned_at;
        let found = if planned_at.is_some() && work.cache.version() == planned_at {
            before
        } else {
            self.probe(work.cache, &work.key)?
        };
        self.if_still_right(work, found)
    }

    /// What the remote has for a key that the cache directory has not, once it is there.
    fn pull(&self, work: &Cacheable<'_>) -> Result<Option<Probe>> {
        let Some(remote) = self.context.remote else { return Ok(None) };
        let answer = span::of("ask the remote", || remote.pull(work.cache, &work.key));
        if answer == Answer::Miss {
            return Ok(None);
        }
        self.if_still_right(work, self.probe(work.cache, &work.key)?)
    }

    /// `found`, unless what the key was made of has moved since the run was planned.
    fn if_still_right(&self, work: &Cacheable<'_>, found: Option<Probe>) -> Result<Option<Probe>> {
        if found.is_none() || !self.outcome.ran {
            return Ok(found);
        }
        let moved = self.context.keys.moved(self.task, &work.components)?;
        Ok(found.filter(|_| moved.is_none()))
    }

    fn hit(&mut self, work: &Cacheable<'_>, found: Probe) -> Result<Option<Logs>, CacheError> {
        let wanted = self.context.printer.wants(Status::CacheHit);
        let logs = wanted.then(|| work.cache.logs(&found.entry)).transpose()?;
        self.outcome.left = found.recorded.map(Into::into);
        self.mark_hit(found.entry.duration_ms, false);
        Ok(logs)
    }

    fn restore(&mut self, work: &Cacheable<'_>, found: &Probe) -> Result<Option<Logs>, CacheError> {
        let request = RestoreSpec {
            target: RestoreTarget::Declared(&work.spec),
            found: Some(&found.entry),
            worktree: Some(self.context.worktree),
        };
        let restored = span::of("restore", || work.cache.restore(&work.key, &request))?;
        self.outcome.left = Some(restored.recorded.into());
        self.outcome.wrote = true;
        self.mark_hit(restored.entry.duration_ms, true);
        Ok(self.context.printer.wants(Status::CacheHit).then_some(restored.logs))
    }

    fn mark_hit(&mut self, saved_ms: u64, restored: bool) {
        self.outcome.status = Status::CacheHit;
        self.outcome.exit_code = 0;
        self.outcome.restored = restored;
        self.outcome.saved = Duration::from_millis(saved_ms);
    }
}
