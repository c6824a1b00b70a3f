//! What programs read of a plan and of a run: the JSON of `--dry=json` and `--summarize` (design section 10).

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::outcome::{Outcome, Status};
use super::plan::Planned;
use crate::graph::{TaskGraph, TaskId};
use crate::key::Key;
use crate::workspace::Workspace;

/// `--dry=json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanReport {
    workspace_root: String,
    /// In an order in which they could run.
    pub tasks: Vec<PlannedTask>,
}

/// One task of a plan.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlannedTask {
    /// `project#task`.
    pub id: String,
    project: String,
    task: String,
    /// The key as of now.
    pub hash: String,
    /// `hit-local`, `hit-remote`, `miss`, `no-cache` or `group`.
    pub cache_status: &'static str,
    /// The command line; `None` for a group.
    pub command: Option<String>,
    depends_on: Vec<String>,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

impl PlanReport {
    /// Describes a plan. `elsewhere` are the keys that only the remote has; `None`: the run would not look into any
    /// cache.
    #[must_use]
    pub(super) fn new(
        workspace: &Workspace,
        graph: &TaskGraph,
        planned: &[Planned],
        elsewhere: Option<&HashSet<Key>>,
    ) -> Self {
        let tasks = graph.order().iter().filter_map(|task| {
            let node = &graph[*task];
            let plan = planned.get(task.index())?;
            let cache_status = match (&node.config.exec, &node.config.cache, &plan.found) {
                (None, ..) => "group",
                (_, Some(_), Some(_)) if elsewhere.is_some() => "hit-local",
                (_, Some(_), None) if elsewhere.is_some_and(|keys| keys.contains(&plan.key)) => {
                    "hit-remote"
                }
                (_, Some(_), _) => "miss",
                (_, None, _) => "no-cache",
            };
            let harvest = plan.components.harvest.iter().filter(|_| node.config.cache.is_some());
            let outputs = node.config.cache.iter().flat_map(|cache| {
                cache
                    .outputs
                    .files
                    .patterns()
                    .iter()
                    .chain(cache.outputs.workspace_files.patterns())
            });
            Some(PlannedTask {
                id: node.id.to_string(),
                project: node.id.project.clone(),
                task: node.id.task.clone(),
                hash: plan.key.to_string(),
                cache_status,
                command: node.config.exec.as_ref().map(|exec| exec.command.clone()),
                depends_on: node
                    .upstream
                    .iter()
                    .map(|upstream| graph[upstream.task].id.to_string())
                    .collect(),
                inputs: harvest
                    .flat_map(|harvest| &harvest.files)
                    .map(|file| file.path.as_str().to_owned())
                    .collect(),
                outputs: outputs.map(ToString::to_string).collect(),
            })
        });
        Self { workspace_root: workspace.root().display().to_string(), tasks: tasks.collect() }
    }
}

/// `--summarize`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunReport {
    run_id: String,
    started_at: String,
    ended_at: String,
    duration_ms: u64,
    exit_code: i32,
    tasks: Vec<RunTask>,
}

/// What became of one task.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunTask {
    id: String,
    hash: Option<String>,
    status: &'static str,
    restored: bool,
    exit_code: i32,
    duration_ms: u64,
    cpu_ms: Option<u64>,
    peak_rss_bytes: Option<u64>,
    miss_reason: Option<String>,
}

impl RunTask {
    /// Describes one task.
    #[must_use]
    pub(super) fn new(id: &TaskId, outcome: &Outcome) -> Self {
        Self {
            id: id.to_string(),
            hash: outcome.key.as_ref().map(ToString::to_string),
            status: outcome.status.as_str(),
            restored: outcome.restored,
            exit_code: outcome.exit_code,
            duration_ms: millis(outcome.duration),
            cpu_ms: outcome.usage.cpu.map(millis),
            peak_rss_bytes: outcome.usage.peak_rss,
            miss_reason: outcome.miss_reason.clone().filter(|_| outcome.status != Status::CacheHit),
        }
    }
}

/// When and how a run went.
#[derive(Clone, Debug)]
pub(super) struct RunFacts {
    /// A ULID.
    pub run_id: String,
    /// The start.
    pub started_at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// What `vx` exits with.
    pub exit_code: i32,
}

impl RunReport {
    /// Describes a run. Group tasks, which run nothing, are left out.
    #[must_use]
    pub(super) fn new(facts: &RunFacts, graph: &TaskGraph, outcomes: &[Outcome]) -> Self {
        let tasks = graph.nodes().iter().zip(outcomes).filter(|(node, _)| !node.config.is_group());
        let tasks = tasks.map(|(node, outcome)| RunTask::new(&node.id, outcome));
        Self {
            run_id: facts.run_id.clone(),
            started_at: timestamp(facts.started_at),
            ended_at: timestamp(facts.started_at + facts.took),
            duration_ms: millis(facts.took),
            exit_code: facts.exit_code,
            tasks: tasks.collect(),
        }
    }
}

/// ISO 8601, UTC, to the millisecond.
pub(super) fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// Whole milliseconds.
#[must_use]
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
