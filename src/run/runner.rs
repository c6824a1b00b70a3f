//! One run from its options to its exit code: read the workspace, plan, work, and leave the books in order.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Instant, SystemTime};

use ulid::Ulid;

use super::beside::work_with_remote;
use super::console::{Colour, Console, Live};
use super::context::Context;
use super::disturbed::take_back;
use super::environment::Variables;
use super::history::{self, since_epoch};
use super::keys::{Keys, Known, Outside};
use super::options::{DryFormat, RunOptions};
use super::outcome::{Outcome, Status};
use super::plan::{Planned, plan};
use super::prefetch::Prefetch;
use super::printer::Printer;
use super::process::Stream;
use super::profile::profiled;
use super::progress::Progress;
use super::remote::{ask_for, let_pass, open_remote, warn_of_remote};
use super::report::{PlanReport, RunFacts, RunReport};
use super::report_file::{Report, ReportFile};
use super::session::{Opening, Place, Session};
use super::stop::Stop;
use super::summary::Counts;
use super::upload::Uploads;
use super::verify::verify;
use crate::cache::{Cache, CacheError, ConfigValue, EndOfRun, PruneOptions};
use crate::config::{Configs, Evaluator, Retention};
use crate::error::Result;
use crate::graph::{Request, TaskGraph, select};
use crate::inputs::Walked;
use crate::parallel::drop_aside;
use crate::span;
use crate::workspace::Workspace;

/// What a run is given from outside.
#[derive(Clone, Copy)]
pub struct Invoked<'a> {
    /// All words of the command line, for the history.
    pub argv: &'a [String],
    /// Where it was typed, absolute.
    pub cwd: &'a Path,
    /// The environment it was typed in.
    pub host: &'a Variables,
    /// Who evaluates configs.
    pub evaluator: &'a dyn Evaluator,
    /// The screen.
    pub console: &'a Arc<Console>,
    /// What ends the run early.
    pub stop: &'a Arc<Stop>,
}

/// Runs tasks. The exit code is 0 when all is well, 1 when a task failed or was skipped, and the signal's
/// when the run was stopped by one.
///
/// # Errors
/// Everything that is wrong before the first task starts: nothing was touched then, and only a profile written.
pub fn run(options: &RunOptions, invoked: Invoked<'_>) -> Result<i32> {
    let run_id = Ulid::generate().to_string();
    profiled(options, invoked, &run_id, || run_to_end(options, invoked, &run_id))
}

fn run_to_end(options: &RunOptions, invoked: Invoked<'_>, run_id: &str) -> Result<i32> {
    let (started, started_at) = (Instant::now(), SystemTime::now());
    let Session { workspace: found, configs: read, place, learnt } = Session::open(Opening {
        cwd: invoked.cwd,
        flag: options.cache_dir.as_deref(),
        evaluator: invoked.evaluator,
        recall: !options.force,
        open: &|dir| open_cache(dir, options, invoked.console),
    })?;
    let (workspace, configs) = (&found, &read);
    // What is not there yet is made when the plan stands: a run that is refused leaves nothing behind.
    let Place { dir: cache_dir, is_there, cache: existing } = place;
    span::phase("build the graph");
    let graph = build_graph(options, invoked.cwd, workspace, configs)?;
    let outside =
        Outside { host: invoked.host, forward_args: &options.forward_args, stop: invoked.stop };
    let keys = Keys::look(workspace, &graph, outside, load(existing.as_ref(), workspace.root())?)?;
    let worktree = workspace.root();
    let planned_at = existing.as_ref().and_then(Cache::version);
    let layers = options.layers.unwrap_or_default();
    let planned = plan(&keys, &graph, existing.as_ref().filter(|_| layers.local.read), worktree)?;
    span::phase("prepare");
    graph.undeclared().iter().for_each(|slip| warn(invoked.console, &slip.to_string()));
    warn_about_inputs(&graph, &planned, invoked.console);
    if let Some(cache) = &existing {
        warn_of_cache(cache, invoked.console);
    }
    let remote = open_remote(options, &configs.workspace().remote, workspace.root(), invoked);
    if let Some(format) = options.dry {
        let elsewhere =
            (!options.force).then(|| ask_for(remote.as_ref(), &graph, &planned, invoked.console));
        let report = PlanReport::new(workspace, &graph, &planned, elsewhere.as_ref());
        print_plan(&report, format, invoked.console);
        return Ok(0);
    }
    let summary_file = summary_file(options, invoked, workspace.root(), run_id)?;
    let cache = if is_there { existing } else { open_cache(&cache_dir, options, invoked.console)? };

    let progress = Arc::new(Progress::new(graph.nodes().len()));
    let mut context = Context {
        workspace,
        graph: &graph,
        host: invoked.host,
        options,
        keys,
        cache: cache.as_ref(),
        remote: remote.as_ref(),
        layers,
        uploads: Uploads::to(remote.as_ref(), &progress),
        planned_at,
        printer: Printer::new(
            Arc::clone(invoked.console),
            options.output_logs,
            options.log_order,
            invoked.host,
        ),
        progress: Arc::clone(&progress),
        stop: Arc::clone(invoked.stop),
        worktree,
        started,
        planned: Vec::new(),
        outcomes: std::iter::repeat_with(OnceLock::new).take(graph.nodes().len()).collect(),
        broken: Mutex::default(),
    };
    let live = Live::start(invoked.console, move || progress.line());
    let concurrency = concurrency(options, configs.workspace().concurrency);
    if options.verify {
        return verify(&context, &planned, invoked.console, concurrency);
    }
    let asks = remote.is_some() && !options.force;
    let prefetch = if asks { Prefetch::of(&graph, &planned) } else { Prefetch::default() };
    context.planned = planned.into_iter().map(|planned| Mutex::new(Some(planned))).collect();
    let (mut outcomes, uploaded) = work_with_remote(&context, concurrency, &prefetch);
    drop(live);
    uploaded.note(&mut outcomes);
    if let Some(cache) = &cache
        && let Err(error) =
            take_back(&context, cache, &mut outcomes).and_then(|()| let_pass(cache, &mut outcomes))
    {
        warn(invoked.console, &error.to_string());
    }

    let exit_code = exit_code(&outcomes, invoked.stop);
    let facts =
        RunFacts { run_id: run_id.to_owned(), started_at, took: started.elapsed(), exit_code };
    print_summary(&facts, &graph, &outcomes, invoked.console);
    if let Some(remote) = &remote {
        warn_of_remote(remote, &uploaded, invoked.console);
    }
    if let Some(cache) = &cache {
        let retention = configs.workspace().cache_retention;
        let learnt = Learnt { outcomes: &outcomes, configs: &learnt };
        if let Err(error) = keep_books(cache, &context, &facts, learnt, invoked.argv, retention) {
            warn(invoked.console, &format!("the cache's history could not be written: {error}"));
        }
        warn_of_cache(cache, invoked.console);
    }
    span::phase("end");
    if let Some(file) = summary_file {
        file.write(&RunReport::new(&facts, &graph, &outcomes))?;
    }
    let Keys { view, memo, .. } = context.keys;
    drop_aside((view, memo, outcomes, graph, found, read));
    Ok(exit_code)
}

/// The graph of what was asked for.
fn build_graph(
    options: &RunOptions,
    cwd: &Path,
    workspace: &Workspace,
    configs: &Configs,
) -> Result<TaskGraph> {
    let request =
        Request { selectors: &options.selectors, filters: &options.filters, all: options.all, cwd };
    Ok(TaskGraph::build(workspace, configs, &select(workspace, configs, request)?)?)
}

/// The file that the run's summary is to be written to, if it is wanted.
fn summary_file(
    options: &RunOptions,
    invoked: Invoked<'_>,
    root: &Path,
    run_id: &str,
) -> Result<Option<ReportFile>> {
    let prepare = |named| ReportFile::prepare(Report::Summary, named, invoked.cwd, root, run_id);
    Ok(options.summarize.as_ref().map(Option::as_deref).map(prepare).transpose()?)
}

/// The cache of a run. A database from a newer vx is left alone and the run goes on without a cache; a
/// directory that cannot be used at all is an error.
fn open_cache(dir: &Path, options: &RunOptions, console: &Console) -> Result<Option<Cache>> {
    if options.no_cache {
        return Ok(None);
    }
    match span::of("open", || Cache::open(dir)) {
        Ok(cache) => {
            warn_of_cache(&cache, console);
            Ok(Some(cache))
        }
        Err(error @ CacheError::Store(_)) => {
            self::warn(console, &format!("running without the cache: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is known about the contents of files.
pub(super) fn load(cache: Option<&Cache>, root: &Path) -> Result<Known, CacheError> {
    span::phase("load the memo");
    let Some(cache) = cache else { return Ok(Known::default()) };
    let walked = cache.walk(root)?.and_then(|walk| Walked::from_bytes(&walk));
    Ok(Known { memo: cache.memo(root)?, walked })
}

fn concurrency(options: &RunOptions, configured: Option<std::num::NonZeroUsize>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let asked = options.concurrency.map(|asked| asked.tasks(cores));
    asked.or_else(|| configured.map(std::num::NonZeroUsize::get)).unwrap_or(cores)
}

fn exit_code(outcomes: &[Outcome], stop: &Stop) -> i32 {
    let by_signal = stop.cause().and_then(super::stop::Cause::exit_code);
    by_signal.unwrap_or_else(|| i32::from(!outcomes.iter().all(|outcome| outcome.status.is_good())))
}

pub(super) fn warn(console: &Console, text: &str) {
    let style = console.style(Stream::Err);
    console.note(&format!("{} {text}", style.paint(Colour::Yellow, "warning:")));
}

/// What the cache has to say that was not said yet.
fn warn_of_cache(cache: &Cache, console: &Console) {
    cache.warnings().iter().for_each(|warning| warn(console, warning));
}

fn warn_about_inputs(graph: &TaskGraph, planned: &[Planned], console: &Console) {
    for (node, planned) in graph.nodes().iter().zip(planned) {
        // A task without a `cache` block declares nothing that could be wrong, and a late one is told of when
        // its inputs are all there.
        if node.config.cache.is_some() && !planned.late {
            planned
                .components
                .warnings()
                .for_each(|warning| warn(console, &format!("{}: {warning}", node.id)));
        }
    }
}

fn print_plan(report: &PlanReport, format: DryFormat, console: &Console) {
    match format {
        DryFormat::Json => {
            // Only strings and lists: it always has a JSON form.
            let json = serde_json::to_string_pretty(report).unwrap_or_default();
            console.line(&json);
        }
        DryFormat::Text => {
            for task in &report.tasks {
                let command = task.command.as_deref().unwrap_or("(group)");
                console.line(&format!(
                    "{:<9} {} {}  {command}",
                    task.cache_status,
                    &task.hash[..8],
                    task.id
                ));
            }
        }
    }
}

fn print_summary(facts: &RunFacts, graph: &TaskGraph, outcomes: &[Outcome], console: &Console) {
    span::phase("report");
    let tasks = || graph.nodes().iter().zip(outcomes).filter(|(node, _)| !node.config.is_group());
    let style = console.style(Stream::Out);
    let failed: Vec<_> = tasks().filter(|(_, outcome)| outcome.status == Status::Failed).collect();
    console.line("");
    for (node, outcome) in &failed {
        let failure = outcome.failure.as_deref().unwrap_or("failed");
        console.line(&format!("{} {}: {failure}", style.paint(Colour::Red, "Failed:"), node.id));
    }
    let counts = Counts::of(tasks().map(|(node, outcome)| (outcome, node.config.cache.is_some())));
    counts.lines(facts.took, style).iter().for_each(|line| console.line(line));
}

/// What a run has for later ones.
#[derive(Clone, Copy)]
struct Learnt<'a> {
    outcomes: &'a [Outcome],
    configs: &'a [ConfigValue],
}

/// What the cache learnt from this run, and the retention that follows.
fn keep_books(
    cache: &Cache,
    context: &Context<'_>,
    facts: &RunFacts,
    Learnt { outcomes, configs }: Learnt<'_>,
    argv: &[String],
    retention: Option<Retention>,
) -> Result<(), CacheError> {
    span::phase("write the history");
    let hits = outcomes
        .iter()
        .filter(|outcome| outcome.status.is_hit())
        .filter_map(|outcome| outcome.key.clone());
    cache.touch(&hits.collect::<Vec<_>>())?;
    let walk = context.keys.view.walked().map(Walked::to_bytes);
    cache.end_run(&EndOfRun {
        invocation: Some(&history::invocation(facts, outcomes, argv)),
        runs: &history::records(facts, context.graph, outcomes, &context.options.forward_args),
        memo: Some((context.workspace.root(), &context.keys.memo)),
        walk: walk.as_deref().map(|walk| (context.workspace.root(), walk)),
        configs: Some((context.workspace.root(), configs)),
    })?;
    // A run that stored nothing has not made the cache larger.
    if let Some(retention) = retention.filter(|_| outcomes.iter().any(|outcome| outcome.saved_now))
    {
        span::phase("retention");
        cache.prune(&PruneOptions {
            older_than_ms: SystemTime::now().checked_sub(retention.older_than).map(since_epoch),
            max_bytes: Some(retention.max_size),
            dry_run: false,
            protect: outcomes.iter().filter_map(|outcome| outcome.key.clone()).collect(),
        })?;
    }
    span::phase("close the cache");
    cache.close()
}
