//! The remote of a run: opening it, asking it for a plan, and what there is to say of it at the end.

use std::collections::HashSet;
use std::path::Path;

use super::console::{Console, count};
use super::environment::value;
use super::options::RunOptions;
use super::outcome::Outcome;
use super::plan::Planned;
use super::runner::{Invoked, warn};
use super::upload::Uploaded;
use crate::cache::{Access, Cache, CacheError, Configured, LayerSettings, RemoteLayer, head_of};
use crate::config::RemoteConfig;
use crate::error::Result;
use crate::graph::TaskGraph;
use crate::key::Key;
use crate::span;

/// The remote beneath the cache. Settings that make no sense cost the remote and not the run.
pub(super) fn open_remote(
    options: &RunOptions,
    config: &RemoteConfig,
    root: &Path,
    invoked: Invoked<'_>,
) -> Option<RemoteLayer> {
    if options.no_cache || options.verify {
        return None;
    }
    let access = options.layers.map(|layers| layers.remote);
    let opened = span::of("open the remote", || open_layer(access, config, root, invoked));
    opened.unwrap_or_else(|error| {
        warn(
            invoked.console,
            &format!("running without the remote cache: {error} ({})", error.code()),
        );
        None
    })
}

/// The remote that config and environment name.
///
/// # Errors
/// Settings that make no sense.
pub fn open_layer(
    access: Option<Access>,
    config: &RemoteConfig,
    root: &Path,
    invoked: Invoked<'_>,
) -> Result<Option<RemoteLayer>> {
    let configured = Configured { url: config.url.clone(), team: config.team.clone() };
    RemoteLayer::open(LayerSettings {
        configured: &configured,
        trust: &config.trust,
        variable: &|name| value(invoked.host, name).map(std::borrow::Cow::into_owned),
        access,
        head: &|| head_of(root),
    })
}

/// Which keys of a plan the remote has that the cache directory has not.
pub(super) fn ask_for(
    remote: Option<&RemoteLayer>,
    graph: &TaskGraph,
    planned: &[Planned],
    console: &Console,
) -> HashSet<Key> {
    let Some(remote) = remote else { return HashSet::new() };
    span::phase("ask the remote");
    let missing = graph.nodes().iter().zip(planned).filter(|(node, planned)| {
        node.config.cache.is_some() && node.config.exec.is_some() && planned.found.is_none()
    });
    let keys: Vec<Key> = missing.map(|(_, planned)| planned.key.clone()).collect();
    remote.has(&keys).unwrap_or_else(|error| {
        warn(console, &error.to_string());
        HashSet::new()
    })
}

/// What went wrong with the remote, each cause once.
pub(super) fn warn_of_remote(remote: &RemoteLayer, uploaded: &Uploaded, console: &Console) {
    let mut lines = remote.take_remarks();
    if uploaded.left > 0 {
        let results = count(uploaded.left, "result was", "results were");
        let cause = uploaded.failure.as_deref().unwrap_or("the run did not wait for it");
        if lines.is_empty() {
            lines.push(format!("{results} not uploaded: {cause}"));
        }
    }
    for line in lines {
        warn(console, &line);
    }
}

/// Removes the artifacts that were only to pass through the cache directory.
pub(super) fn let_pass(cache: &Cache, outcomes: &mut [Outcome]) -> Result<(), CacheError> {
    let passing = outcomes.iter_mut().filter(|outcome| outcome.passes);
    let keys = passing.filter_map(|outcome| {
        outcome.saved_now = false;
        outcome.key.clone()
    });
    let keys: Vec<Key> = keys.collect();
    if keys.is_empty() { Ok(()) } else { cache.take_back(&keys) }
}
