//! One task from its key to its outcome: restored from the cache, or run and saved.
//!
//! The order of things is what keeps the cache right: the place's lock and the key's, then a second look, then
//! clean, run, look at the inputs again, and only then save.

mod attempt;
mod cached;
mod keyed;
mod locks;
mod save;

pub(super) use attempt::Attempt;
pub(super) use cached::output_spec;
