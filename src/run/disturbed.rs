//! Takes back what was stored although others changed what it was made from while the run was on.
//!
//! A key vouches for the outputs of upstream tasks as those left them. Between that moment and the one in which a task
//! read them they are anyone's to change: another run of vx, a watching compiler, a hand. So at the end of a run that
//! stored something, the outputs that it may have read are looked at once more, each task's once; where they are not
//! as they were left, what depends on that task leaves the cache again. Results in the tree stand.

use std::collections::BTreeSet;

use super::context::Context;
use super::outcome::Outcome;
use super::task::output_spec;
use crate::cache::{Cache, CacheError};
use crate::graph::{TaskGraph, TaskIx};
use crate::span;
use crate::{outputs, parallel};

/// Takes back the results of this run that may be wrong, and says so.
///
/// # Errors
/// [`CacheError::Closed`].
pub(super) fn take_back(
    context: &Context<'_>,
    cache: &Cache,
    outcomes: &mut [Outcome],
) -> Result<(), CacheError> {
    span::phase("look at outputs again");
    let graph = context.graph;
    let read = above_the_saved(graph, outcomes);
    let tasks: Vec<TaskIx> = graph.indices().collect();
    let is_disturbed =
        |task: &TaskIx| read[task.index()] && is_disturbed(context, *task, &outcomes[task.index()]);
    let disturbed = parallel::map(&tasks, 8, is_disturbed);
    if !disturbed.contains(&true) {
        return Ok(());
    }
    let doubtful: Vec<(TaskIx, TaskIx)> = below(graph, &disturbed)
        .into_iter()
        .filter(|(task, _)| outcomes[task.index()].saved_now)
        .collect();
    let keys: Vec<_> =
        doubtful.iter().filter_map(|(task, _)| outcomes[task.index()].key.clone()).collect();
    for (task, because_of) in doubtful {
        outcomes[task.index()].saved_now = false;
        let text = format!("not kept: outputs of {} changed during the run", graph[because_of].id);
        context.printer.warn(&graph[task].id.to_string(), &text);
    }
    cache.take_back(&keys)
}

/// Of these tasks those whose upstream outputs are, as of now, as the run left them: nobody can have changed what they
/// read, unless it was changed back.
pub(super) fn sound(context: &Context<'_>, tasks: &[TaskIx]) -> Vec<TaskIx> {
    let graph = context.graph;
    let mut above = vec![false; graph.nodes().len()];
    for task in tasks {
        above[task.index()] = true;
    }
    for task in graph.order().iter().rev() {
        if above[task.index()] {
            graph[*task].upstream.iter().for_each(|upstream| above[upstream.task.index()] = true);
        }
    }
    let all: Vec<TaskIx> = graph.indices().collect();
    let is_disturbed = |task: &TaskIx| {
        let outcome = context.outcomes[task.index()].get().filter(|_| above[task.index()]);
        outcome.is_some_and(|outcome| is_disturbed(context, *task, outcome))
    };
    let disturbed = parallel::map(&all, 8, is_disturbed);
    let doubtful: BTreeSet<TaskIx> =
        below(graph, &disturbed).into_iter().map(|(task, _)| task).collect();
    tasks.iter().copied().filter(|task| !doubtful.contains(task)).collect()
}

/// Of each task whether something that depends on it was stored, so that what it made was perhaps read for that.
fn above_the_saved(graph: &TaskGraph, outcomes: &[Outcome]) -> Vec<bool> {
    let mut read = vec![false; outcomes.len()];
    for task in graph.order().iter().rev() {
        if outcomes[task.index()].saved_now || read[task.index()] {
            graph[*task].upstream.iter().for_each(|upstream| read[upstream.task.index()] = true);
        }
    }
    read
}

/// Whether a task's outputs are not as the run left them. Of one that left nothing that is known, no.
fn is_disturbed(context: &Context<'_>, task: TaskIx, outcome: &Outcome) -> bool {
    let node = &context.graph[task];
    let (Some(left), Some(declared)) = (&outcome.left, &node.config.cache) else { return false };
    let workspace = context.workspace;
    let spec = output_spec(workspace, node.project, declared, workspace.root());
    !outputs::is_current(&spec, left).unwrap_or(false)
}

/// What depends on one of the `disturbed` tasks, each with that one.
fn below(graph: &TaskGraph, disturbed: &[bool]) -> Vec<(TaskIx, TaskIx)> {
    let mut because_of: Vec<Option<TaskIx>> = vec![None; graph.nodes().len()];
    let mut found = Vec::new();
    for task in graph.order() {
        let reason = |upstream: TaskIx| {
            if disturbed[upstream.index()] { Some(upstream) } else { because_of[upstream.index()] }
        };
        let reason = graph[*task].upstream.iter().find_map(|upstream| reason(upstream.task));
        because_of[task.index()] = reason;
        found.extend(reason.map(|reason| (*task, reason)));
    }
    found
}
