//! The command line's grammar (design section 10): words to typed options, nothing more.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::cache::Layers;
use crate::config::{parse_duration, parse_size};
use crate::run::options::{
    Concurrency, DryFormat, LogOrder, OnFailure, OutputLogs, RunOptions, Words,
};
use crate::run::transfer::{Direction, TransferOptions};

/// A content-addressed task cache and task runner for JavaScript monorepos.
#[derive(Debug, Parser)]
#[command(
    name = "vx",
    version,
    about,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run tasks, restoring what was built before with the same inputs
    Run(Box<RunArgs>),
    /// Look after the cache directory
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Show what the cache holds and what it saved
    Stats(StoreArgs),
    /// Show the workspace, the cache and the platform, for reports
    Info(StoreArgs),
}

#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Upload the results of tasks, as the workspace is now, to the remote cache
    Push(TransferArgs),
    /// Download the results of tasks, as the workspace is now, from the remote cache
    Pull(TransferArgs),
    /// Remove entries by age, then the least recently used ones until the cache fits
    Prune(PruneArgs),
    /// Make a pair of keys: the private one signs what trusted builds upload, the public one tells who did
    Keygen(KeygenArgs),
}

#[derive(Debug, Args)]
pub(super) struct KeygenArgs {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TransferArgs {
    /// Whose results: `task` or `project#task`
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,
    /// Choose projects, as `vx run` does
    #[arg(long, short = 'F', value_name = "PATTERN", allow_hyphen_values = true)]
    filter: Vec<String>,
    /// Every project that declares the task
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    pub(super) store: StoreArgs,
}

impl TransferArgs {
    /// The same as options of one direction.
    pub(super) fn options(&self, direction: Direction) -> TransferOptions {
        TransferOptions {
            direction,
            selectors: self.tasks.clone(),
            filters: self.filter.clone(),
            all: self.all,
            cache_dir: self.store.cache_dir.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Use this cache directory
    #[arg(long, value_name = "DIR")]
    pub(super) cache_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("limits").args(["older_than", "max_size"]).required(true).multiple(true)))]
pub(super) struct PruneArgs {
    /// Remove entries not used for this long: 30d, 12h, 90m, 45s
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(super) older_than: Option<Duration>,
    /// Then remove the least recently used until this much is left: 20GiB, 500MB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(super) max_size: Option<u64>,
    /// Only tell what would be removed
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) store: StoreArgs,
}

#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// What to run: `task` or `project#task`
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,
    /// Choose projects: a name glob, ./dir, {dir}, `p...`, `...p`, `p^...`, `...^p`, !p
    #[arg(long, short = 'F', value_name = "PATTERN", allow_hyphen_values = true)]
    filter: Vec<String>,
    /// Every project that declares the task
    #[arg(long)]
    all: bool,
    /// How many tasks at once, or a share of the cores such as 50% [default: cores]
    #[arg(long, value_name = "N", value_parser = concurrency)]
    concurrency: Option<Concurrency>,
    /// Run every task, use no kept value of a config, and store the results anew
    #[arg(long)]
    force: bool,
    /// Neither read nor write the cache, and leave outputs alone
    #[arg(long, conflicts_with = "force")]
    no_cache: bool,
    /// What may be read (r) and written (w) of each layer, such as local:rw,remote:r; one that is not named is not used
    #[arg(long = "cache", value_name = "LAYERS", conflicts_with = "no_cache", value_parser = Layers::parse)]
    layers: Option<Layers>,
    /// Use this cache directory
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// What goes on after a failure [default: deps-ok; the bare flag: always]
    #[arg(long = "continue", value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "always", value_parser = words::<OnFailure>())]
    on_failure: Option<OnFailure>,
    /// The time limit in milliseconds of tasks without their own
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    timeout: Option<Duration>,
    /// How often to try a failed task again, for tasks without their own
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10))]
    retries: u32,
    /// Which tasks' output to print
    #[arg(long, value_name = "WHICH", default_value = "full", value_parser = words::<OutputLogs>())]
    output_logs: OutputLogs,
    /// Each task's output in one block, or line by line [default: stream on a terminal, else grouped]
    #[arg(long, value_name = "ORDER", value_parser = words::<LogOrder>())]
    log_order: Option<LogOrder>,
    /// Only show the plan: nothing runs, nothing is written
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", value_parser = words::<DryFormat>())]
    dry: Option<DryFormat>,
    /// Run each hit again in a scratch copy and compare its outputs byte by byte; changes nothing
    #[arg(long, conflicts_with_all = ["force", "no_cache", "dry", "summarize", "profile"])]
    verify: bool,
    /// Write a JSON summary of the run [default file: .vx/runs/RUN-ID.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "absent, bare and with a file are three things")]
    summarize: Option<Option<PathBuf>>,
    /// Write a trace of where the time went, for Perfetto and the like [default file: .vx/runs/RUN-ID.profile.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "absent, bare and with a file are three things")]
    profile: Option<Option<PathBuf>>,
    /// Arguments for the requested tasks
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

impl From<RunArgs> for RunOptions {
    fn from(args: RunArgs) -> Self {
        Self {
            selectors: args.tasks,
            filters: args.filter,
            all: args.all,
            forward_args: args.args,
            concurrency: args.concurrency,
            force: args.force,
            no_cache: args.no_cache,
            layers: args.layers,
            cache_dir: args.cache_dir,
            on_failure: args.on_failure.unwrap_or_default(),
            timeout: args.timeout,
            retries: args.retries,
            output_logs: args.output_logs,
            log_order: args.log_order,
            dry: args.dry,
            verify: args.verify,
            summarize: args.summarize,
            profile: args.profile,
        }
    }
}

fn words<T: Words + Send + Sync>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::WORDS.iter().map(|(word, _)| *word))
        .try_map(|word| T::from_word(&word).ok_or_else(|| format!("unknown word {word}")))
}

fn concurrency(text: &str) -> Result<Concurrency, String> {
    Concurrency::parse(text).ok_or_else(|| {
        "write a number of tasks such as 4, or a share of the cores such as 50%".into()
    })
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(millis @ 1..) => Ok(Duration::from_millis(millis)),
        _ => Err("write a number of milliseconds above 0".into()),
    }
}

fn age(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn bytes(text: &str) -> Result<u64, String> {
    parse_size(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    fn run(words: &[&str]) -> RunOptions {
        let words = ["vx", "run"].iter().chain(words);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Run(args) => (*args).into(),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn flags_with_optional_values() {
        assert_eq!(run(&["build"]).on_failure, OnFailure::DepsOk);
        assert_eq!(run(&["build", "--continue"]).on_failure, OnFailure::Always);
        assert_eq!(run(&["--continue=never", "build"]).on_failure, OnFailure::Never);
        assert_eq!(run(&["--dry", "build"]).dry, Some(DryFormat::Text));
        assert_eq!(run(&["build", "--dry=json"]).dry, Some(DryFormat::Json));
        assert_eq!(run(&["--summarize", "build"]).summarize, Some(None));
        assert_eq!(run(&["build", "--summarize=x.json"]).summarize, Some(Some("x.json".into())));
        assert_eq!(run(&["build"]).profile, None);
        assert_eq!(run(&["--profile", "build"]).profile, Some(None));
        assert_eq!(run(&["build", "--profile=x.json"]).profile, Some(Some("x.json".into())));
    }

    #[test]
    fn what_follows_two_dashes_is_left_alone() {
        let options = run(&["build", "web#test", "--", "--force", "-x", "a b"]);
        assert_eq!(options.selectors, ["build", "web#test"]);
        assert_eq!(options.forward_args, ["--force", "-x", "a b"]);
        assert!(!options.force);
    }

    #[test]
    fn mistakes_are_refused() {
        for bad in [
            &["run"][..],
            &["run", "b", "--concurrency", "0"],
            &["run", "b", "--nope"],
            &["cache", "prune"],
            &["x"],
        ] {
            assert!(Cli::try_parse_from(std::iter::once(&"vx").chain(bad)).is_err(), "{bad:?}");
        }
    }
}
