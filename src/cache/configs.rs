//! The values of configs that outlive a run. Of the variables that a value depends on only salted digests are kept.

use std::path::Path;

use super::components::digest;
use super::error::CacheError;
use super::handle::Cache;
use crate::store::ConfigRow;

/// The value of one config file, and what it depends on, as it was learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigValue {
    /// The file, relative to the workspace root.
    pub path: String,
    /// What evaluated it.
    pub made_by: String,
    /// The files that it depends on, as one text.
    pub depends_on: String,
    /// The variables that it depends on, by name; `None`: unset.
    pub variables: Vec<(String, Option<String>)>,
    /// The value as JSON.
    pub value: String,
}

/// The same as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownConfig {
    /// The file, relative to the workspace root.
    pub path: String,
    /// What evaluated it.
    pub made_by: String,
    /// The files that it depends on, as one text.
    pub depends_on: String,
    /// The value as JSON.
    pub value: String,
    variables: String,
}

/// What is known of the configs of one workspace.
#[derive(Clone, Debug, Default)]
pub struct KnownConfigs {
    /// One for each file; in no order.
    pub all: Vec<KnownConfig>,
    salt: String,
}

impl KnownConfigs {
    /// The variables that a config's value depends on, as `variable` gives them, if they are what they were.
    #[must_use]
    pub fn same_variables(
        &self,
        config: &KnownConfig,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<Vec<(String, Option<String>)>> {
        let then: Vec<(String, Option<String>)> = serde_json::from_str(&config.variables).ok()?;
        let same = |(name, then): (String, Option<String>)| {
            let now = variable(&name);
            let is_same = now.as_deref().map(|now| digest(&self.salt, &name, now)) == then;
            is_same.then_some((name, now))
        };
        then.into_iter().map(same).collect()
    }
}

impl Cache {
    /// What earlier runs learnt of the configs of the workspace at `root`.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn known_configs(&self, root: &Path) -> Result<KnownConfigs, CacheError> {
        let (rows, salt) = self.with(|store| store.config_values(root))?;
        let known = |row: ConfigRow| {
            let ConfigRow { path, made_by, depends_on, variables, value } = row;
            KnownConfig { path, made_by, depends_on, value, variables }
        };
        Ok(KnownConfigs { all: rows.into_iter().map(known).collect(), salt })
    }
}

/// The values as they are kept.
pub(super) fn rows(values: &[ConfigValue], salt: &str) -> Vec<ConfigRow> {
    let row = |config: &ConfigValue| {
        let hidden = config.variables.iter().map(|(name, value)| {
            (name.as_str(), value.as_deref().map(|value| digest(salt, name, value)))
        });
        // Texts have a JSON form.
        let variables = serde_json::to_string(&hidden.collect::<Vec<_>>()).unwrap_or_default();
        ConfigRow {
            path: config.path.clone(),
            made_by: config.made_by.clone(),
            depends_on: config.depends_on.clone(),
            variables,
            value: config.value.clone(),
        }
    };
    values.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::EndOfRun;

    #[test]
    fn a_variable_is_kept_as_a_digest_and_its_changes_show() {
        let dir = tempfile::tempdir().unwrap();
        let root = Path::new("/w");
        let config = ConfigValue {
            path: "a/vx.config.ts".into(),
            made_by: "node".into(),
            depends_on: "[]".into(),
            variables: vec![("TOKEN".into(), Some("hunter2".into())), ("UNSET".into(), None)],
            value: "{}".into(),
        };
        let cache = Cache::open(dir.path()).unwrap();
        let configs = Some((root, std::slice::from_ref(&config)));
        cache.end_run(&EndOfRun { configs, ..EndOfRun::default() }).unwrap();

        let known = cache.known_configs(root).unwrap();
        let [row] = known.all.as_slice() else { panic!("{known:?}") };
        assert_eq!((row.path.as_str(), row.value.as_str()), ("a/vx.config.ts", "{}"));
        assert!(!row.variables.contains("hunter2"), "{}", row.variables);
        let with = |token: Option<&str>, unset: Option<&str>| {
            let value = |name: &str| if name == "TOKEN" { token } else { unset };
            known.same_variables(row, |name| value(name).map(str::to_owned))
        };
        assert_eq!(with(Some("hunter2"), None), Some(config.variables));
        assert_eq!(with(Some("hunter3"), None), None);
        assert_eq!(with(Some(""), None), None);
        assert_eq!(with(None, None), None);
        assert_eq!(with(Some("hunter2"), Some("")), None);
    }
}
