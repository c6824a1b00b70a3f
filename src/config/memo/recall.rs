//! Values that are still right.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use super::dependency::{Dependency, path_of};
use super::look::{FORMAT, Look};
use super::runtime::Runtime;
use crate::cache::{ConfigValue, KnownConfig, KnownConfigs};
use crate::memo::Memo;

/// A value that is still right.
pub(super) struct Recalled {
    pub(super) value: Value,
    /// The same with newer stamps, to be kept instead.
    pub(super) again: Option<ConfigValue>,
}

/// The known values that `runtime` would give again, by the names of their files. `identity`: that of the runtime.
pub(super) fn recall(
    root: &Path,
    runtime: &Runtime,
    identity: &str,
    known: &KnownConfigs,
) -> HashMap<String, Recalled> {
    let readable: Vec<(&KnownConfig, Vec<Dependency>)> = known
        .all
        .par_iter()
        .filter(|config| config.made_by == identity)
        .filter_map(|config| Some((config, serde_json::from_str(&config.depends_on).ok()?)))
        .collect();
    let dependencies = || readable.iter().flat_map(|(_, dependencies)| dependencies);
    // Many depend on the same few files.
    let mut named = HashSet::new();
    let memo = Memo::new(dependencies().filter_map(|dependency| match dependency {
        Dependency::File(name, state) if named.insert(name) => {
            state.remembered(path_of(root, name))
        }
        _ => None,
    }));
    let look = Look::at(dependencies(), root, &runtime.real_package(), &memo);
    readable
        .par_iter()
        .filter_map(|(config, then)| {
            let now: Vec<Cow<'_, Dependency>> =
                then.iter().map(|dependency| look.still(dependency)).collect::<Option<_>>()?;
            let variables = known.same_variables(config, |name| runtime.variable(name))?;
            let value = serde_json::from_str(&config.value).ok()?;
            let moved = now.iter().any(|now| matches!(now, Cow::Owned(_)));
            let moved = moved && are_settled(now.iter().map(Cow::as_ref), root, &memo);
            let again = moved.then(|| ConfigValue {
                path: config.path.clone(),
                made_by: config.made_by.clone(),
                depends_on: serde_json::to_string(&now).unwrap_or_default(),
                variables,
                value: config.value.clone(),
            });
            Some((config.path.clone(), Recalled { value, again }))
        })
        .collect()
}

/// Whether each file's stamp is proof of its content: it did not change too shortly before it was looked at.
pub(super) fn are_settled<'d>(
    dependencies: impl IntoIterator<Item = &'d Dependency>,
    root: &Path,
    memo: &Memo,
) -> bool {
    dependencies.into_iter().all(|dependency| match dependency {
        Dependency::File(name, state) => {
            memo.recall(&path_of(root, name), &state.stamp(), FORMAT).is_some()
        }
        Dependency::Absent(_) | Dependency::OwnPackage(_) => true,
    })
}
