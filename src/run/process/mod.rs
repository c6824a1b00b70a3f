//! One task's process: started in a group of its own, watched, and ended with all that it started.

#[cfg(unix)]
mod alarm;
#[cfg(unix)]
mod group_unix;
#[cfg(windows)]
mod group_windows;
#[cfg(unix)]
mod relay;
mod shell;
mod sink;
mod supervise;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod thread;
#[cfg(unix)]
mod watch_unix;
#[cfg(windows)]
mod watch_windows;

#[cfg(unix)]
use group_unix as group;
#[cfg(windows)]
use group_windows as group;
pub use shell::quote_args;
pub use sink::{Sink, Stream};
pub use supervise::{Command, Exit, Finished, SpawnError, Usage, run};
#[cfg(unix)]
use watch_unix as watch;
#[cfg(windows)]
use watch_windows as watch;
