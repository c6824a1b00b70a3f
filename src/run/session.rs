//! A workspace with its configs and its cache: what every command that works on one starts from.
//!
//! The cache knows the values of configs, and a config may say where the cache lies. So the place is taken from the
//! command line or read off the text of `vx.workspace.*` first, and compared with its value later; where that is not
//! possible, every config is evaluated and the cache opened afterwards.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cache_dir::cache_dir;
use crate::cache::{Cache, ConfigValue};
use crate::config::memo::{Asked, Values, pure_first, values};
use crate::config::{ConfigError, Configs, Evaluated, Evaluator, Problem, WorkspaceConfig};
use crate::error::Result;
use crate::purity::{LiteralCacheDir, Syntax, literal_cache_dir, with_deep_stack};
use crate::span;
use crate::workspace::Workspace;

/// How a session comes to its cache and its configs.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Where vx was started.
    pub cwd: &'a Path,
    /// `--cache-dir`.
    pub flag: Option<&'a Path>,
    /// Who evaluates configs.
    pub evaluator: &'a dyn Evaluator,
    /// Whether values that an earlier run kept may be used.
    pub recall: bool,
    /// Opens a cache that is there; `None`: go on without one.
    pub open: &'a dyn Fn(&Path) -> Result<Option<Cache>>,
}

/// Where the cache lies.
#[derive(Debug)]
pub struct Place {
    /// The directory, absolute.
    pub dir: PathBuf,
    /// Whether there was a cache already.
    pub is_there: bool,
    /// That cache, unless it cannot or must not be used.
    pub cache: Option<Cache>,
}

/// A workspace, all of its configs evaluated and checked.
pub(super) struct Session {
    /// The workspace.
    pub workspace: Workspace,
    /// Its configs.
    pub configs: Configs,
    /// Its cache.
    pub place: Place,
    /// Values of configs that later runs may use.
    pub learnt: Vec<ConfigValue>,
}

impl Session {
    /// Finds the workspace that holds the current directory, reads its configs and opens its cache if there is one.
    ///
    /// # Errors
    /// No workspace, broken manifests, configs that throw or are wrong: all problems of all files at once; a cache
    /// directory that cannot be one.
    pub(super) fn open(opening: Opening<'_>) -> Result<Self> {
        span::phase("discover the workspace");
        let workspace = Workspace::discover(opening.cwd)?;
        let files: Vec<PathBuf> = workspace.config_files().map(Path::to_owned).collect();
        let load = |answers: Vec<Evaluated>| {
            let mut answers = answers.into_iter();
            Configs::load(&workspace, |file| next_value(&mut answers, file))
        };
        let cache_dir = |configs: &Configs| configs.workspace().cache_dir.clone();
        let Read { value: configs, place, learnt } =
            read(&workspace, &files, opening, load, cache_dir)?;
        Ok(Self { workspace, configs, place, learnt })
    }
}

/// The workspace that holds the current directory, its own config only, and its cache if there is one: for commands that
/// look at the cache. A mistake in some project's config is no reason not to.
///
/// # Errors
/// No workspace, a workspace config that throws or is wrong, a cache directory that cannot be one.
pub fn open_workspace(opening: Opening<'_>) -> Result<(Workspace, WorkspaceConfig, Place)> {
    let workspace = Workspace::discover(opening.cwd)?;
    let files: Vec<PathBuf> = workspace.config_file().map(Path::to_owned).into_iter().collect();
    let load = |answers: Vec<Evaluated>| {
        let Some(file) = files.first() else { return Ok(WorkspaceConfig::default()) };
        let value = next_value(&mut answers.into_iter(), file).map_err(ConfigError::from)?;
        WorkspaceConfig::from_value(file, &value)
    };
    let cache_dir = |config: &WorkspaceConfig| config.cache_dir.clone();
    let Read { value: config, place, .. } = read(&workspace, &files, opening, load, cache_dir)?;
    Ok((workspace, config, place))
}

/// Configs as they were read, and the cache.
struct Read<T> {
    value: T,
    place: Place,
    learnt: Vec<ConfigValue>,
}

/// Reads `files` with the help of the cache where its place can be known beforehand. `load` makes something of their
/// values, and `cache_dir` says what that has for the cache's place.
fn read<T>(
    workspace: &Workspace,
    files: &[PathBuf],
    opening: Opening<'_>,
    load: impl Fn(Vec<Evaluated>) -> Result<T, ConfigError>,
    cache_dir: impl Fn(&T) -> Option<String>,
) -> Result<Read<T>> {
    let Opening { cwd, evaluator, .. } = opening;
    let asked = Asked { root: workspace.root(), cwd, files, evaluator };
    if let Some(expected) = expected_cache_dir(workspace, opening)
        && let Ok(place) = open_place(workspace, opening, expected.as_deref())
    {
        span::phase("read the configs");
        let known = place.cache.as_ref().filter(|_| opening.recall);
        let known = known.and_then(|cache| cache.known_configs(workspace.root()).ok());
        let Values { answers, learnt } = values(asked, &known.unwrap_or_default())?;
        let value = load(answers)?;
        if opening.flag.is_some() || cache_dir(&value) == expected {
            return Ok(Read { value, place, learnt });
        }
        // The text was misread: nothing that came of it counts.
    }
    span::phase("read the configs");
    let value = load(pure_first(asked)?.answers)?;
    let place = open_place(workspace, opening, cache_dir(&value).as_deref())?;
    Ok(Read { value, place, learnt: Vec::new() })
}

/// `cacheDir` as the text of the workspace's config has it; `None`: it cannot be known without evaluating that.
#[expect(clippy::option_option, reason = "not known is not the same as not set")]
fn expected_cache_dir(workspace: &Workspace, opening: Opening<'_>) -> Option<Option<String>> {
    let Some(file) = workspace.config_file().filter(|_| opening.flag.is_none()) else {
        return Some(None);
    };
    let text = std::fs::read_to_string(file).ok()?;
    let syntax = Syntax::of(file.to_str()?);
    match with_deep_stack(1, || literal_cache_dir(&text, syntax))? {
        LiteralCacheDir::Known(dir) => Some(dir),
        LiteralCacheDir::Unknown => None,
    }
}

fn open_place(
    workspace: &Workspace,
    opening: Opening<'_>,
    configured: Option<&str>,
) -> Result<Place> {
    span::phase("open the cache");
    let dir = cache_dir(workspace.root(), opening.cwd, opening.flag, configured)?;
    let is_there = !Cache::is_absent(&dir);
    let cache = if is_there { (opening.open)(&dir)? } else { None };
    Ok(Place { dir, is_there, cache })
}

fn next_value(
    answers: &mut impl Iterator<Item = Evaluated>,
    file: &Path,
) -> Result<Value, Problem> {
    let message = "no value came back for it".to_owned();
    answers.next().unwrap_or(Evaluated::Error { message, path: None }).into_value(file)
}
