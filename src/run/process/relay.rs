//! A thread that hands chunks to a sink that may block, one at a time, so that who watches the process need not.
//!
//! There is one buffer: whoever has it may read into it. It is given away to be passed on, and comes back.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::alarm::Alarm;
use super::sink::{Sink, Stream};
use super::thread::in_thread;

/// The thread's other side. The thread ends soon after this is dropped, and holds nothing up meanwhile.
pub(super) struct Relay {
    chunks: Sender<(Stream, Vec<u8>)>,
    returned: Receiver<Vec<u8>>,
}

impl Relay {
    /// Starts the thread; it rings each time a chunk has been taken.
    pub(super) fn start(sink: &Sink, alarm: &Alarm) -> io::Result<Self> {
        let (sink, alarm) = (sink.clone(), alarm.clone());
        let (chunks, given) = channel::<(Stream, Vec<u8>)>();
        let (back, returned) = channel();
        in_thread("vx-print", move || {
            for (stream, buffer) in given {
                // A panic of the sink is told by the panic hook; the process is watched on.
                let _ = catch_unwind(AssertUnwindSafe(|| sink.take(stream, &buffer)));
                if back.send(buffer).is_err() {
                    return;
                }
                alarm.ring();
            }
        })?;
        Ok(Self { chunks, returned })
    }

    /// Gives a chunk away.
    pub(super) fn pass_on(&self, stream: Stream, chunk: Vec<u8>) {
        // The thread takes chunks as long as `self` is there.
        let _ = self.chunks.send((stream, chunk));
    }

    /// The buffer, once what was in it has been taken.
    pub(super) fn returned(&self) -> Option<Vec<u8>> {
        self.returned.try_recv().ok()
    }
}
