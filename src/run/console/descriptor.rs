//! One standard stream, written whole: a full pipe is waited for, a reader that went away is told once.
//!
//! Written by descriptor and not through the runtime's own stream object: whoever shares the pipe may have
//! made it non-blocking, and a partial write must neither lose nor repeat a byte.

use std::io;

/// Where bytes go, and whether anyone still reads them.
#[derive(Debug)]
pub struct WriteEnd {
    descriptor: i32,
    broken: bool,
}

impl WriteEnd {
    /// Standard output.
    #[must_use]
    pub const fn stdout() -> Self {
        Self::of(1)
    }

    /// Standard error.
    #[must_use]
    pub const fn stderr() -> Self {
        Self::of(2)
    }

    /// Any open descriptor; it is not closed.
    #[must_use]
    pub const fn of(descriptor: i32) -> Self {
        Self { descriptor, broken: false }
    }

    /// Whether a write found that nobody reads any more.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes all of it, or marks the stream broken and drops this and all that follows.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while !self.broken && !bytes.is_empty() {
            match write_some(self.descriptor, bytes) {
                Ok(0) => self.broken = true,
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait_until_writable(self.descriptor);
                }
                Err(_) => self.broken = true,
            }
        }
    }
}

#[cfg(unix)]
fn write_some(descriptor: i32, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length come from one live slice.
    let written = unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(written).map_err(|_| io::Error::last_os_error())
}

#[cfg(unix)]
fn wait_until_writable(descriptor: i32) {
    let mut poll = libc::pollfd { fd: descriptor, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one live pollfd. Whatever it answers, the next write tells what is so.
    unsafe { libc::poll(&raw mut poll, 1, -1) };
}

#[cfg(not(unix))]
fn write_some(descriptor: i32, bytes: &[u8]) -> io::Result<usize> {
    use std::io::Write;
    if descriptor == 1 {
        let mut out = io::stdout().lock();
        out.write(bytes).and_then(|written| out.flush().map(|()| written))
    } else {
        io::stderr().lock().write(bytes)
    }
}

#[cfg(not(unix))]
fn wait_until_writable(_descriptor: i32) {
    std::thread::yield_now();
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::*;

    fn pipe() -> (std::fs::File, OwnedFd) {
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for the two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: both are open and owned by nobody else.
        unsafe { (std::fs::File::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) }
    }

    #[test]
    fn a_non_blocking_pipe_loses_nothing() {
        let (mut reader, writer) = pipe();
        // SAFETY: the descriptor is open.
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        let sent: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let expected = sent.clone();
        let thread = std::thread::spawn(move || {
            let mut end = WriteEnd::of(writer.as_raw_fd());
            end.write(&sent);
            assert!(!end.is_broken());
            drop(writer);
        });
        let mut got = Vec::new();
        reader.read_to_end(&mut got).unwrap();
        thread.join().unwrap();
        assert!(got == expected);
    }

    #[test]
    fn a_reader_that_went_away_is_noticed() {
        let (reader, writer) = pipe();
        drop(reader);
        let mut end = WriteEnd::of(writer.as_raw_fd());
        end.write(b"x");
        assert!(end.is_broken());
    }
}
