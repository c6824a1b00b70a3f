//! Watching a process on Windows: a thread for each stream and one for the exit, and a channel to the calling thread.

use std::io::{self, Read};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use super::group;
use super::sink::{Sink, Stream};
use super::supervise::Event;
use super::thread::in_thread;
use crate::run::stop::{Listening, Stop};

/// Tells what happens to one process.
pub(super) struct Watch<'a> {
    events: Receiver<Event>,
    open_streams: u32,
    /// How many streams are not being read because the sink is still busy with what was read before.
    passing_on: Arc<AtomicUsize>,
    _listening: Listening<'a>,
}

impl<'a> Watch<'a> {
    /// Watches a process that was just started.
    pub(super) fn start(child: &mut Child, stop: &'a Stop, sink: &Sink) -> io::Result<Self> {
        let (sender, events) = channel();
        let passing_on = Arc::new(AtomicUsize::new(0));
        let mut open_streams = 0;
        if let Some(out) = child.stdout.take() {
            pump(out, Stream::Out, sink, &passing_on, sender.clone())?;
            open_streams += 1;
        }
        if let Some(err) = child.stderr.take() {
            pump(err, Stream::Err, sink, &passing_on, sender.clone())?;
            open_streams += 1;
        }
        let pid = child.id();
        let exited = sender.clone();
        in_thread("vx-wait", move || {
            // An error here means that the child cannot be waited for; reaping will say so.
            let _ = group::wait_for_exit(pid);
            let _ = exited.send(Event::Exited);
        })?;
        let listening =
            stop.listen(move |count, cause| drop(sender.send(Event::Stop(count, cause))));
        Ok(Self { events, open_streams, passing_on, _listening: listening })
    }

    /// Whether a stream is not closed yet.
    pub(super) const fn has_open_stream(&self) -> bool {
        self.open_streams > 0
    }

    /// Whether the sink is still busy with what was read before, so that nothing is read.
    pub(super) fn is_passing_on(&self) -> bool {
        self.passing_on.load(Ordering::Relaxed) > 0
    }

    /// Waits for what happens next, until the deadline.
    #[expect(clippy::unnecessary_wraps, reason = "Unix needs it so")]
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Event> {
        let event = deadline.map_or_else(
            || self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            |deadline| self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        );
        if matches!(event, Ok(Event::Closed)) {
            self.open_streams -= 1;
        }
        Ok(event.unwrap_or_else(|why| match why {
            RecvTimeoutError::Timeout => Event::TimeUp,
            // The listener holds a sender as long as `self` is there.
            RecvTimeoutError::Disconnected => Event::Exited,
        }))
    }
}

fn pump(
    mut pipe: impl Read + Send + 'static,
    stream: Stream,
    sink: &Sink,
    passing_on: &Arc<AtomicUsize>,
    sender: Sender<Event>,
) -> io::Result<()> {
    let (sink, passing_on) = (sink.clone(), Arc::clone(passing_on));
    in_thread("vx-read", move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    passing_on.fetch_add(1, Ordering::Relaxed);
                    sink.take(stream, &buffer[..length]);
                    passing_on.fetch_sub(1, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let _ = sender.send(Event::Closed);
    })
}
