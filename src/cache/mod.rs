//! The local cache (design sections 7 and 8): joins keys, artifacts, the user's outputs and the database.
//!
//! The artifacts are the truth and the database is an index over them: whatever happens to the index, it
//! repairs itself from the artifacts and never fails a run. Safe to share between threads, and between
//! processes that use the same directory.

mod access;
mod adopt;
mod byte_lock;
mod components;
mod configs;
mod directory;
mod error;
mod handle;
mod history;
mod index;
mod ingest;
mod layered;
mod leftovers;
mod lock;
mod lookup;
mod memo;
mod prune;
mod restore;
mod save;

pub use crate::remote::{Configured, Event, Health};
pub use crate::store::{
    Component, EntrySummary, Invocation, ProjectStats, RunRecord, RunStatus, Stats,
};
pub use access::{Access, Layers};
pub use configs::{ConfigValue, KnownConfig, KnownConfigs};
pub use error::CacheError;
pub use handle::Cache;
pub use history::EndOfRun;
pub use index::Version;
pub use layered::{Answer, LayerSettings, Pulled, PushError, RemoteLayer, head_of};
pub use lock::{KeyLock, PlaceLock};
pub use lookup::{Entry, Probe};
pub use prune::{PruneOptions, PruneResult};
pub use restore::{RestoreSpec, RestoreTarget, Restored};
pub use save::{SaveRequest, Saved};
