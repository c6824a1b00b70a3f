//! Talking to a remote cache (design section 13): a URL in, artifacts to and from a store.
//!
//! It moves bytes and believes none of them: whoever asked verifies what came. It knows nothing of the local
//! cache, of tasks or of JavaScript. Nothing here can hang: every wait has a deadline, every call a last one,
//! and a store that fails is left alone for a while. No token, no password and no query of a URL is ever shown.

mod body;
mod breaker;
mod client;
mod directory;
mod error;
mod health;
mod location;
mod names;
mod network;
mod objects;
mod pace;
mod received;
mod redirect;
#[expect(clippy::module_inception, reason = "the handle is what the module is about")]
mod remote;
mod secret;
mod settings;
mod transfer;
mod webdav;
mod wire;

pub use error::{RemoteError, SettingsError, Wait};
pub use health::Health;
pub use remote::{Event, Fetched, Pushed, Remote};
pub use secret::Secret;
pub use settings::{Configured, RemoteSettings};
pub use transfer::{Deadlines, Limits};
