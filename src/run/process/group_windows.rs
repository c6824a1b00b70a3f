//! Process trees on Windows: no groups to signal, so a tree is ended by `taskkill`.

use std::fs::File;
use std::io;
use std::os::windows::process::CommandExt;

use windows_sys::Win32::Foundation::{CloseHandle, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

use super::supervise::Usage;

const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

/// Keeps the console's Ctrl+C away from the child: the run ends it itself.
pub(super) fn configure(command: &mut std::process::Command) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Handles are not handed down: a process that outlives a killed run is not waited for.
pub(super) struct HandedDown;

impl HandedDown {
    pub(super) const fn new(_file: &File) -> Self {
        Self
    }
}

/// Blocks until the process has exited.
pub(super) fn wait_for_exit(pid: u32) -> io::Result<()> {
    // SAFETY: no pointers are involved; a null handle is checked.
    let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `handle` is ours and open.
    let result = unsafe { WaitForSingleObject(handle, INFINITE) };
    // SAFETY: `handle` is ours and is not used again.
    unsafe { CloseHandle(handle) };
    if result == WAIT_OBJECT_0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Ends the process and all that it started. A polite request reaches windows only, so it goes unheard by
/// console programs; the hard end follows after the grace period.
pub(super) fn signal(pid: u32, number: i32) {
    let mut kill = std::process::Command::new("taskkill");
    kill.args(["/t", "/pid", &pid.to_string()]);
    if number == HARD {
        kill.arg("/f");
    }
    drop(kill.output());
}

pub(super) const POLITE: i32 = 15;
pub(super) const HARD: i32 = 9;

/// The exit code; Windows' resource usage is not read.
pub(super) fn reap(child: &mut std::process::Child) -> io::Result<(Result<i32, i32>, Usage)> {
    let status = child.wait()?;
    Ok((Ok(status.code().unwrap_or(1)), Usage::default()))
}
