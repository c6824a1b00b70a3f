//! The remote beneath the local cache (design section 13): asked once for each key, believed only after a check.
//!
//! What comes from it is fetched into the cache directory, judged, verified, and then an entry like any other. What
//! goes to it was saved here first. A remote that is away, slow, or lies costs a miss and one line; nothing here fails
//! a run.

mod layer;
mod pull;
mod push;
mod remarks;

pub use layer::{LayerSettings, RemoteLayer, head_of};
pub use pull::{Answer, Pulled};
pub use push::PushError;
