//! The cache key (design section 5): the bytes that name one result, and nothing else.

mod canonical;
mod derive;
mod fingerprint;
mod framing;

pub use canonical::{canonical_json, task_config_hash};
pub use derive::{EnvValue, Key, KeyError, KeyInput};
pub use fingerprint::{FINGERPRINT_FILES, Fingerprint, workspace_fingerprint};
pub use framing::Framing;

/// The first field of every key. A bump orphans every entry ever stored; `docs/cache-version.md` keeps
/// the history and says when one is due.
pub const CACHE_VERSION: &str = "vx-cache-v23";
