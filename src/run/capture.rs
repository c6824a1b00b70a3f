//! What a task prints: kept for the cache and for later, and passed on to the screen where it is streamed.

use std::sync::{Mutex, PoisonError};

use super::printer::LinePrinter;
use super::process::Stream;
use crate::artifact::{Captured, Logs};

/// The two streams of one process.
pub(super) struct Capture {
    /// `None` once the process has ended: what a left-over daemon still prints is nobody's.
    logs: Mutex<Option<Captures>>,
    screen: Option<[LinePrinter; 2]>,
}

/// What was kept of the two streams.
#[derive(Default)]
pub(super) struct Captures {
    pub(super) logs: Logs,
    /// Why it is not all.
    pub(super) cut: Option<Cut>,
}

impl Capture {
    pub(super) fn new(screen: Option<[LinePrinter; 2]>) -> Self {
        Self { logs: Mutex::new(Some(Captures::default())), screen }
    }

    /// Whether what is taken is passed on to the screen, which may have to be waited for.
    pub(super) const fn is_shown(&self) -> bool {
        self.screen.is_some()
    }

    /// Takes what a stream printed.
    pub(super) fn take(&self, stream: Stream, bytes: &[u8]) {
        let mut kept = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(captures) = kept.as_mut() else { return };
        let log: &mut Captured = match stream {
            Stream::Out => &mut captures.logs.stdout,
            Stream::Err => &mut captures.logs.stderr,
        };
        // Nothing is kept after a gap.
        if captures.cut.is_none() {
            captures.cut = std::io::Write::write_all(log, bytes).err().map(|source| Cut { source });
        }
        drop(kept);
        if let Some(screen) = &self.screen {
            screen[usize::from(stream == Stream::Err)].write(bytes);
        }
    }

    /// Takes no more, and gives what was kept.
    pub(super) fn end(&self) -> Captures {
        let kept = self.logs.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.screen.iter().flatten().for_each(LinePrinter::finish);
        kept.unwrap_or_default()
    }
}

/// What a task printed is kept in part.
#[derive(Debug, thiserror::Error)]
#[error(
    "its output is cut short, for the rest cannot be kept in a temporary file: {source}; is the temporary directory full?"
)]
pub(super) struct Cut {
    source: std::io::Error,
}
