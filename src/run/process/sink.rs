//! Where the output of a process goes, chunk by chunk, and whether handing it over may take long.

use std::sync::Arc;

/// Which stream of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

type Take = dyn Fn(Stream, &[u8]) + Send + Sync;

/// Takes what a process prints. The chunks of one stream come in their order and one at a time.
#[derive(Clone)]
pub struct Sink {
    take: Arc<Take>,
    #[cfg_attr(windows, expect(dead_code, reason = "there a thread calls either kind"))]
    may_block: bool,
}

impl Sink {
    /// One that never waits for anybody: it is called by the thread that watches the process.
    pub fn prompt(take: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        Self { take: Arc::new(take), may_block: false }
    }

    /// One that may wait for whoever reads the screen: it is called apart from the thread that watches the process, so
    /// that a time limit and a stop hold meanwhile.
    pub fn blocking(take: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        Self { take: Arc::new(take), may_block: true }
    }

    pub(super) fn take(&self, stream: Stream, bytes: &[u8]) {
        (self.take)(stream, bytes);
    }

    #[cfg(unix)]
    pub(super) const fn may_block(&self) -> bool {
        self.may_block
    }
}
