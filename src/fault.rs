//! Named points at which a test makes this process die or an operation fail.
//!
//! Only with the feature `faults`, which no release has: without it [`point`] is an empty function, and the
//! environment is never looked at. With it, `VX_FAULT=<point>:kill`, `:error` or `:enospc` chooses one point
//! and what happens there, the first time that it is reached.

/// Fails, or ends the process, if this point was chosen.
///
/// # Errors
/// What was chosen: no space left, or a failing disk.
#[cfg(not(all(feature = "faults", unix)))]
#[inline]
pub const fn point(_name: &str) -> std::io::Result<()> {
    Ok(())
}

/// Fails, or ends the process, if this point was chosen.
///
/// # Errors
/// What was chosen: no space left, or a failing disk.
#[cfg(all(feature = "faults", unix))]
pub fn point(name: &str) -> std::io::Result<()> {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static CHOSEN: LazyLock<Option<(String, String)>> = LazyLock::new(|| {
        let chosen = std::env::var("VX_FAULT").ok()?;
        let (point, what) = chosen.split_once(':')?;
        Some((point.to_owned(), what.to_owned()))
    });
    static DONE: AtomicBool = AtomicBool::new(false);
    match &*CHOSEN {
        Some((chosen, what)) if chosen == name && !DONE.swap(true, Ordering::SeqCst) => {
            match what.as_str() {
                "enospc" => Err(std::io::Error::from_raw_os_error(libc::ENOSPC)),
                "error" => Err(std::io::Error::from_raw_os_error(libc::EIO)),
                _ => die(),
            }
        }
        _ => Ok(()),
    }
}

/// Dies as under `kill -9`: nothing is flushed, dropped or unwound.
#[cfg(all(feature = "faults", unix))]
fn die() -> ! {
    // SAFETY: no memory is involved; the process sends a signal to itself.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    std::process::abort()
}
