//! Storing what a task made, and why it is not stored.

use super::attempt::Attempt;
use super::cached::Cacheable;
use crate::cache::SaveRequest;
use crate::error::Error;
use crate::outputs::{self, RecordedOutput};
use crate::run::execute::Executed;
use crate::span;

/// Why a result was not stored.
enum NotSaved {
    InputMoved(String),
    /// The inputs cannot be looked at again.
    InputsUnknown(Error),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NotSaved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Attempt<'_> {
    /// Stores the result, unless the key does not vouch for it; that it is not stored is said.
    pub(super) fn save(&mut self, work: &Cacheable<'_>, executed: &Executed) {
        if let Some(service) = self.context.broken_upstream(self.task) {
            self.outcome.vouched = false;
            self.warn(&format!("not saved: {service}, which it depends on, failed while it ran"));
            return;
        }
        if !self.outcome.vouched {
            self.warn("not saved: a task that it depends on is not what its key says");
            return;
        }
        if executed.cut.is_some() {
            self.warn("not saved: its output is not complete");
            return;
        }
        match self.try_save(work, executed) {
            Ok(recorded) => {
                self.outcome.saved_now = true;
                self.outcome.left = Some(recorded.into());
            }
            Err(NotSaved::InputMoved(moved)) => {
                // The key no longer says what the task read, so nothing built on it may be stored either.
                self.outcome.vouched = false;
                self.warn(&format!("not saved: {moved} while it ran"));
            }
            Err(NotSaved::InputsUnknown(error)) => {
                self.outcome.vouched = false;
                self.warn(&format!("not saved: whether its inputs moved is unknown: {error}"));
            }
            Err(NotSaved::Failed(error)) => self.warn(&format!("not saved: {error}")),
        }
    }

    fn try_save(
        &self,
        work: &Cacheable<'_>,
        executed: &Executed,
    ) -> Result<Vec<RecordedOutput>, NotSaved> {
        let moved = span::of("look at inputs again", || {
            self.context.keys.moved(self.task, &work.components)
        });
        if let Some(moved) = moved.map_err(NotSaved::InputsUnknown)? {
            return Err(NotSaved::InputMoved(moved));
        }
        let outputs = span::of("list outputs", || outputs::list(&work.spec))?;
        if outputs.is_empty() && !work.spec.is_empty() {
            self.warn("its declared outputs match no file; an empty result is stored");
        }
        let saved = work.cache.save(SaveRequest {
            key: &work.key,
            task_id: &self.id,
            command: &work.exec.command,
            duration_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            logs: &executed.logs,
            outputs: &outputs,
            anchors: &work.spec.anchors,
            worktree: Some(self.context.worktree),
            components: Some(&work.components.input),
        })?;
        Ok(saved.recorded)
    }
}
