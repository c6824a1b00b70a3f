//! The artifact of one cache entry (design section 7): a zstd-compressed tar that carries a task's outputs,
//! its log streams and the key that they belong to.
//!
//! [`pack()`] writes one, [`unpack()`] checks and decodes one, [`Incoming`] checks one that comes from elsewhere; none
//! touches the user's tree except to read outputs. Nothing outside of this module knows tar or zstd. Memory stays
//! bounded whatever the sizes.

mod captured;
mod entries;
mod error;
mod found;
mod head;
mod incoming;
mod limits;
mod meta;
mod names;
mod output;
mod pack;
mod pax;
mod staging;
mod unpack;

pub use captured::{Captured, Logs};
pub use error::ArtifactError;
pub use incoming::{Incoming, Verified};
pub use meta::Meta;
pub use output::{Anchor, Anchors, OutputPath};
pub use pack::{Packed, pack};
pub use staging::Staged;
pub use unpack::{Content, Item, ItemKind, Unpacked, read_logs, read_meta, unpack};
