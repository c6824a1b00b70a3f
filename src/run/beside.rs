//! What goes on with the remote while the tasks run, and a moment longer: artifacts come before they are needed, and
//! results go up when they are there.

use std::sync::mpsc::{Receiver, channel};
use std::thread::Scope;
use std::time::Duration;

use super::context::Context;
use super::outcome::{Outcome, Status};
use super::prefetch::Prefetch;
use super::report::millis;
use super::stop::Cause;
use super::upload::{Uploaded, Uploads};
use super::work::work;
use crate::cache::{Event, RemoteLayer};
use crate::span;

/// How long a run waits for its last uploads.
const DRAIN: Duration = Duration::from_mins(1);

/// For each task that runs at once, so many requests are under way: they mostly wait.
const REQUESTS: usize = 4;

/// More requests than this are never under way at once, in each direction.
pub(super) const MOST_REQUESTS: usize = 64;

/// How long a run waits for the remote to take note of what became of its keys.
const TELL: Duration = Duration::from_secs(1);

/// Brings every task to its end, with `prefetch` and uploads beside it.
pub(super) fn work_with_remote(
    context: &Context<'_>,
    concurrency: usize,
    prefetch: &Prefetch,
) -> (Vec<Outcome>, Uploaded) {
    let (Some(remote), Some(cache)) = (context.remote, context.cache) else {
        return (work(context, concurrency), Uploaded::default());
    };
    let most = concurrency.saturating_mul(REQUESTS).clamp(1, MOST_REQUESTS);
    let cancel = remote.canceller();
    let _listening = context.stop.listen(move |_, cause| {
        // A run that ends because a task failed keeps what the others made.
        if cause != Cause::Failure {
            cancel();
        }
    });
    std::thread::scope(|scope| {
        for _ in 0..most.min(prefetch.len()) {
            scope.spawn(|| prefetch.serve(remote, cache));
        }
        if let Some(uploads) = &context.uploads {
            for _ in 0..most {
                scope.spawn(|| uploads.serve(context, remote, cache));
            }
        }
        let outcomes = work(context, concurrency);
        prefetch.end();
        let told = tell(scope, context, remote, &outcomes);
        if let Some(uploads) = &context.uploads {
            span::phase("upload the rest");
            if context.stop.cause().is_some_and(|cause| cause != Cause::Failure) {
                uploads.give_up();
            }
            uploads.drain(DRAIN);
        }
        // Fails when that has ended before.
        let _ = told.recv_timeout(TELL);
        // Whoever still waits for an answer waits for nothing now.
        remote.cancel();
        (outcomes, context.uploads.as_ref().map(Uploads::take).unwrap_or_default())
    })
}

/// Tells the remote what was found and what was not; what it makes of that is its business. A run that had nothing to
/// ask of it does not speak to it for this alone.
fn tell<'scope>(
    scope: &'scope Scope<'scope, '_>,
    context: &Context<'_>,
    remote: &'scope RemoteLayer,
    outcomes: &[Outcome],
) -> Receiver<()> {
    let (ended, told) = channel();
    if !remote.was_asked() {
        return told;
    }
    let tasks = context.graph.nodes().iter().zip(outcomes);
    let events: Vec<Event> = tasks
        .filter(|(node, _)| node.config.cache.is_some())
        .filter_map(|(_, outcome)| {
            Some(Event {
                key: outcome.key.clone()?,
                hit: outcome.status.is_hit(),
                remote: outcome.status == Status::CacheHitRemote,
                duration_ms: millis(if outcome.status.is_hit() {
                    outcome.saved
                } else {
                    outcome.duration
                }),
            })
        })
        .collect();
    scope.spawn(move || {
        // Nobody is helped by knowing that it did not work.
        let _ = remote.record(&events);
        drop(ended);
    });
    told
}
