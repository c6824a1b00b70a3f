//! What one run is asked to do, however it was asked.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::cache::Layers;

/// The options of one run, defaults as the command line's.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// `task` or `project#task`.
    pub selectors: Vec<String>,
    /// `--filter`, in order.
    pub filters: Vec<String>,
    /// Every project, wherever the run was started.
    pub all: bool,
    /// What stood after `--`; for the requested tasks only.
    pub forward_args: Vec<String>,
    /// How many tasks at once; `None` leaves it to the workspace's config, then to the number of cores.
    pub concurrency: Option<Concurrency>,
    /// Run every task and overwrite what is stored.
    pub force: bool,
    /// Neither read nor write the cache, and leave outputs alone.
    pub no_cache: bool,
    /// What may be done with each layer of the cache, where that was said.
    pub layers: Option<Layers>,
    /// Another cache directory.
    pub cache_dir: Option<PathBuf>,
    /// What happens to the rest after a failure.
    pub on_failure: OnFailure,
    /// The time limit of tasks without their own.
    pub timeout: Option<Duration>,
    /// How often to try again, for tasks without their own.
    pub retries: u32,
    /// Which tasks' output is printed.
    pub output_logs: OutputLogs,
    /// How outputs of tasks that run side by side are printed; `None`: stream on a terminal, else grouped.
    pub log_order: Option<LogOrder>,
    /// Plan only.
    pub dry: Option<DryFormat>,
    /// Run hits again in scratch copies and compare, instead of running anything in the workspace.
    pub verify: bool,
    /// Write a JSON summary: to this file, or to one named after the run under `.vx/runs`.
    pub summarize: Option<Option<PathBuf>>,
    /// Write where the time went: to this file, or to one named after the run under `.vx/runs`.
    pub profile: Option<Option<PathBuf>>,
}

/// How many tasks run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// So many.
    Tasks(NonZeroUsize),
    /// A share of the cores, in percent; at least one task.
    Percent(u32),
}

impl Concurrency {
    /// `4` or `50%`; `None` for anything else and for zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_suffix('%').map_or_else(
            || text.parse().ok().map(Self::Tasks),
            |percent| {
                percent
                    .parse()
                    .ok()
                    .filter(|percent| (1..=10_000).contains(percent))
                    .map(Self::Percent)
            },
        )
    }

    /// The number of tasks on a machine with so many cores.
    #[must_use]
    pub fn tasks(self, cores: usize) -> usize {
        match self {
            Self::Tasks(tasks) => tasks.get(),
            Self::Percent(percent) => (cores * percent as usize / 100).max(1),
        }
    }
}

/// A closed set of words on the command line, each with what it means.
pub trait Words: Copy + 'static {
    /// Every word, the default first.
    const WORDS: &'static [(&'static str, Self)];

    /// The meaning of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }
}

/// `--continue`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// What does not depend on the failure goes on.
    #[default]
    DepsOk,
    /// End what runs and start nothing more.
    Never,
    /// Everything goes on, dependents too; those are never cached.
    Always,
}

impl Words for OnFailure {
    const WORDS: &'static [(&'static str, Self)] =
        &[("deps-ok", Self::DepsOk), ("never", Self::Never), ("always", Self::Always)];
}

/// `--output-logs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputLogs {
    /// Of every task, replayed on hits.
    #[default]
    Full,
    /// Of tasks that fail.
    ErrorsOnly,
    /// Of none; one line a task with its hash.
    HashOnly,
    /// Of none.
    None,
}

impl Words for OutputLogs {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("full", Self::Full),
        ("errors-only", Self::ErrorsOnly),
        ("hash-only", Self::HashOnly),
        ("none", Self::None),
    ];
}

/// `--log-order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOrder {
    /// A task's output in one block when it has ended.
    Grouped,
    /// Each line as it comes.
    Stream,
}

impl Words for LogOrder {
    const WORDS: &'static [(&'static str, Self)] =
        &[("grouped", Self::Grouped), ("stream", Self::Stream)];
}

/// `--dry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Words for DryFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_is_a_count_or_a_share() {
        assert_eq!(Concurrency::parse("4").map(|c| c.tasks(2)), Some(4));
        assert_eq!(Concurrency::parse("50%").map(|c| c.tasks(8)), Some(4));
        assert_eq!(Concurrency::parse("10%").map(|c| c.tasks(2)), Some(1));
        for bad in ["0", "0%", "-1", "x", "", "%", "1.5"] {
            assert_eq!(Concurrency::parse(bad), None, "{bad:?}");
        }
    }
}
