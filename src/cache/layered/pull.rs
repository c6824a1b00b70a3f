//! Asking the remote for a key: at most once, and nothing of the answer counts before it was judged and verified.

use std::collections::{HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

use super::layer::RemoteLayer;
use crate::artifact::ArtifactError;
use crate::cache::error::CacheError;
use crate::cache::handle::Cache;
use crate::key::Key;
use crate::remote::{Limits, RemoteError};
use crate::trust::{Artifact, Distrust, Provenance};

/// A larger artifact is not taken: 16 GiB.
const LARGEST: u64 = 16 << 30;

/// What the remote had for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its artifact is in the local cache now.
    Hit(Pulled),
    /// Nothing that can be used.
    Miss,
}

/// An artifact that came from the remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Bytes that were downloaded.
    pub bytes: u64,
    /// Whether the local cache had one of this key already.
    pub was_here: bool,
    /// Where it was built, if a signature vouches for that.
    pub provenance: Option<Provenance>,
}

/// Why an artifact did not make it.
enum Trouble {
    Remote(RemoteError),
    Distrust(Distrust),
    Cache(CacheError),
}

impl RemoteLayer {
    /// Brings the artifact of `key` into `cache`. However often and from however many threads, a key is asked for once;
    /// a miss stays one.
    pub fn pull(&self, cache: &Cache, key: &Key) -> Answer {
        if !self.access.read {
            return Answer::Miss;
        }
        self.slot(key).get_or_init(|| self.ask(cache, key)).clone()
    }

    /// Whether the remote was asked for any key.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.values().any(|slot| slot.get().is_some())
    }

    /// What [`Self::pull`] brought for this key, from the moment at which it can be found in the cache directory.
    #[must_use]
    pub fn pulled(&self, key: &Key) -> Option<Pulled> {
        self.arrived().get(key).cloned()
    }

    /// Which of these keys the remote has. What it says that it does not have is not asked for again.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn has(&self, keys: &[Key]) -> Result<HashSet<Key>, RemoteError> {
        if !self.access.read || keys.is_empty() {
            return Ok(HashSet::new());
        }
        let found = self.remote.has(keys)?;
        for key in keys.iter().filter(|key| !found.contains(*key)) {
            // Unless somebody is asking at this moment: then that answer counts.
            let _ = self.slot(key).set(Answer::Miss);
        }
        Ok(found)
    }

    fn ask(&self, cache: &Cache, key: &Key) -> Answer {
        match self.fetch(cache, key) {
            Ok(Some(pulled)) => return Answer::Hit(pulled),
            // Trouble with the remote as a whole is told once, by the remote itself.
            Ok(None)
            | Err(Trouble::Remote(RemoteError::Unavailable { .. } | RemoteError::Cancelled)) => {}
            Err(Trouble::Remote(error)) => self.failures.add(error.to_string(), key),
            Err(Trouble::Distrust(distrust)) => self.remarks.add(distrust.to_string(), key),
            Err(Trouble::Cache(error)) => self.remarks.add(unusable(&error), key),
        }
        Answer::Miss
    }

    fn fetch(&self, cache: &Cache, key: &Key) -> Result<Option<Pulled>, Trouble> {
        let incoming = cache.incoming().map_err(Trouble::Cache)?;
        let limits = Limits { max_bytes: LARGEST };
        let fetched = self.remote.fetch(key, incoming.path(), limits).map_err(Trouble::Remote)?;
        let Some(fetched) = fetched else { return Ok(None) };
        let artifact = Artifact {
            key,
            team: &self.team,
            sha256: fetched.sha256,
            bytes: fetched.bytes,
            path: incoming.path(),
        };
        let provenance =
            self.trust.judge(&artifact, fetched.tag.as_deref()).map_err(Trouble::Distrust)?;
        let was_here = cache.holds(key);
        let pulled = Pulled { bytes: fetched.bytes, was_here, provenance };
        // First this: whoever finds it in the directory has to learn where it came from.
        self.arrived().insert(key.clone(), pulled.clone());
        if let Err(error) = cache.ingest(key, incoming) {
            self.arrived().remove(key);
            return Err(Trouble::Cache(error));
        }
        Ok(Some(pulled))
    }

    fn arrived(&self) -> MutexGuard<'_, HashMap<Key, Pulled>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with an artifact, without the name of the file that it was received in: that is gone.
fn unusable(error: &CacheError) -> String {
    match error {
        CacheError::Artifact(ArtifactError::Corrupt { reason, .. }) => {
            format!("it is damaged: {reason}")
        }
        CacheError::Artifact(ArtifactError::OtherKey { .. }) => {
            "it belongs to another key".to_owned()
        }
        CacheError::Artifact(ArtifactError::OtherVersion { found, .. }) => {
            format!("it has format version {found}, which this vx does not read")
        }
        other => other.to_string(),
    }
}
