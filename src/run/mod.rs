//! The runner: from a plan to processes, restores, lines on the terminal and rows of history.

mod beside;
mod cache_dir;
mod capture;
pub mod console;
mod context;
mod disturbed;
pub mod environment;
mod execute;
mod history;
mod keys;
pub mod options;
mod outcome;
mod plan;
mod prefetch;
mod printer;
pub mod process;
mod profile;
mod progress;
mod report;
mod report_file;
mod runner;
mod schedule;
mod service;
mod session;
pub mod stop;
mod summary;
mod task;
mod trace;
pub mod transfer;
mod upload;
mod verify;
mod work;

pub use history::since_epoch;
pub use runner::{Invoked, open_layer, run};
pub use session::{Opening, Place, open_workspace};
