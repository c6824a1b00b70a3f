//! Object stores: S3, Google Cloud Storage, Azure Blob Storage, GitHub's cache. The only module that knows
//! `opendal`.
//!
//! `opendal` makes and signs the requests; they go out through `client.rs`, with its proxies, certificate
//! authorities, redirects and deadlines. What a server answered is noted on the way, so that an error says it.

mod store;
mod transport;

pub(super) use store::Objects;
