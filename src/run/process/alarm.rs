//! A descriptor that becomes readable when another thread has something to say.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Rung by any thread, polled by one. No process that is started gets it.
#[derive(Clone)]
pub(super) struct Alarm(Arc<(PipeReader, PipeWriter)>);

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(io::pipe()?)))
    }

    /// Makes it readable.
    pub(super) fn ring(&self) {
        let (_, writer) = &*self.0;
        // There is room for thousands of these and it is emptied soon, so this neither blocks nor fails.
        let _ = { writer }.write(&[1]);
    }

    /// Makes it unreadable again; only to be called while it is readable.
    pub(super) fn hush(&self) {
        let (reader, _) = &*self.0;
        // After an interrupted read it is still readable, and hushed again.
        let _ = { reader }.read(&mut [0; 64]);
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}
