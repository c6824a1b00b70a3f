//! From the words of a command line to its exit code (design section 10).
//!
//! 0 all well; 1 a task failed or was skipped; 2 usage or configuration; 128 and the number for a signal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use super::args::{CacheCommand, Cli, Command, StoreArgs};
use super::transfer::transfer_results;
use super::{info, keygen, prune, stats};
use crate::cache::Cache;
use crate::config::{Evaluator, WorkspaceConfig};
use crate::error::{Error, Result};
use crate::run::console::{Colour, Console};
use crate::run::environment::host;
use crate::run::process::Stream;
use crate::run::stop::{Cause, Stop};
use crate::run::transfer::Direction;
use crate::run::{Invoked, Opening, Place, open_workspace, run};
use crate::workspace::Workspace;

const USAGE: i32 = 2;

/// Runs one command line, without the program's name, as typed in `cwd`.
#[must_use]
pub fn main(argv: &[String], cwd: &Path, evaluator: &dyn Evaluator, stop: &Arc<Stop>) -> i32 {
    let host = host();
    let console = Arc::new(Console::new(&host, Arc::clone(stop)));
    let cli =
        match Cli::try_parse_from(std::iter::once("vx").chain(argv.iter().map(String::as_str))) {
            Ok(cli) => cli,
            Err(answer) => return print_answer(&with_advice(answer), &console),
        };
    let invoked = Invoked { argv, cwd, host: &host, evaluator, console: &console, stop };
    dispatch(cli.command, invoked).unwrap_or_else(|error| {
        // What a stopped run could not finish is no mistake of anybody's.
        stop.cause().and_then(Cause::exit_code).unwrap_or_else(|| {
            print_error(&error, &console);
            USAGE
        })
    })
}

fn dispatch(command: Command, invoked: Invoked<'_>) -> Result<i32> {
    match command {
        Command::Run(args) => run(&(*args).into(), invoked),
        Command::Cache(CacheCommand::Prune(args)) => {
            let located = Located::find(&args.store, invoked)?;
            prune::prune(&located, &args, invoked.console)
        }
        Command::Cache(CacheCommand::Push(args)) => {
            transfer_results(&args.options(Direction::Push), args.store.json, invoked)
        }
        Command::Cache(CacheCommand::Pull(args)) => {
            transfer_results(&args.options(Direction::Pull), args.store.json, invoked)
        }
        Command::Cache(CacheCommand::Keygen(args)) => keygen::keygen(args.json, invoked.console),
        Command::Stats(args) => {
            stats::stats(&Located::find(&args, invoked)?, args.json, invoked.console)
        }
        Command::Info(args) => {
            let located = Located::find(&args, invoked)?;
            info::info(&located, args.json, invoked)
        }
    }
}

/// A workspace and its cache.
pub(super) struct Located {
    pub(super) workspace: Workspace,
    pub(super) config: WorkspaceConfig,
    pub(super) cache_dir: PathBuf,
    /// `None`: there is none yet, and looking at it must not create it.
    pub(super) cache: Option<Cache>,
}

impl Located {
    fn find(args: &StoreArgs, invoked: Invoked<'_>) -> Result<Self> {
        let (workspace, config, Place { dir, cache, .. }) = open_workspace(Opening {
            cwd: invoked.cwd,
            flag: args.cache_dir.as_deref(),
            evaluator: invoked.evaluator,
            recall: true,
            open: &|dir| {
                let cache = Cache::open(dir)?;
                print_warnings(&cache, invoked.console);
                Ok(Some(cache))
            },
        })?;
        Ok(Self { workspace, config, cache_dir: dir, cache })
    }
}

/// Tells who wrote `vx build` how to run a task.
fn with_advice(mut answer: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(word)) = answer.get(ContextKind::InvalidSubcommand) {
        let advice = format!("to run a task: vx run {word}");
        answer.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
    }
    answer
}

/// Prints what the cache has to say that was not said yet.
pub(super) fn print_warnings(cache: &Cache, console: &Console) {
    let warning = console.style(Stream::Err).paint(Colour::Yellow, "warning:");
    cache.warnings().iter().for_each(|text| console.note(&format!("{warning} {text}")));
}

/// Prints help and version to standard output, mistakes to standard error.
fn print_answer(answer: &clap::Error, console: &Console) -> i32 {
    let stream = if answer.use_stderr() { Stream::Err } else { Stream::Out };
    console.write(stream, answer.render().to_string().as_bytes());
    if answer.use_stderr() { USAGE } else { 0 }
}

fn print_error(error: &Error, console: &Console) {
    let style = console.style(Stream::Err);
    console.note(&format!("{} {error}", style.paint(Colour::Red, "error:")));
    console.note(&style.paint(Colour::Dim, &format!("  {}", error.code())));
}

/// Prints a value as JSON.
pub(super) fn print_json(value: &serde_json::Value, console: &Console) {
    console.line(&format!("{value:#}"));
}
