//! The handle to a remote cache, and the runtime that its requests run on.
//!
//! Blocking, for plain threads; as many as like may call at once. Nothing is started and nothing is connected
//! before the first request.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::breaker::{Access, Breaker};
use super::client::Client;
use super::directory::Directory;
use super::error::RemoteError;
use super::health::{Asked, Health};
use super::location::Location;
use super::objects::Objects;
use super::settings::RemoteSettings;
use super::transfer::{Call, Deadlines, Limits};
use super::webdav::WebDav;
use super::wire::Wire;
use crate::key::Key;

/// An artifact that has arrived. Nothing of it has been verified but its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// The signature that was stored with it: a text that is understood elsewhere.
    pub tag: Option<String>,
    /// How long its task ran, where the store knows.
    pub duration_ms: Option<u64>,
}

/// What is told about an artifact that is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pushed<'a> {
    /// How long its task ran.
    pub duration_ms: u64,
    /// The signature to store with it.
    pub tag: Option<&'a str>,
    /// The commit that it was built from.
    pub commit: Option<&'a str>,
}

/// A look-up of a key, for the statistics of a wire.
#[derive(Clone, Debug)]
pub struct Event {
    /// What was looked up.
    pub key: Key,
    /// Whether it was there.
    pub hit: bool,
    /// Whether it was looked up in the remote cache.
    pub remote: bool,
    /// How long its task ran, or would have run.
    pub duration_ms: u64,
}

/// A remote cache. Cheap to clone; all clones share one breaker and one runtime.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
}

struct Inner {
    settings: RemoteSettings,
    user_agent: String,
    deadlines: Arc<Deadlines>,
    host: Arc<str>,
    breaker: Breaker,
    cancel: watch::Sender<bool>,
    engine: OnceLock<Result<Engine, RemoteError>>,
}

/// What exists only once something was asked.
struct Engine {
    /// Taken out when this is dropped.
    runtime: Option<Runtime>,
    store: Store,
}

enum Store {
    Wire(Wire),
    WebDav(WebDav),
    Directory(Directory),
    Objects(Objects),
}

impl Remote {
    /// A handle to the store of `settings`. Neither network nor disk are used yet.
    ///
    /// # Errors
    /// [`RemoteError::Config`] where the settings cannot work together.
    pub fn open(settings: &RemoteSettings, user_agent: &str) -> Result<Self, RemoteError> {
        if http::HeaderValue::from_str(user_agent).is_err() {
            let reason = format!("{user_agent:?} cannot be the name of a client");
            return Err(RemoteError::Config { reason });
        }
        let inner = Inner {
            user_agent: user_agent.to_owned(),
            deadlines: Arc::new(settings.deadlines.clone()),
            host: settings.location.host().into(),
            breaker: Breaker::new(settings.rest),
            cancel: watch::channel(false).0,
            engine: OnceLock::new(),
            settings: settings.clone(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Streams an artifact into the new file `into`; nothing if the store does not have it. After an error
    /// there is no file.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub fn fetch(
        &self,
        key: &Key,
        into: &Path,
        limits: Limits,
    ) -> Result<Option<Fetched>, RemoteError> {
        self.call(Access::Read, &async |store, call| match store {
            Store::Wire(wire) => wire.fetch(call, key, into, limits).await,
            Store::WebDav(dav) => dav.fetch(call, key, into, limits).await,
            Store::Directory(directory) => directory.fetch(call, key, into, limits).await,
            Store::Objects(objects) => objects.fetch(call, key, into, limits).await,
        })
    }

    /// Streams the file `from` into the store; how many bytes that were. An artifact that is there already
    /// may stay or be replaced.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub fn push(&self, key: &Key, from: &Path, about: &Pushed<'_>) -> Result<u64, RemoteError> {
        let len = std::fs::metadata(from).map_err(|error| RemoteError::file(from, &error))?.len();
        self.call(Access::Write, &async |store, call| match store {
            Store::Wire(wire) => wire.push(call, key, from, len, about).await,
            Store::WebDav(dav) => dav.push(call, key, from, len, about).await,
            Store::Directory(directory) => directory.push(call, key, from, about).await,
            Store::Objects(objects) => objects.push(call, key, from, about).await,
        })?;
        Ok(len)
    }

    /// Which of `keys` the store has.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub fn has(&self, keys: &[Key]) -> Result<HashSet<Key>, RemoteError> {
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        self.call(Access::Read, &async |store, call| match store {
            Store::Wire(wire) => wire.has(call, keys).await,
            Store::WebDav(dav) => dav.has(call, keys).await,
            Store::Directory(directory) => directory.has(call, keys).await,
            Store::Objects(objects) => objects.has(call, keys).await,
        })
    }

    /// Tells a wire what was looked up, for its statistics; nothing elsewhere. Tried once, and whether it
    /// succeeds says nothing about the store.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub fn record(&self, events: &[Event]) -> Result<(), RemoteError> {
        let inner = &self.inner;
        if events.is_empty() || !matches!(inner.settings.location, Location::Wire(_)) {
            return Ok(());
        }
        if let (false, Some(reason)) = (inner.breaker.is_closed(), self.trouble()) {
            return Err(RemoteError::Unavailable { reason });
        }
        let (engine, call) = (inner.engine()?, inner.new_call());
        let Store::Wire(wire) = &engine.store else { return Ok(()) };
        engine.block_on(call.run(wire.record(&call, events)))
    }

    /// Asks the store how it does, whatever the breaker says.
    #[must_use]
    pub fn check(&self) -> Health {
        let began = Instant::now();
        let mut asked = Asked::default();
        let result = self.inner.check(&mut asked);
        Health::new(self.describe(), &asked, began.elapsed(), &result)
    }

    /// Ends everything that is under way and everything to come with [`RemoteError::Cancelled`].
    pub fn cancel(&self) {
        self.inner.cancel.send_replace(true);
    }

    /// Why the store is not asked at the moment, or was not for a while: one sentence without secrets.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.inner.breaker.trouble()
    }

    /// The store without secrets.
    #[must_use]
    pub fn describe(&self) -> String {
        self.inner.settings.describe()
    }

    /// One call with all its tries, past the breaker.
    fn call<T>(
        &self,
        access: Access,
        attempt: &impl AsyncFn(&Store, &Call) -> Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        let inner = &self.inner;
        if *inner.cancel.borrow() {
            return Err(RemoteError::Cancelled);
        }
        let pass = inner.breaker.enter(access, Instant::now())?;
        let result = inner.engine().and_then(|engine| {
            let call = inner.new_call();
            // A probe is one try.
            let go_on = || inner.breaker.is_closed();
            let tries = call.tries(go_on, async || attempt(&engine.store, &call).await);
            engine.block_on(call.run(async {
                tokio::select! {
                    biased;
                    result = tries => result,
                    () = pass.is_in_vain() => {
                        let reason = inner.breaker.trouble().unwrap_or_default();
                        Err(RemoteError::Unavailable { reason })
                    }
                }
            }))
        });
        inner.breaker.leave(&pass, &result, Instant::now());
        result
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.describe()).finish()
    }
}

impl Inner {
    fn new_call(&self) -> Call {
        Call::new(Arc::clone(&self.deadlines), Arc::clone(&self.host), self.cancel.subscribe())
    }

    fn check(&self, asked: &mut Asked) -> Result<(), RemoteError> {
        let (engine, call) = (self.engine()?, self.new_call());
        engine.block_on(call.run(async {
            match &engine.store {
                Store::Wire(wire) => wire.check(&call, asked).await,
                Store::WebDav(dav) => dav.check(&call, asked).await,
                Store::Directory(directory) => directory.check(&call).await,
                Store::Objects(objects) => objects.check(&call, asked).await,
            }
        }))
    }

    fn engine(&self) -> Result<&Engine, RemoteError> {
        self.engine.get_or_init(|| self.start()).as_ref().map_err(Clone::clone)
    }

    fn start(&self) -> Result<Engine, RemoteError> {
        let settings = &self.settings;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("vx-remote")
            .enable_all()
            .build()
            .map_err(|error| RemoteError::Config {
                reason: format!("no threads can be started for it: {error}"),
            })?;
        let client =
            Client::new(settings.network.clone(), self.user_agent.clone(), &self.deadlines);
        let store = match &settings.location {
            Location::Wire(base) => Store::Wire(Wire::new(client, base.clone(), settings)),
            Location::WebDav(base) => Store::WebDav(WebDav::new(client, base.clone(), settings)),
            Location::Directory(root) => {
                Store::Directory(Directory::new(root.clone(), settings.location.host()))
            }
            Location::Bucket { .. } => Store::Objects(Objects::new(client, settings)?),
        };
        Ok(Engine { runtime: Some(runtime), store })
    }
}

impl Engine {
    fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, RemoteError>>,
    ) -> Result<T, RemoteError> {
        self.runtime.as_ref().map_or(Err(RemoteError::Cancelled), |runtime| runtime.block_on(work))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Without waiting: what hangs on a dead file system must not hold up the end of a run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
