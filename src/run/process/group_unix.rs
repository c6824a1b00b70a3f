//! Process groups on Unix: start one, wait without reaping, signal all of it, reap with resource usage.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use super::supervise::Usage;

/// Puts the child into a group of its own, so that all it starts can be ended together.
pub(super) fn configure(command: &mut std::process::Command) {
    command.process_group(0);
}

/// While this lives, a process that is started has the file open, too.
pub(super) struct HandedDown<'f>(&'f File);

impl<'f> HandedDown<'f> {
    pub(super) fn new(file: &'f File) -> Self {
        set_descriptor_flags(file, 0);
        Self(file)
    }
}

impl Drop for HandedDown<'_> {
    fn drop(&mut self) {
        set_descriptor_flags(self.0, libc::FD_CLOEXEC);
    }
}

/// Cannot fail for an open file.
fn set_descriptor_flags(file: &File, flags: i32) {
    // SAFETY: the descriptor is open as long as `file` is; no memory is involved.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, flags) };
}

/// Blocks until the leader has exited, and leaves it unreaped: its process id cannot be taken by another.
pub(super) fn wait_for_exit(pid: u32) -> io::Result<()> {
    loop {
        // SAFETY: an all-zero siginfo_t is a valid value to be written to.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` outlives the call; the flags ask only for an exit and do not reap.
        let result =
            unsafe { libc::waitid(libc::P_PID, pid, &raw mut info, libc::WEXITED | libc::WNOWAIT) };
        if result == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Sends a signal to every process of the group; one that has no process left is no error.
pub(super) fn signal(pid: u32, number: i32) {
    if let Ok(group) = i32::try_from(pid) {
        // SAFETY: no memory is involved; the group's leader is not reaped yet, so the id is still ours.
        unsafe { libc::killpg(group, number) };
    }
}

/// What a polite end and a hard end are.
pub(super) const POLITE: i32 = libc::SIGTERM;
pub(super) const HARD: i32 = libc::SIGKILL;

/// Reaps the leader: exit code or signal, and what it and its waited-for children used.
#[expect(clippy::needless_pass_by_ref_mut, reason = "Windows needs it so")]
pub(super) fn reap(child: &mut std::process::Child) -> io::Result<(Result<i32, i32>, Usage)> {
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid value to be written to.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers outlive the call.
        let result = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if result == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let how = if libc::WIFSIGNALED(status) {
        Err(libc::WTERMSIG(status))
    } else {
        Ok(libc::WEXITSTATUS(status))
    };
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let peak_rss = u64::try_from(usage.ru_maxrss).ok().map(|peak| peak * unit);
    Ok((how, Usage { cpu: Some(cpu), peak_rss }))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
