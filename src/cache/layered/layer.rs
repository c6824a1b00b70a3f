//! One remote, with what is demanded of its artifacts and what may be done with it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::pull::{Answer, Pulled};
use super::remarks::Remarks;
use crate::cache::access::Access;
use crate::error::Result;
use crate::key::Key;
use crate::remote::{Configured, Event, Health, Remote, RemoteError, RemoteSettings};
use crate::trust::{
    Head, Provenance, Signer, Trust, TrustConfig, Variable, is_forked_pull_request,
};

/// Who asks.
const USER_AGENT: &str = concat!("vx/", env!("CARGO_PKG_VERSION"));

/// Where the settings of a layer come from.
#[derive(Clone, Copy)]
pub struct LayerSettings<'a> {
    /// Where the remote lies, as far as that is configured.
    pub configured: &'a Configured,
    /// Whom to believe.
    pub trust: &'a TrustConfig,
    /// The environment.
    pub variable: &'a Variable<'a>,
    /// What may be done with the remote; `None`: all, but only reading in the CI of a forked pull request.
    pub access: Option<Access>,
    /// What is checked out, asked for where something is signed.
    pub head: &'a dyn Fn() -> Option<Head>,
}

/// The remote beneath a local cache.
#[derive(Debug)]
pub struct RemoteLayer {
    pub(super) remote: Remote,
    pub(super) trust: Trust,
    pub(super) signer: Signer,
    pub(super) team: String,
    pub(super) provenance: Provenance,
    pub(super) access: Access,
    /// What was asked, each key once. Whoever comes second waits for the first.
    pub(super) asked: Mutex<HashMap<Key, Arc<OnceLock<Answer>>>>,
    /// What came.
    pub(super) arrived: Mutex<HashMap<Key, Pulled>>,
    /// Artifacts that came and are not used.
    pub(super) remarks: Remarks,
    /// Artifacts that did not come.
    pub(super) failures: Remarks,
    /// Why nothing is uploaded although it might be.
    unwritable: Option<String>,
}

impl RemoteLayer {
    /// The layer that the settings describe; `None` where no remote is configured, or nothing may be done with it.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// Settings that make no sense: of the remote, of the keys.
    pub fn open(settings: LayerSettings<'_>) -> Result<Option<Self>> {
        let LayerSettings { configured, trust, variable, access, head } = settings;
        let Some(found) = RemoteSettings::read(variable, configured)? else { return Ok(None) };
        let trust = Trust::new(trust, variable)?;
        let signer = Signer::from_variables(variable)?;
        let by_default = || Access { read: true, write: !is_forked_pull_request(variable) };
        let mut access = access.unwrap_or_else(by_default);
        if !access.is_any() {
            return Ok(None);
        }
        let provenance = match signer {
            Signer::None => Provenance::default(),
            _ => Provenance::of(variable, head),
        };
        // What nobody would use could replace what others do use.
        let useless = trust.foresee(&signer, &provenance).err().filter(|_| access.write);
        access.write &= useless.is_none();
        let unwritable =
            useless.map(|reason| format!("nothing is uploaded, as no one would use it: {reason}"));
        Ok(Some(Self {
            team: found.team().to_owned(),
            remote: Remote::open(&found, USER_AGENT)?,
            trust,
            signer,
            provenance,
            access,
            asked: Mutex::default(),
            arrived: Mutex::default(),
            remarks: Remarks::default(),
            failures: Remarks::default(),
            unwritable,
        }))
    }

    /// What may be done with it.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// The remote without its secrets.
    #[must_use]
    pub fn describe(&self) -> String {
        self.remote.describe()
    }

    /// Why results are not uploaded although nothing forbids it: they would be of no use to anybody.
    #[must_use]
    pub fn unwritable(&self) -> Option<&str> {
        self.unwritable.as_deref()
    }

    /// Tries the connection.
    #[must_use]
    pub fn check(&self) -> Health {
        self.remote.check()
    }

    /// Tells the remote what became of keys, where it wants to know.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn record(&self, events: &[Event]) -> std::result::Result<(), RemoteError> {
        self.remote.record(events)
    }

    /// Ends at once whatever is under way and to come.
    pub fn cancel(&self) {
        self.remote.cancel();
    }

    /// The same, for whoever outlives this.
    pub fn canceller(&self) -> impl Fn() + Send + 'static {
        let remote = self.remote.clone();
        move || remote.cancel()
    }

    /// What the user should know, and was not told yet.
    #[must_use]
    pub fn take_remarks(&self) -> Vec<String> {
        let trouble =
            self.remote.trouble().map(|cause| format!("{cause}; its results are made here"));
        let mut failures = self.failures.take("not fetched");
        if trouble.is_some() {
            // They are what opened the breaker: one cause, one line.
            failures.clear();
        }
        let refused = self.remarks.take("not used");
        trouble.into_iter().chain(failures).chain(refused).collect()
    }

    pub(super) fn slot(&self, key: &Key) -> Arc<OnceLock<Answer>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(key.clone()).or_default())
    }
}

/// What `root` has checked out.
#[must_use]
pub fn head_of(root: &Path) -> Option<Head> {
    let (commit, reference) = crate::git::Repo::discover(root).ok()??.head()?;
    Some(Head { commit, reference })
}
