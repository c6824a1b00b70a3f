//! Which configs are evaluated on every run, and why: for whoever wants to change that.

use std::path::{Path, PathBuf};

use super::recipe::recipes;
use super::runtime::Runtime;
use crate::memo::Memo;
use crate::purity::Impurity;

/// A config that is evaluated on every run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    /// The config.
    pub file: PathBuf,
    /// Why, and where in it.
    pub why: Impurity,
}

/// Those of the configs of the workspace at `root` whose values are not kept. Nothing is evaluated to find out.
#[must_use]
pub fn live_configs(
    root: &Path,
    cwd: &Path,
    files: &[PathBuf],
    runtime: &Runtime,
) -> Vec<LiveConfig> {
    let found: Vec<Option<Impurity>> = if runtime.identity(cwd).is_some() {
        let found = recipes(root, files, runtime, &Memo::default());
        found.into_iter().map(Result::err).collect()
    } else {
        let what = "the way the runtime was started or set up may change what it evaluates to";
        vec![Some(Impurity::of_module(what)); files.len()]
    };
    let live = |(file, why): (&PathBuf, Option<Impurity>)| {
        Some(LiveConfig { file: file.clone(), why: why? })
    };
    files.iter().zip(found).filter_map(live).collect()
}
