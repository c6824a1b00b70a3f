//! One execution of a task's command: its line, its place, its environment, and what it printed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::capture::{Capture, Captures, Cut};
use super::context::Context;
use super::environment::{Declared, Variables, bin_dirs, build};
use super::printer::LinePrinter;
use super::process::{Command, Finished, Sink, Stream, quote_args, run};
use crate::artifact::Logs;
use crate::config::ExecConfig;
use crate::error::Result;
use crate::graph::TaskIx;

/// What a command left behind.
pub(super) struct Executed {
    pub(super) finished: Finished,
    pub(super) logs: Logs,
    /// Whether `logs` is not all that it printed.
    pub(super) cut: Option<Cut>,
    /// Whether its lines are on the screen already.
    pub(super) streamed: bool,
}

/// Runs the command of a task once, to its end; it and all it starts keep the file `keeps` open.
///
/// # Errors
/// When it cannot be started.
pub(super) fn execute(
    context: &Context<'_>,
    task: TaskIx,
    exec: &ExecConfig,
    keeps: Option<&File>,
) -> Result<Executed> {
    let id = context.graph[task].id.to_string();
    let streamed = context.printer.streams();
    let screen = streamed
        .then(|| [Stream::Out, Stream::Err].map(|stream| context.printer.lines(&id, stream)));
    let root = context.workspace.root();
    let (finished, Captures { logs, cut }) = execute_in(context, task, exec, root, screen, keeps)?;
    Ok(Executed { finished, logs, cut, streamed })
}

/// The same in the workspace, or a copy of it, at `root`.
///
/// # Errors
/// When it cannot be started.
pub(super) fn execute_in(
    context: &Context<'_>,
    task: TaskIx,
    exec: &ExecConfig,
    root: &Path,
    screen: Option<[LinePrinter; 2]>,
    keeps: Option<&File>,
) -> Result<(Finished, Captures)> {
    let id = context.graph[task].id.to_string();
    let line = command_line(context, task, exec);
    let (dir, env) = place(context, task, exec, root);
    let capture = Arc::new(Capture::new(screen));
    let kept = Arc::clone(&capture);
    let take = move |stream, bytes: &[u8]| kept.take(stream, bytes);
    let sink = if capture.is_shown() { Sink::blocking(take) } else { Sink::prompt(take) };
    let timeout = exec.timeout.or(context.options.timeout);
    let command = Command { line: &line, dir: &dir, env: &env, timeout, keeps };
    let finished = context.progress.running(&id, || run(command, &context.stop, &sink))?;
    Ok((finished, capture.end()))
}

/// The command with the arguments after `--`, which only requested tasks are given.
pub(super) fn command_line(context: &Context<'_>, task: TaskIx, exec: &ExecConfig) -> String {
    let args =
        if context.graph[task].requested { context.options.forward_args.as_slice() } else { &[] };
    quote_args(&exec.command, args)
}

/// The directory and the environment of a task's command, in the workspace or a copy of it at `root`.
pub(super) fn place(
    context: &Context<'_>,
    task: TaskIx,
    exec: &ExecConfig,
    root: &Path,
) -> (PathBuf, Variables) {
    let node = &context.graph[task];
    let dir = context.workspace[node.project].dir.on(root);
    let inputs = node.config.cache.as_ref().map_or(&[][..], |cache| &cache.inputs.env);
    let declared =
        Declared { pass_through: &exec.env.pass_through, define: &exec.env.define, inputs };
    let env = build(context.host, declared, &bin_dirs(root, &dir));
    (dir, env)
}
