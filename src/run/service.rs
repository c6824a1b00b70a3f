//! Persistent tasks: servers and watchers that go on while others run.
//!
//! A service is ready when its output shows `readyWhen`, or as soon as it was started where nothing is
//! awaited. One that was asked for runs until it ends or the run is stopped; one that others merely depend
//! on is ended when they are done. Services are never cached.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::Instant;

use super::context::Context;
use super::execute::{command_line, place};
use super::outcome::{Outcome, Status};
use super::printer::LinePrinter;
use super::process::{Command, Exit, Finished, Sink, SpawnError, Stream, run};
use super::profile::{service_lane, task_label};
use super::stop::{Cause, Stop};
use crate::config::ExecConfig;
use crate::graph::TaskIx;
use crate::span;

/// The services of one run.
pub(super) struct Services {
    /// Ends the services that nobody asked for.
    helpers: Arc<Stop>,
    ended: Mutex<HashMap<TaskIx, Outcome>>,
}

/// Tells, once, that a service is ready.
struct Ready(Arc<AtomicBool>, Sender<News>);

impl Ready {
    fn tell(&self) {
        self.0.store(true, Ordering::Release);
        let _ = self.1.send(News::Ready);
    }
}

/// What a service's thread tells the one who waits for it to be ready.
enum News {
    Ready,
    Ended(Box<Outcome>),
}

/// A service that was started: its outcome so far, and since when it has been running.
#[derive(Clone)]
struct Began {
    outcome: Outcome,
    at: Instant,
}

impl Began {
    /// Its outcome when it is ready.
    fn ready(&self) -> Outcome {
        Outcome {
            status: Status::Success,
            exit_code: 0,
            duration: self.at.elapsed(),
            ..self.outcome.clone()
        }
    }

    /// Its outcome when it has ended.
    fn ended(&self, finished: Result<Finished, SpawnError>, was_ready: bool) -> Outcome {
        let failed = |exit_code, failure| Outcome {
            status: Status::Failed,
            exit_code,
            failure: Some(failure),
            vouched: false,
            ..self.ready()
        };
        match finished {
            Ok(Finished { exit, usage }) => {
                let early = if was_ready { "" } else { " before it was ready" };
                let outcome = match exit {
                    Exit::Stopped => self.ready(),
                    Exit::Code(0) if was_ready => self.ready(),
                    exit => failed(exit.code().max(1), format!("the command {exit}{early}")),
                };
                Outcome { usage, ..outcome }
            }
            Err(error) => failed(1, error.to_string()),
        }
    }
}

impl Services {
    /// No service yet. `helpers` is raised by whoever stops the run, too.
    #[must_use]
    pub(super) fn new(helpers: Arc<Stop>) -> Self {
        Self { helpers, ended: Mutex::default() }
    }

    /// Starts a service in a thread of its own and waits until it is ready or has ended. The outcome, made of
    /// what is known of the task so far, says whether dependents can go on.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        context: &'scope Context<'_>,
        task: TaskIx,
        exec: &'scope ExecConfig,
        outcome: Outcome,
    ) -> Outcome {
        let began = Began { outcome, at: Instant::now() };
        let (sender, news) = channel();
        let started = began.clone();
        let recorder = span::recorder();
        scope.spawn(move || {
            let _lane = service_lane(recorder.as_ref(), context.graph, task);
            let span = span::enter("task");
            let was_ready = Arc::new(AtomicBool::new(false));
            let finished =
                self.serve(context, task, exec, Ready(Arc::clone(&was_ready), sender.clone()));
            let was_ready = was_ready.load(Ordering::Acquire);
            let outcome = started.ended(finished, was_ready);
            if was_ready && !outcome.status.is_good() {
                context.broken.lock().unwrap_or_else(PoisonError::into_inner).insert(task);
            }
            context.printer.ended(&context.graph[task].id.to_string(), &outcome, None);
            span.label(|| task_label(context, task, &outcome));
            drop(span);
            self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(task, outcome.clone());
            // Nobody listens any more once the service was ready.
            let _ = sender.send(News::Ended(Box::new(outcome)));
        });
        match news.recv() {
            Ok(News::Ready) => began.ready(),
            Ok(News::Ended(outcome)) => *outcome,
            Err(_) => Outcome {
                failure: Some("it ended unexpectedly".to_owned()),
                vouched: false,
                ..began.outcome
            },
        }
    }

    /// Ends the services that others depended on: those are done.
    pub(super) fn end_helpers(&self) {
        self.helpers.raise(Cause::Failure);
    }

    /// How a service ended, once it has.
    #[must_use]
    pub(super) fn outcome(&self, task: TaskIx) -> Option<Outcome> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(&task).cloned()
    }

    fn serve(
        &self,
        context: &Context<'_>,
        task: TaskIx,
        exec: &ExecConfig,
        ready: Ready,
    ) -> Result<Finished, SpawnError> {
        let node = &context.graph[task];
        let id = node.id.to_string();
        let line = command_line(context, task, exec);
        let (dir, env) = place(context, task, exec, context.workspace.root());
        context.printer.started(&id, None, "persistent");
        let awaited =
            exec.persistent.as_ref().and_then(|persistent| persistent.ready_when.as_deref());
        if awaited.is_none() {
            ready.tell();
        }
        let watch = Mutex::new(awaited.map(|text| ReadyWatch::new(text, ready)));
        // A service has no end to wait for: its lines are printed as they come, in whatever order is asked.
        let wanted = context.printer.wants(Status::Success);
        let screen =
            Arc::new(wanted.then(|| {
                [Stream::Out, Stream::Err].map(|stream| context.printer.lines(&id, stream))
            }));
        let shown = Arc::clone(&screen);
        let take = move |stream, bytes: &[u8]| {
            if let Some(lines) = shown.as_ref() {
                lines[usize::from(stream == Stream::Err)].write(bytes);
            }
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            if watch.as_mut().is_some_and(|watch| watch.sees(stream, bytes)) {
                *watch = None;
            }
        };
        let sink = if wanted { Sink::blocking(take) } else { Sink::prompt(take) };
        let stop = if node.requested { &context.stop } else { &self.helpers };
        let command = Command { line: &line, dir: &dir, env: &env, timeout: None, keeps: None };
        let finished = context.progress.running(&id, || run(command, stop, &sink));
        screen.iter().flatten().for_each(LinePrinter::finish);
        finished
    }
}

/// Looks for the text that says that a service is ready, across chunks.
struct ReadyWatch {
    text: Vec<u8>,
    /// The end of each stream so far: as much as the beginning of the text may be in.
    tails: [Vec<u8>; 2],
    ready: Ready,
}

impl ReadyWatch {
    fn new(text: &str, ready: Ready) -> Self {
        Self { text: text.as_bytes().to_vec(), tails: Default::default(), ready }
    }

    fn sees(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let tail = &mut self.tails[usize::from(stream == Stream::Err)];
        tail.extend_from_slice(bytes);
        let found =
            self.text.is_empty() || tail.windows(self.text.len()).any(|window| window == self.text);
        if found {
            self.ready.tell();
        }
        let keep = self.text.len().saturating_sub(1).min(tail.len());
        tail.drain(..tail.len() - keep);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_text_is_found_across_chunks_of_one_stream() {
        let (sender, news) = channel();
        let mut watch = ReadyWatch::new("listening", Ready(Arc::default(), sender));
        assert!(!watch.sees(Stream::Out, b"now liste"));
        assert!(!watch.sees(Stream::Err, b"ning"));
        assert!(watch.sees(Stream::Out, b"ning on 80"));
        assert!(matches!(news.try_recv(), Ok(News::Ready)));
    }
}
