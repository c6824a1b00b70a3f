//! The cache's database: an index over the artifacts, and the history of runs (design section 8).
//!
//! The only place that knows `SQLite`: all SQL stays here, typed rows come out. Nothing in it is precious; when
//! the file is lost or malformed its reader sets it aside and rebuilds the index from the artifacts. The
//! store never opens an artifact and never looks at the user's tree.

mod components;
mod config_values;
mod confirmed;
mod connection;
mod entries;
mod error;
mod file_hashes;
mod history;
mod migrations;
mod network;
mod output_sets;
mod rows;
mod set_aside;
mod stats;
#[cfg(test)]
mod tests;

pub use connection::Store;
pub use error::StoreError;
pub use history::Batch;
pub use rows::{
    Component, ConfigRow, EntryRow, EntrySummary, Invocation, OutputFile, ProbeRows, ProjectStats,
    RecordedRows, RunRecord, RunStatus, SavedRows, Stats,
};
pub use set_aside::{FileIdentity, set_aside};
