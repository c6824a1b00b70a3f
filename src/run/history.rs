//! What a run leaves in the cache's history: a row for each task, and one for the run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::outcome::Outcome;
use super::report::{RunFacts, millis};
use crate::cache::{Invocation, RunRecord};
use crate::graph::TaskGraph;

/// The rows of the tasks that have a command.
#[must_use]
pub(super) fn records(
    facts: &RunFacts,
    graph: &TaskGraph,
    outcomes: &[Outcome],
    forward_args: &[String],
) -> Vec<RunRecord> {
    let tasks = graph.nodes().iter().zip(outcomes).filter(|(node, _)| !node.config.is_group());
    let records = tasks.map(|(node, outcome)| RunRecord {
        key: outcome.key.clone(),
        project: node.id.project.clone(),
        task: node.id.task.clone(),
        status: outcome.status,
        cached: node.config.cache.is_some(),
        exit_code: outcome.exit_code,
        duration_ms: millis(outcome.duration),
        forward_args: if node.requested { forward_args.to_vec() } else { Vec::new() },
        started_at: since_epoch(outcome.started_at),
        ended_at: since_epoch(outcome.started_at + outcome.duration),
        run_id: Some(facts.run_id.clone()),
        cpu_ms: outcome.usage.cpu.map(millis),
        peak_rss_bytes: outcome.usage.peak_rss,
        wallclock_start_ns: Some(nanos(outcome.started_after)),
        wallclock_end_ns: Some(nanos(outcome.started_after + outcome.duration)),
        bytes_uploaded: outcome.uploaded,
        bytes_downloaded: outcome.downloaded,
    });
    records.collect()
}

/// The row of the run itself.
#[must_use]
pub(super) fn invocation(facts: &RunFacts, outcomes: &[Outcome], argv: &[String]) -> Invocation {
    Invocation {
        run_id: facts.run_id.clone(),
        started_at: since_epoch(facts.started_at),
        ended_at: since_epoch(facts.started_at + facts.took),
        exit_code: facts.exit_code,
        argv: argv.to_vec(),
        vx_version: env!("CARGO_PKG_VERSION").to_owned(),
        task_count: outcomes.len() as u64,
        hit_count: outcomes.iter().filter(|outcome| outcome.status.is_hit()).count() as u64,
    }
}

/// Milliseconds since the epoch.
#[must_use]
pub fn since_epoch(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
