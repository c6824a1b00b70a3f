//! The value of `vx.workspace.*`.

use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::ConfigError;
use super::reader::{Place, Report};
use super::remote::RemoteConfig;
use super::retention::Retention;

/// The config of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceConfig {
    /// How many tasks run at once.
    pub concurrency: Option<NonZeroUsize>,
    /// Where the cache lies: absolute, or relative to the workspace root.
    pub cache_dir: Option<String>,
    /// What automatic pruning keeps; `None` when it is switched off.
    pub cache_retention: Option<Retention>,
    /// What `--affected` compares with.
    pub affected_base: Option<String>,
    /// The remote cache, and whom to believe of what lies there.
    pub remote: RemoteConfig,
    /// Volumes by name, as they came.
    pub volumes: Map<String, Value>,
}

impl Default for WorkspaceConfig {
    fn default() -> Self {
        Self {
            concurrency: None,
            cache_dir: None,
            cache_retention: Some(Retention::default()),
            affected_base: None,
            remote: RemoteConfig::default(),
            volumes: Map::new(),
        }
    }
}

impl WorkspaceConfig {
    /// Checks the evaluated value of `file`.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of the value.
    pub fn from_value(file: &Path, value: &Value) -> Result<Self, ConfigError> {
        let report = Report::new(file);
        let config = Self::read(&Place::top(value, &report));
        report.finish(config)
    }

    fn read(top: &Place<'_>) -> Self {
        let mut config = Self::default();
        let known =
            ["concurrency", "cacheDir", "cacheRetention", "affectedBase", "remote", "volumes"];
        let example = "{ concurrency: 4 }";
        let Some(given) = top.object(&known, example) else { return config };
        let text = |key| given.get(key)?.filled_string().map(str::to_owned);
        config.concurrency = given
            .get("concurrency")
            .and_then(|number| number.integer(1..=u64::MAX, "a positive whole number"))
            .and_then(|number| usize::try_from(number).ok())
            .and_then(NonZeroUsize::new);
        config.cache_dir = text("cacheDir");
        config.affected_base = text("affectedBase");
        if let Some(retention) = given.get("cacheRetention") {
            config.cache_retention = Retention::read(&retention);
        }
        if let Some(remote) = given.get("remote") {
            config.remote = RemoteConfig::read(&remote);
        }
        if let Some(volumes) = given.get("volumes")
            && let Some(volumes) = volumes.map("{ deps: { paths: [\"node_modules\"], key: {} } }")
        {
            config.volumes.clone_from(volumes.members());
        }
        config
    }
}
