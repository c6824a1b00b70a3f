//! `vx run --verify`: each hit is run again in a scratch workspace and compared with what is stored.
//!
//! The scratch workspace holds what the key vouches for and no more: the manifests, the inputs of the task and
//! of the tasks below it, what those made, and a copy of `node_modules`. A result that differs means a task that
//! is not deterministic, or one that reads what it does not declare. The user's own tree is only read.

mod check;
mod compare;
mod scratch;

pub(super) use check::verify;
