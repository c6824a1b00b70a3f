//! The threads of a run: as many as tasks may run at once, each taking up one task after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Scope;

use super::context::Context;
use super::options::OnFailure;
use super::outcome::{Outcome, Status};
use super::profile::{taken_up_label, worker_lane};
use super::schedule::Schedule;
use super::service::Services;
use super::stop::{Cause, Stop};
use super::task::Attempt;
use crate::graph::TaskIx;
use crate::span;

/// Brings every task of the run to its end and gives their outcomes, in the order of their indices.
pub(super) fn work(context: &Context<'_>, concurrency: usize) -> Vec<Outcome> {
    span::phase("run the tasks");
    let schedule = Schedule::new(context.graph);
    let helpers = Arc::new(Stop::default());
    let raised = Arc::clone(&helpers);
    let _listening = context.stop.listen(move |_, cause| raised.raise(cause));
    let services = Services::new(helpers);
    let recorder = span::recorder();
    let threads = concurrency.clamp(1, context.graph.nodes().len().max(1));
    std::thread::scope(|scope| {
        let (schedule, services, recorder) = (&schedule, &services, recorder.as_ref());
        let worker = |number| {
            move || {
                let _lane = worker_lane(recorder, number);
                take_up_all(scope, context, schedule, services);
            }
        };
        let workers: Vec<_> = (0..threads).map(|number| scope.spawn(worker(number))).collect();
        for worker in workers {
            // A panic is caught around each task; one outside of it ends the scope as a panic of its own.
            let _ = worker.join();
        }
        services.end_helpers();
    });
    let outcome = |task: TaskIx| {
        let settled = || context.outcomes[task.index()].get().cloned();
        services
            .outcome(task)
            .or_else(settled)
            .unwrap_or_else(|| Outcome::skipped(context.started.elapsed(), "never taken up"))
    };
    context.graph.indices().map(outcome).collect()
}

fn take_up_all<'scope>(
    scope: &'scope Scope<'scope, '_>,
    context: &'scope Context<'_>,
    schedule: &Schedule<'_>,
    services: &'scope Services,
) {
    while let Some(task) = schedule.next() {
        let span = span::enter("task");
        let outcome = catch_unwind(AssertUnwindSafe(|| take_up(scope, context, services, task)))
            .unwrap_or_else(|_| panicked(context, task));
        span.label(|| taken_up_label(context, task, &outcome));
        drop(span);
        if outcome.status == Status::Failed && context.options.on_failure == OnFailure::Never {
            context.stop.raise(Cause::Failure);
        }
        context.progress.done();
        let is_saved = outcome.saved_now;
        // Set once: each task is taken up once.
        let _ = context.outcomes[task.index()].set(outcome);
        if let Some(uploads) = context.uploads.as_ref().filter(|_| is_saved) {
            uploads.offer(task);
        }
        schedule.done(task);
    }
}

fn take_up<'scope>(
    scope: &'scope Scope<'scope, '_>,
    context: &'scope Context<'_>,
    services: &'scope Services,
    task: TaskIx,
) -> Outcome {
    let attempt = Attempt::new(context, task);
    match &context.graph[task].config.exec {
        Some(exec) if exec.persistent.is_some() => attempt.start(scope, services, exec),
        _ => attempt.run(),
    }
}

fn panicked(context: &Context<'_>, task: TaskIx) -> Outcome {
    let failure = "the engine failed unexpectedly while it worked on this task; please report this";
    let outcome =
        Outcome { status: Status::Failed, ..Outcome::skipped(context.started.elapsed(), failure) };
    context.printer.ended(&context.graph[task].id.to_string(), &outcome, None);
    outcome
}
