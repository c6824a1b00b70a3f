//! Watching a process on Unix: the calling thread polls its streams, its exit and the run's stop, all as descriptors.
//!
//! A prompt sink is called right here; one that may block has a [`Relay`], and while that is busy no stream is read.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::alarm::Alarm;
use super::group;
use super::relay::{Chunk, Relay};
use super::sink::{Sink, Stream};
use super::supervise::Event;
use super::thread::in_thread;
use crate::run::stop::{Cause, Listening, Stop};

/// As much as a pipe holds where it is largest by default.
const CHUNK: usize = 64 * 1024;
/// Some systems refuse to poll for much longer than this.
const LONGEST_POLL: Duration = Duration::from_hours(1);

/// Tells what happens to one process.
pub(super) struct Watch<'a> {
    /// Readable when the leader has exited; `None` once that was told.
    exit: Option<OwnedFd>,
    /// Standard output and standard error, until they are closed.
    streams: [Option<OwnedFd>; 2],
    sink: &'a Sink,
    /// Taken when a sink that may block gets its first chunk.
    relay: Option<Relay>,
    /// What is read into; `None` while the relay passes on what was read before.
    buffer: Option<Vec<u8>>,
    /// Rung for a stop, and when the relay is done with the buffer.
    alarm: Alarm,
    stops: Receiver<(u32, Cause)>,
    _listening: Listening<'a>,
}

/// What a descriptor stands for.
#[derive(Clone, Copy)]
enum Source {
    Exit,
    Alarm,
    Stream(Stream),
}

impl<'a> Watch<'a> {
    /// Watches a process that was just started.
    pub(super) fn start(child: &mut Child, stop: &'a Stop, sink: &'a Sink) -> io::Result<Self> {
        let alarm = Alarm::new()?;
        let (sender, stops) = channel();
        let rung = alarm.clone();
        let listening = stop.listen(move |count, cause| {
            // Fails only for a watch that is just being dropped.
            let _ = sender.send((count, cause));
            rung.ring();
        });
        Ok(Self {
            exit: Some(exit_of(child.id())?),
            streams: [child.stdout.take().map(Into::into), child.stderr.take().map(Into::into)],
            sink,
            relay: None,
            buffer: Some(Vec::with_capacity(CHUNK)),
            alarm,
            stops,
            _listening: listening,
        })
    }

    /// Whether a stream is not closed yet.
    pub(super) fn has_open_stream(&self) -> bool {
        self.streams.iter().any(Option::is_some)
    }

    /// Whether the sink is still busy with what was read before, so that nothing is read.
    pub(super) const fn is_passing_on(&self) -> bool {
        self.buffer.is_none()
    }

    /// Waits for what happens next, until the deadline.
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Event> {
        loop {
            if let Ok((count, cause)) = self.stops.try_recv() {
                return Ok(Event::Stop(count, cause));
            }
            if self.buffer.is_none() {
                self.buffer = self.relay.as_ref().and_then(Relay::returned);
            }
            let (mut exited, mut closed) = (false, false);
            for source in self.ready(deadline)? {
                match source {
                    Source::Exit => exited = true,
                    Source::Alarm => self.alarm.hush(),
                    Source::Stream(stream) => closed |= self.read(stream)?,
                }
            }
            if exited {
                self.exit = None;
                return Ok(Event::Exited);
            }
            if closed {
                return Ok(Event::Closed);
            }
            // A process that never pauses printing does not put the deadline off.
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Event::TimeUp);
            }
        }
    }

    /// Polls once; nothing is ready when the time was up before.
    fn ready(&self, deadline: Option<Instant>) -> io::Result<Vec<Source>> {
        let readable = |stream| {
            let descriptor =
                self.streams[stream as usize].as_ref().filter(|_| self.buffer.is_some());
            Some((Source::Stream(stream), descriptor?.as_fd()))
        };
        let exit = self.exit.as_ref().map(|exit| (Source::Exit, exit.as_fd()));
        let polled: Vec<(Source, BorrowedFd<'_>)> =
            [Some((Source::Alarm, self.alarm.as_fd())), exit]
                .into_iter()
                .chain([Stream::Out, Stream::Err].map(readable))
                .flatten()
                .collect();
        let mut descriptors: Vec<PollFd<'_>> = polled
            .iter()
            .map(|(_, descriptor)| PollFd::from_borrowed_fd(*descriptor, PollFlags::IN))
            .collect();
        let left = |deadline: Instant| {
            deadline.saturating_duration_since(Instant::now()).min(LONGEST_POLL)
        };
        let timeout = deadline.and_then(|deadline| Timespec::try_from(left(deadline)).ok());
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Anything that is told of a descriptor, an error too, is found out by reading it.
        let told = polled.iter().zip(&descriptors).filter(|(_, told)| !told.revents().is_empty());
        Ok(told.map(|((source, _), _)| *source).collect())
    }

    /// Reads once from a stream that is ready and passes on what came; says whether that was its end.
    fn read(&mut self, stream: Stream) -> io::Result<bool> {
        let pipe = &mut self.streams[stream as usize];
        // The buffer is away when the other stream was ready, too, and came first.
        let (Some(open), Some(mut buffer)) = (pipe.as_ref(), self.buffer.take()) else {
            return Ok(false);
        };
        buffer.clear();
        match rustix::io::read(open, spare_capacity(&mut buffer)) {
            Ok(1..) => self.pass_on(stream, buffer).map(|()| false),
            Err(Errno::INTR | Errno::AGAIN) => {
                self.buffer = Some(buffer);
                Ok(false)
            }
            Ok(0) | Err(_) => {
                *pipe = None;
                self.buffer = Some(buffer);
                Ok(true)
            }
        }
    }

    fn pass_on(&mut self, stream: Stream, bytes: Vec<u8>) -> io::Result<()> {
        if !self.sink.may_block() {
            self.sink.take(stream, &bytes);
            self.buffer = Some(bytes);
            return Ok(());
        }
        let relay = self.relay.take().map_or_else(Relay::get, Ok)?;
        let (sink, taken) = (self.sink.clone(), self.alarm.clone());
        self.relay.insert(relay).pass_on(Chunk { sink, stream, bytes, taken });
        Ok(())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(relay) = self.relay.take().filter(|_| self.buffer.is_some()) {
            relay.keep();
        }
        self.streams.iter_mut().filter_map(Option::take).for_each(discard);
    }
}

/// Reads on and throws away: what holds the stream open still is not ours to end, and writing into a closed pipe would
/// end it.
fn discard(stream: OwnedFd) {
    let mut stream = std::fs::File::from(stream);
    // Without the thread the stream is closed; there is nobody to tell.
    let _ = in_thread("vx-discard", move || {
        let _ = io::copy(&mut stream, &mut io::sink());
    });
}

/// A descriptor that is readable from when the process has exited. Polling it does not reap the process.
fn exit_of(pid: u32) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    if let Some(descriptor) = pidfd(pid) {
        return Ok(descriptor);
    }
    exit_by_thread(pid)
}

/// `None` where the system has no such thing, or does not let us have it.
#[cfg(target_os = "linux")]
fn pidfd(pid: u32) -> Option<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// A pipe whose other end is held by a thread that waits for the exit.
fn exit_by_thread(pid: u32) -> io::Result<OwnedFd> {
    let (reader, held) = io::pipe()?;
    in_thread("vx-wait", move || {
        // An error here means that the process cannot be waited for; reaping will say so.
        let _ = group::wait_for_exit(pid);
        drop(held);
    })?;
    Ok(reader.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each way there is to see an exit: readable from then on, and the process still there to be reaped.
    #[test]
    fn an_exit_is_seen_and_not_reaped() {
        let ways: [fn(u32) -> io::Result<OwnedFd>; 2] = [exit_of, exit_by_thread];
        for way in ways {
            let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
            let exit = way(child.id()).unwrap();
            let readable = |timeout: Duration| {
                let mut polled = [PollFd::new(&exit, PollFlags::IN)];
                let timeout = Timespec::try_from(timeout).unwrap();
                poll(&mut polled, Some(&timeout)).unwrap() == 1
            };
            assert!(!readable(Duration::ZERO));
            child.kill().unwrap();
            assert!(readable(Duration::from_secs(10)));
            let (how, _) = group::reap(&mut child).unwrap();
            assert_eq!(how, Err(group::HARD));
        }
    }
}
