//! Short-lived helper threads, small enough to have many.

use std::io;

/// Runs `work` in a thread that nobody waits for.
pub(super) fn in_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(work).map(drop)
}
