//! One task's process: started in a group of its own, watched, and ended with all that it started.

#[cfg(unix)]
mod group_unix;
#[cfg(windows)]
mod group_windows;
mod shell;
mod supervise;
#[cfg(test)]
#[cfg(unix)]
mod tests;

#[cfg(unix)]
use group_unix as group;
#[cfg(windows)]
use group_windows as group;
pub use shell::quote_args;
pub use supervise::{Command, Exit, Finished, Sink, SpawnError, Stream, Usage, run};
