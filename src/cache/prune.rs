//! Eviction: by age since the last use, then the least recently used until the rest fits.
//!
//! Removes only what is named like an artifact, and leftovers of ours; nothing else in the directory.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::adopt;
use super::directory::{self, now};
use super::error::CacheError;
use super::handle::Cache;
use super::leftovers;
use crate::artifact::ArtifactError;
use crate::fault;
use crate::key::Key;
use crate::store::Store;

/// A damaged artifact may be one that is still being copied here, but not for longer than this: one hour.
const SETTLED: i64 = 60 * 60 * 1000;

/// What to evict. Without limits only leftovers are removed.
#[derive(Clone, Debug, Default)]
pub struct PruneOptions {
    /// Evicts what was last used before this time, milliseconds since the epoch.
    pub older_than_ms: Option<i64>,
    /// Then evicts the least recently used until the artifacts take at most this many bytes.
    pub max_bytes: Option<u64>,
    /// Only says what would be evicted. The index is repaired all the same.
    pub dry_run: bool,
    /// Never evicted, though counted.
    pub protect: Vec<Key>,
}

/// What was evicted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneResult {
    /// How many entries.
    pub evicted: u64,
    /// The size of their artifacts.
    pub bytes_freed: u64,
    /// Their keys, in the order of eviction.
    pub keys: Vec<Key>,
}

/// One artifact, as eviction sees it.
#[derive(Debug)]
struct Candidate {
    key: Key,
    size: u64,
    accessed_at: i64,
    created_at: i64,
    damaged: bool,
}

impl Cache {
    /// Evicts entries and removes what killed processes left behind.
    ///
    /// # Errors
    /// [`CacheError::Directory`] when it cannot be listed; [`CacheError::Closed`].
    pub fn prune(&self, options: &PruneOptions) -> Result<PruneResult, CacheError> {
        self.flush()?;
        let victims = choose(self.candidates()?, options, now());
        if options.dry_run {
            return Ok(summed(victims));
        }
        let failed = |source| CacheError::Directory { path: self.dir().to_owned(), source };
        let mut evicted = Vec::with_capacity(victims.len());
        let mut gone = Vec::with_capacity(victims.len());
        for victim in victims {
            match directory::remove(self.dir(), &victim.key) {
                Ok(removed) => {
                    gone.push(victim.key.clone());
                    // Otherwise another process was faster, and counts it.
                    if removed {
                        evicted.push(victim);
                    }
                    fault::point("prune.removing").map_err(failed)?;
                }
                Err(error) => self.warn(format!(
                    "cannot remove {} from the cache: {error}",
                    directory::artifact(self.dir(), &victim.key).display()
                )),
            }
        }
        fault::point("prune.removed").map_err(failed)?;
        self.forget(&gone)?;
        self.tidy()?;
        Ok(summed(evicted))
    }

    /// Prunes unless that was done within the last `interval`, by any process; `None` then.
    ///
    /// # Errors
    /// As [`Self::prune`].
    pub fn prune_if_due(
        &self,
        options: &PruneOptions,
        interval: Duration,
    ) -> Result<Option<PruneResult>, CacheError> {
        // An index in memory does not know when that was, and would read every artifact to find out what to
        // evict, on every run.
        if self.is_in_memory() {
            return Ok(None);
        }
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let now = now();
        let due = self.with(|store| store.claim_prune(now, interval))?;
        if due { self.prune(options).map(Some) } else { Ok(None) }
    }

    /// All artifacts. Rows without an artifact go, artifacts without a row get one.
    fn candidates(&self) -> Result<Vec<Candidate>, CacheError> {
        // Rows first: the artifact of a row that is there now was there before the listing.
        let rows = self.with(|store| store.summaries())?;
        let files = directory::artifacts(self.dir())?;
        let mut rows: HashMap<Key, _> =
            rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        let mut candidates = Vec::with_capacity(files.len());
        let mut unknown = Vec::new();
        for file in files {
            match rows.remove(&file.key) {
                Some(row) => candidates.push(Candidate {
                    key: file.key,
                    size: file.size,
                    accessed_at: row.accessed_at,
                    created_at: row.created_at,
                    damaged: false,
                }),
                None => unknown.push(file),
            }
        }
        let mut adopted = Vec::with_capacity(unknown.len());
        let found = adopt::each(self.dir(), &unknown);
        for (file, found) in unknown.into_iter().zip(found) {
            let (accessed_at, created_at, damaged) = match &found {
                Ok(row) => (row.accessed_at, row.created_at, false),
                // Reading it just now was no use of it.
                Err(error) => (file.written_at, file.written_at, is_damage(error)),
            };
            adopted.extend(found);
            candidates.push(Candidate {
                key: file.key,
                size: file.size,
                accessed_at,
                created_at,
                damaged,
            });
        }
        let lost: Vec<Key> = rows.into_keys().collect();
        self.forget(&lost)?;
        self.with(|store| store.adopt(&adopted))?;
        Ok(candidates)
    }

    /// Removes what no entry needs.
    fn tidy(&self) -> Result<(), CacheError> {
        leftovers::remove(self.dir());
        for worktree in self.with(|store| store.worktrees())? {
            let looked_at = std::fs::symlink_metadata(&worktree);
            if looked_at.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
                self.with(|store| store.drop_worktree(&worktree))?;
            }
        }
        self.with(Store::bound_history)
    }
}

/// Whether the artifact itself is at fault, so that nobody will ever read it.
const fn is_damage(error: &ArtifactError) -> bool {
    matches!(error, ArtifactError::Corrupt { .. } | ArtifactError::OtherKey { .. })
}

/// The victims, in the order of eviction.
fn choose(mut candidates: Vec<Candidate>, options: &PruneOptions, now: i64) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| {
        (a.accessed_at, a.created_at, &a.key).cmp(&(b.accessed_at, b.created_at, &b.key))
    });
    let protected: HashSet<&Key> = options.protect.iter().collect();
    let mut total: u64 = candidates.iter().map(|candidate| candidate.size).sum();
    let mut victims = Vec::new();
    let mut kept = Vec::new();
    for candidate in candidates {
        let too_old = options.older_than_ms.is_some_and(|cutoff| candidate.accessed_at < cutoff);
        let useless = candidate.damaged && candidate.accessed_at < now - SETTLED;
        if (too_old || useless) && !protected.contains(&candidate.key) {
            total -= candidate.size;
            victims.push(candidate);
        } else {
            kept.push(candidate);
        }
    }
    for candidate in kept {
        let fits = options.max_bytes.is_none_or(|max| total <= max);
        if fits {
            break;
        }
        if !protected.contains(&candidate.key) {
            total -= candidate.size;
            victims.push(candidate);
        }
    }
    victims
}

fn summed(evicted: Vec<Candidate>) -> PruneResult {
    PruneResult {
        evicted: evicted.len() as u64,
        bytes_freed: evicted.iter().map(|candidate| candidate.size).sum(),
        keys: evicted.into_iter().map(|candidate| candidate.key).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000 * SETTLED;

    prop_compose! {
        fn candidate()(
            n in any::<u32>(),
            size in 0..100_u64,
            accessed_at in 0..10_i64,
            created_at in 0..10_i64,
        ) -> Candidate {
            let key = Key::parse(&format!("{n:032x}")).unwrap();
            Candidate { key, size, accessed_at: NOW + accessed_at, created_at, damaged: false }
        }
    }

    proptest! {
        #[test]
        fn eviction_takes_what_it_must_and_no_more(
            candidates in prop::collection::vec(candidate(), 0..40),
            cutoff in prop::option::of(NOW..NOW + 10),
            max_bytes in prop::option::of(0..2_000_u64),
            protect in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        ) {
            let protect: Vec<Key> = if candidates.is_empty() {
                Vec::new()
            } else {
                protect.iter().map(|index| index.get(&candidates).key.clone()).collect()
            };
            let all: HashMap<Key, (u64, i64)> =
                candidates.iter().map(|one| (one.key.clone(), (one.size, one.accessed_at))).collect();
            prop_assume!(all.len() == candidates.len());
            let options = PruneOptions {
                older_than_ms: cutoff, max_bytes, dry_run: false, protect: protect.clone(),
            };
            let victims = choose(candidates, &options, NOW);

            let gone: HashSet<&Key> = victims.iter().map(|victim| &victim.key).collect();
            prop_assert_eq!(gone.len(), victims.len());
            prop_assert!(protect.iter().all(|key| !gone.contains(key)));
            let free = |key: &Key| !gone.contains(key) && !protect.contains(key);
            let too_old = |used: i64| cutoff.is_some_and(|cutoff| used < cutoff);
            prop_assert!(all.iter().all(|(key, (_, used))| !free(key) || !too_old(*used)));

            let kept: u64 =
                all.iter().filter(|(key, _)| !gone.contains(key)).map(|(_, (size, _))| size).sum();
            let fits = |total: u64| max_bytes.is_none_or(|max| total <= max);
            prop_assert!(fits(kept) || all.keys().all(|key| !free(key)));
            if let Some(last) = victims.last().filter(|last| !too_old(last.accessed_at)) {
                prop_assert!(!fits(kept + last.size), "the last one need not have gone");
                prop_assert!(
                    all.iter().all(|(key, (_, used))| !free(key) || *used >= last.accessed_at)
                );
            }
        }
    }
}
