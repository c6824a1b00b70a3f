//! The command line: words in, lines and an exit code out. Every rule lives elsewhere.

mod args;
mod entry;
mod info;
mod keygen;
mod prune;
mod remote;
mod stats;
mod transfer;

pub use entry::main;
