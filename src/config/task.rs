//! One task of a project's config.

use serde_json::Value;

use super::cache::CacheConfig;
use super::dependency::Dependency;
use super::exec::ExecConfig;
use super::globs::GlobLists;
use super::reader::Place;

/// The checked config of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskConfig {
    /// For people.
    pub description: Option<String>,
    /// What runs; `None` for a group task.
    pub exec: Option<ExecConfig>,
    /// What must have ended before, each entry once, in order.
    pub depends_on: Vec<Dependency>,
    /// What is read and made; `None`: never cached.
    pub cache: Option<CacheConfig>,
    /// The evaluated value as it came, for [`crate::key::task_config_hash`].
    pub raw: Value,
}

impl TaskConfig {
    /// Whether it runs nothing and only stands for its dependencies.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        self.exec.is_none()
    }

    /// Reads a task; its `raw` value is filled in by the caller, who owns it.
    pub(super) fn read(place: &Place<'_>, globs: &GlobLists<'_>) -> Option<Self> {
        let known = ["description", "exec", "dependsOn", "cache"];
        let task = place.object(&known, "{ exec: { command: \"tsc -p .\" } }")?;
        let description = task.get("description").and_then(|text| text.string().map(str::to_owned));
        let depends_on = task
            .get("dependsOn")
            .map_or_else(|| Some(Vec::new()), |entries| dependencies(&entries));
        let exec = task.get("exec").map(|exec| ExecConfig::read(&exec));
        let cache =
            task.get("cache").map(|cache| CacheConfig::read(&cache, depends_on.as_deref(), globs));

        if exec.is_none() && depends_on.as_ref().is_some_and(Vec::is_empty) {
            place.problem(
                "the task does nothing",
                "give it exec: { command: \"…\" }, or dependsOn to make it a group".to_owned(),
            );
        }
        if let (Some(cache), None) = (task.get("cache"), &exec) {
            cache.problem(
                "a group task (one without exec) has nothing to cache",
                "remove `cache`; the tasks that it depends on have their own".to_owned(),
            );
        }
        if let (Some(cache), Some(Some(exec))) = (task.get("cache"), &exec)
            && exec.persistent.is_some()
        {
            cache.problem(
                "a persistent task never ends, so there is nothing to cache",
                "remove `cache` or `exec.persistent`".to_owned(),
            );
        }
        Some(Self {
            description,
            exec: exec.map_or(Some(None), |exec| exec.map(Some))?,
            depends_on: depends_on?,
            cache: cache.map_or(Some(None), |cache| cache.map(Some))?,
            raw: Value::Null,
        })
    }
}

fn dependencies(place: &Place<'_>) -> Option<Vec<Dependency>> {
    let mut entries = Vec::new();
    for entry in place.each(|element| Dependency::read(&element))? {
        // Lists put together from presets may repeat an entry; it means the same.
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    Some(entries)
}
