//! `--profile`: where the time of a run went, as a trace that Perfetto and browsers show.
//!
//! One lane for the run and its phases, one for each worker with the tasks that it took up, one for each service from
//! its start to its end. The file is looked at before anything else happens, and written however the run ends: well,
//! stopped, or refused half-way. Without the flag nothing is recorded.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::context::Context;
use super::options::RunOptions;
use super::outcome::Outcome;
use super::process::Exit;
use super::report::{RunTask, timestamp};
use super::report_file::{Report, ReportFile};
use super::runner::Invoked;
use super::trace::Trace;
use crate::error::Result;
use crate::graph::{TaskGraph, TaskIx};
use crate::span::{self, Label, LaneGuard, Recorder, STEP};
use crate::workspace::Workspace;

/// Does the work of a run, which gives its exit code, and writes its profile if one is asked for.
///
/// # Errors
/// Those of the work; [`ReportError`](super::report_file::ReportError), when the profile cannot be written, before
/// any of the work is done where that can be told.
pub(super) fn profiled(
    options: &RunOptions,
    invoked: Invoked<'_>,
    run_id: &str,
    work: impl FnOnce() -> Result<i32>,
) -> Result<i32> {
    let Some(named) = options.profile.as_ref().map(Option::as_deref) else { return work() };
    let root = match named {
        Some(_) => invoked.cwd.to_owned(),
        None => Workspace::root_of(invoked.cwd)?,
    };
    let summary = options.summarize.as_ref().and_then(Option::as_deref);
    let file = ReportFile::prepare(Report::Profile, named, invoked.cwd, &root, run_id)?
        .apart_from(summary, invoked.cwd)?;

    let started_at = SystemTime::now();
    let recorder = Recorder::start();
    let lane = recorder.lane(0, "run");
    let whole = span::enter("run");
    let result = work();
    whole.label(|| Label { category: "run", name: "run".into(), args: ending(&result) });
    drop((whole, lane));

    let about = Map::from_iter([
        ("vxVersion".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
        ("runId".to_owned(), json!(run_id)),
        ("startedAt".to_owned(), json!(timestamp(started_at))),
    ]);
    let written = file.write(&Trace::new(recorder.take(), about));
    // Why a run was refused matters more than what becomes of its profile.
    let exit_code = result?;
    written?;
    Ok(exit_code)
}

fn ending(result: &Result<i32>) -> Value {
    match result {
        Ok(exit_code) => json!({ "exitCode": exit_code }),
        Err(error) => json!({ "error": error.code() }),
    }
}

/// The lane of a worker, counted from 0.
#[must_use]
pub(super) fn worker_lane(recorder: Option<&Recorder>, worker: usize) -> Option<LaneGuard> {
    let name = || format!("worker {}", worker + 1);
    recorder.map(|recorder| recorder.lane(1 + worker, name()))
}

/// The lane of a service. There are no more workers than tasks: the services come after them.
#[must_use]
pub(super) fn service_lane(
    recorder: Option<&Recorder>,
    graph: &TaskGraph,
    task: TaskIx,
) -> Option<LaneGuard> {
    let name = || format!("service {}", graph[task].id);
    recorder.map(|recorder| recorder.lane(1 + graph.nodes().len() + task.index(), name()))
}

/// A task from being taken up to its end, with what `--summarize` says of it. Each task has one such span.
#[must_use]
pub(super) fn task_label(context: &Context<'_>, task: TaskIx, outcome: &Outcome) -> Label {
    let id = &context.graph[task].id;
    // Only strings, numbers and truth values: it always has a JSON form.
    let args = serde_json::to_value(RunTask::new(id, outcome)).unwrap_or_default();
    Label { category: "task", name: id.to_string().into(), args }
}

/// What a worker does for a task that it took up: for a service that was started, no more than that.
#[must_use]
pub(super) fn taken_up_label(context: &Context<'_>, task: TaskIx, outcome: &Outcome) -> Label {
    let node = &context.graph[task];
    let is_service = node.config.exec.as_ref().is_some_and(|exec| exec.persistent.is_some());
    // A service has its key from when it is started on, and its own lane.
    if is_service && outcome.key.is_some() {
        let name = format!("start {}", node.id);
        return Label { category: "start", name: name.into(), args: Value::Null };
    }
    task_label(context, task, outcome)
}

/// A command from its start to its end; `tries` came before it.
#[must_use]
pub(super) fn command_label(tries: u32, exit: Exit) -> Label {
    let args = json!({ "try": tries + 1, "exitCode": exit.code() });
    Label { category: STEP, name: "command".into(), args }
}
