//! The engine of `@vzn/vx`: a content-addressed task cache and task runner for JavaScript monorepos.
//!
//! One concept per module; arrows run one way (`docs/architecture.md` has the picture). Only `napi` knows
//! that JavaScript exists.

pub mod artifact;
pub mod cache;
pub mod cli;
pub mod config;
pub mod error;
pub mod fault;
pub mod file_id;
pub mod git;
pub mod glob;
pub mod graph;
pub mod inputs;
pub mod key;
pub mod memo;
// Its functions are called by JavaScript only, which unit tests do not load.
#[cfg(not(test))]
mod napi;
pub mod outputs;
pub mod parallel;
pub mod path;
pub mod purity;
pub mod remote;
pub mod run;
pub mod span;
pub mod stamp;
pub mod store;
pub mod trust;
pub mod workspace;
