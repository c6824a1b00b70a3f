//! The key of a task at the moment it is taken up: the plan's where it still holds, else anew.

use super::attempt::Attempt;
use crate::cache::{Cache, CacheError, Probe};
use crate::error::Result;
use crate::key::Key;
use crate::run::keys::Components;
use crate::run::plan::Planned;

/// The key that a task turned out to have.
pub(super) struct Keyed {
    pub(super) key: Key,
    pub(super) components: Components,
    /// What the plan found, if the key is still the plan's.
    pub(super) found: Option<Probe>,
}

impl Attempt<'_> {
    /// The plan's key where it still holds, else the key as of now.
    pub(super) fn keyed(&self) -> Result<Keyed> {
        let Some(mut planned) = self.context.take_planned(self.task) else {
            return self.keyed_anew(false);
        };
        if !self.holds(&mut planned)? {
            return self.keyed_anew(!planned.late);
        }
        let Planned { key, components, found, .. } = planned;
        Ok(Keyed { key, components, found })
    }

    /// The key as of now. `told`: what is odd about the task's inputs was said when the run was planned.
    fn keyed_anew(&self, told: bool) -> Result<Keyed> {
        let mut components = self.context.keys.fresh_components(self.task, self.outcome.wrote)?;
        if !told && self.context.graph[self.task].config.cache.is_some() {
            for warning in components.warnings() {
                self.context.printer.warn(&self.id, &warning.to_string());
            }
        }
        let key = self.key(&mut components)?;
        let found = match (&self.context.cache, &self.context.graph[self.task].config.cache) {
            (Some(cache), Some(_)) => self.probe(cache, &key)?,
            _ => None,
        };
        Ok(Keyed { key, components, found })
    }

    /// Whether the key of the plan is still the task's. One that reads what its upstream makes is keyed late;
    /// any upstream that ran may have edited more than it declares, so a hit is looked at again then. A miss
    /// is not, as its inputs are looked at again after it ran. What a runtime command prints may depend on
    /// anything: it is asked again as soon as an upstream task changed the tree.
    fn holds(&self, planned: &mut Planned) -> Result<bool> {
        let config = &self.context.graph[self.task].config;
        let asks = config.cache.as_ref().is_some_and(|cache| !cache.inputs.runtime.is_empty());
        if asks && self.outcome.wrote {
            return Ok(false);
        }
        if planned.late || !self.outcome.ran {
            return Ok(!planned.late);
        }
        if planned.found.is_some() || (config.cache.is_none() && !config.is_group()) {
            return Ok(false);
        }
        let key = self.key(&mut planned.components)?;
        Ok(key == planned.key)
    }

    fn key(&self, components: &mut Components) -> Result<Key> {
        self.context.keys.key(self.task, components, |upstream| self.context.key_of(upstream))
    }

    pub(super) fn probe(&self, cache: &Cache, key: &Key) -> Result<Option<Probe>, CacheError> {
        Ok(cache.probe(std::slice::from_ref(key), self.context.worktree)?.remove(key))
    }
}
