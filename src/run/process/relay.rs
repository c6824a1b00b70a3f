//! A thread that hands chunks to a sink that may block, one at a time, so that who watches the process need not.
//!
//! There is one buffer: whoever has it may read into it. It is given away to be passed on, and comes back. A relay that
//! is idle when its process has ended serves the next process that the same thread watches.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::alarm::Alarm;
use super::sink::{Sink, Stream};
use super::thread::in_thread;

thread_local! {
    static IDLE: Cell<Option<Relay>> = const { Cell::new(None) };
}

/// The thread's other side. The thread ends soon after this is dropped, and holds nothing up meanwhile.
pub(super) struct Relay {
    chunks: Sender<Chunk>,
    returned: Receiver<Vec<u8>>,
}

/// What is passed on.
pub(super) struct Chunk {
    pub(super) sink: Sink,
    pub(super) stream: Stream,
    pub(super) bytes: Vec<u8>,
    /// Rung when the sink has taken it.
    pub(super) taken: Alarm,
}

impl Relay {
    /// This thread's idle one, or a new one.
    pub(super) fn get() -> io::Result<Self> {
        IDLE.take().map_or_else(Self::start, Ok)
    }

    /// Keeps one whose buffer has come back.
    pub(super) fn keep(self) {
        IDLE.set(Some(self));
    }

    fn start() -> io::Result<Self> {
        let (chunks, given) = channel::<Chunk>();
        let (back, returned) = channel();
        in_thread("vx-print", move || {
            for Chunk { sink, stream, bytes, taken } in given {
                // A panic of the sink is told by the panic hook; the process is watched on.
                let _ = catch_unwind(AssertUnwindSafe(|| sink.take(stream, &bytes)));
                // Nobody wants it back when the run was stopped meanwhile.
                let _ = back.send(bytes);
                taken.ring();
            }
        })?;
        Ok(Self { chunks, returned })
    }

    /// Gives a chunk away.
    pub(super) fn pass_on(&self, chunk: Chunk) {
        // The thread takes chunks as long as `self` is there.
        let _ = self.chunks.send(chunk);
    }

    /// The buffer, once what was in it has been taken.
    pub(super) fn returned(&self) -> Option<Vec<u8>> {
        self.returned.try_recv().ok()
    }
}
