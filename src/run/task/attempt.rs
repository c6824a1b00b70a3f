//! Working on one task: whether it is started at all, its command with all tries, and what became of it.

use std::fs::File;
use std::thread::Scope;
use std::time::Instant;

use super::cached::{Cacheable, output_spec};
use super::keyed::Keyed;
use crate::artifact::Logs;
use crate::config::ExecConfig;
use crate::error::Result;
use crate::graph::TaskIx;
use crate::run::context::Context;
use crate::run::execute::{Executed, execute};
use crate::run::outcome::{Outcome, Status};
use crate::run::process::Exit;
use crate::run::profile::command_label;
use crate::run::service::Services;
use crate::span;

/// One task being worked on.
pub(in crate::run) struct Attempt<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) task: TaskIx,
    pub(super) id: String,
    pub(super) outcome: Outcome,
    pub(super) began: Instant,
}

impl<'a> Attempt<'a> {
    /// Takes up a task all of whose upstream are done.
    #[must_use]
    pub(in crate::run) fn new(context: &'a Context<'a>, task: TaskIx) -> Self {
        let started_after = context.started.elapsed();
        let outcome = Outcome {
            status: Status::Failed,
            failure: None,
            vouched: context.upstream_is_vouched(task),
            ran: context.upstream_ran(task),
            wrote: context.upstream_wrote(task),
            ..Outcome::skipped(started_after, "")
        };
        Self {
            context,
            task,
            id: context.graph[task].id.to_string(),
            outcome,
            began: Instant::now(),
        }
    }

    /// Brings the task to its end and prints it.
    #[must_use]
    pub(in crate::run) fn run(mut self) -> Outcome {
        if let Some(skipped) = self.skipped() {
            return skipped;
        }
        let logs = match self.work() {
            Ok(logs) => logs,
            Err(error) => {
                self.outcome.status = Status::Failed;
                self.outcome.failure = Some(format!("{error} ({})", error.code()));
                None
            }
        };
        self.outcome.duration = self.began.elapsed();
        self.outcome.vouched &= self.outcome.status.is_good();
        if !self.context.graph[self.task].config.is_group() {
            span::of("print", || {
                self.context.printer.ended(&self.id, &self.outcome, logs.as_ref());
            });
        }
        self.outcome
    }

    /// The outcome of a task that is not to be started at all, printed.
    #[must_use]
    pub(in crate::run) fn skipped(&self) -> Option<Outcome> {
        let outcome = Outcome::skipped(self.outcome.started_after, self.reason_to_skip()?);
        self.context.printer.ended(&self.id, &outcome, None);
        Some(outcome)
    }

    fn reason_to_skip(&self) -> Option<String> {
        if self.context.stop.is_raised() {
            return Some("the run was stopped".to_owned());
        }
        let bad = self.context.bad_upstream(self.task)?;
        (!self.context.goes_on_after_failure()).then(|| format!("{bad} did not succeed"))
    }

    /// Starts a persistent task: the outcome as of when it is ready, or has ended before.
    #[must_use]
    pub(in crate::run) fn start<'scope>(
        mut self,
        scope: &'scope Scope<'scope, '_>,
        services: &'scope Services,
        exec: &'scope ExecConfig,
    ) -> Outcome
    where
        'a: 'scope,
    {
        if let Some(skipped) = self.skipped() {
            return skipped;
        }
        match span::of("key", || self.keyed()) {
            Ok(keyed) => {
                self.outcome.key = Some(keyed.key);
                self.outcome.ran = true;
                services.start(scope, self.context, self.task, exec, self.outcome)
            }
            Err(error) => {
                self.outcome.failure = Some(format!("{error} ({})", error.code()));
                self.outcome.vouched = false;
                self.context.printer.ended(&self.id, &self.outcome, None);
                self.outcome
            }
        }
    }

    /// The output to print, where it was not streamed.
    fn work(&mut self) -> Result<Option<Logs>> {
        let node = &self.context.graph[self.task];
        let keyed = span::of("key", || self.keyed())?;
        self.outcome.key = Some(keyed.key.clone());
        let Some(exec) = &node.config.exec else {
            let good = self.context.bad_upstream(self.task).is_none();
            self.outcome.status = if good { Status::Success } else { Status::Failed };
            self.outcome.exit_code = i32::from(!good);
            return Ok(None);
        };
        let (Some(declared), Some(cache)) = (&node.config.cache, self.context.cache) else {
            let reason = if node.config.cache.is_some() { "cache off" } else { "not cached" };
            self.outcome.ran = true;
            let executed = self.execute_with_retries(exec, reason, None, || ())?;
            return Ok(self.conclude(executed));
        };
        let Keyed { key, components, found } = keyed;
        let workspace = self.context.workspace;
        let spec = output_spec(workspace, node.project, declared, workspace.root());
        self.cached(&Cacheable { cache, exec, spec, key, components }, found)
    }

    pub(super) fn execute_with_retries(
        &self,
        exec: &ExecConfig,
        reason: &str,
        keeps: Option<&File>,
        prepare: impl Fn(),
    ) -> Result<Executed> {
        let retries = exec.retries.unwrap_or(self.context.options.retries);
        let mut tries = 0;
        loop {
            prepare();
            self.context.printer.started(&self.id, self.outcome.key.as_ref(), reason);
            let span = span::enter("command");
            let executed = execute(self.context, self.task, exec, keeps)?;
            span.label(|| command_label(tries, executed.finished.exit));
            drop(span);
            if let Some(cut) = &executed.cut {
                self.warn(&cut.to_string());
            }
            let how = executed.finished.exit;
            let again = matches!(how, Exit::Code(1..) | Exit::Signal(_) | Exit::TimedOut);
            if !again || tries >= retries || self.context.stop.is_raised() {
                return Ok(executed);
            }
            tries += 1;
            let logs = (!executed.streamed).then_some(&executed.logs);
            let text = format!("the command {how}; trying again ({tries} of {retries})");
            self.context.printer.failed_try(&self.id, logs, &text);
        }
    }

    pub(super) fn warn(&self, text: &str) {
        self.context.printer.warn(&self.id, text);
    }

    /// Turns how the command ended into the outcome; gives back the output where it is still to be printed.
    pub(super) fn conclude(&mut self, executed: Executed) -> Option<Logs> {
        let Executed { finished, logs, streamed, .. } = executed;
        self.outcome.usage = finished.usage;
        let good = finished.exit == Exit::Code(0);
        self.outcome.status = if good { Status::Success } else { Status::Failed };
        self.outcome.exit_code = finished.exit.code();
        if !good {
            self.outcome.failure = Some(format!("the command {}", finished.exit));
        }
        (!streamed).then_some(logs)
    }
}
