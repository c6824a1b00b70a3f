//! What a key was made of, in the form that is kept: comparable, and without the values of variables.

use sha2::{Digest, Sha256};

use super::error::CacheError;
use super::handle::Cache;
use crate::key::{Key, KeyInput};
use crate::store::{Component, EntrySummary};

impl Cache {
    /// The components of a key as [`Self::saved_components`] gives them, in the same order, so that the two
    /// compare.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn components(&self, input: &KeyInput) -> Result<Vec<Component>, CacheError> {
        let mut components = of(input, &self.with(|store| store.salt())?);
        components.sort_unstable();
        Ok(components)
    }

    /// The components of a saved entry's key, sorted. Empty when they were not kept.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn saved_components(&self, key: &Key) -> Result<Vec<Component>, CacheError> {
        self.with(|store| store.components(key))
    }

    /// The newest entries of one task, newest first: what a miss is compared with.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn newest(&self, task_id: &str, limit: u32) -> Result<Vec<EntrySummary>, CacheError> {
        self.with(|store| store.newest(task_id, limit))
    }
}

/// The components of a key. A variable's value is kept as a digest salted per store: it may be a secret.
pub(super) fn of(input: &KeyInput, salt: &str) -> Vec<Component> {
    let one = |component: &str, name: &str, value: Option<String>| Component {
        component: component.to_owned(),
        name: name.to_owned(),
        value,
    };
    let mut all = vec![
        one("workspace", "", Some(input.workspace_fingerprint.clone())),
        one("pkg", "", Some(input.package_json_hash.clone())),
        one("config", "", Some(input.task_config_hash.clone())),
    ];
    // Numbered so that their order as text is their order in the key.
    all.extend(
        input
            .forward_args
            .iter()
            .enumerate()
            .map(|(index, arg)| one("arg", &format!("{index:06}"), Some(arg.clone()))),
    );
    all.extend(input.env_values.iter().map(|env| {
        let digest = env.value.as_deref().map(|value| digest(salt, &env.name, value));
        one("env", &env.name, digest)
    }));
    all.extend(input.upstream.iter().map(|key| one("upstream", key.as_str(), None)));
    all.extend(
        input
            .inputs
            .iter()
            .map(|(path, id)| one("input", path.as_str(), Some(id.as_str().to_owned()))),
    );
    all
}

/// The first half of a SHA-256: enough to tell values apart, and no way back to one.
pub(super) fn digest(salt: &str, name: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    for part in [salt, name, value] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let start =
        hash.finalize().iter().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    format!("{start:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::EnvValue;

    #[test]
    fn a_variable_s_value_is_never_kept_but_its_changes_show() {
        let env = |value: Option<&str>, salt| {
            let value = value.map(ToOwned::to_owned);
            let env_values = vec![EnvValue { name: "TOKEN".into(), value }];
            let all = of(&KeyInput { env_values, ..KeyInput::default() }, salt);
            all.into_iter().find(|component| component.component == "env").unwrap().value
        };
        let digest = env(Some("secret"), "salt").unwrap();
        assert!(!digest.contains("secret"));
        assert_eq!(env(Some("secret"), "salt").unwrap(), digest);
        assert_ne!(env(Some("other"), "salt").unwrap(), digest);
        assert_ne!(env(Some("secret"), "another salt").unwrap(), digest);
        assert_ne!(env(Some(""), "salt"), env(None, "salt"));
    }
}
