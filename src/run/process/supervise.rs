//! From a command line to its end: spawn, read both streams, obey the time limit and the run's stop, and
//! leave no process of the group behind.
//!
//! A task owns its process group: what still runs in it when the leader has exited is ended too, so that
//! nothing writes into outputs after they were saved. A process that left the group (a daemon that called
//! `setsid`) is not ours; if it holds a stream open, the stream is given up after a moment.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::group;
use super::shell::SHELL;
use crate::error::Coded;
use crate::run::environment::Variables;
use crate::run::stop::{Cause, Stop};

/// Between the polite signal and the hard one.
const GRACE: Duration = Duration::from_secs(5);
/// How long streams may stay open after the leader has exited, before what holds them is ended.
const DRAIN: Duration = Duration::from_millis(200);

/// Which stream of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Takes what the process prints, chunk by chunk, from two threads.
pub type Sink = Arc<dyn Fn(Stream, &[u8]) + Send + Sync>;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// The shell's command line.
    pub line: &'a str,
    /// The working directory.
    pub dir: &'a Path,
    /// All of the environment.
    pub env: &'a Variables,
    /// The time limit.
    pub timeout: Option<Duration>,
    /// A file that it and all it starts keep open.
    pub keeps: Option<&'a File>,
}

/// The process could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the command in {dir:?}: {source}")]
pub struct SpawnError {
    dir: PathBuf,
    source: io::Error,
}

impl Coded for SpawnError {
    fn code(&self) -> &'static str {
        "VX_SPAWN"
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that the run did not send.
    Signal(i32),
    /// Ended by the run when its time was up, whatever it then exited with.
    TimedOut,
    /// Ended by the run because the run stops, whatever it then exited with.
    Stopped,
}

impl Exit {
    /// The exit code as a shell would tell it; 1 for what the run itself ended.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(number) => 128 + number,
            Self::TimedOut | Self::Stopped => 1,
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with {code}"),
            Self::Signal(number) => write!(f, "was killed by signal {number}"),
            Self::TimedOut => f.write_str("was ended when its time was up"),
            Self::Stopped => f.write_str("was stopped"),
        }
    }
}

/// What a process used; `None` where the system does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time, waited-for children included.
    pub cpu: Option<Duration>,
    /// The largest resident set of any one process, in bytes.
    pub peak_rss: Option<u64>,
}

/// A process that has ended and been reaped.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// How.
    pub exit: Exit,
    /// What it used.
    pub usage: Usage,
}

enum Event {
    Exited,
    Closed,
    Stop(u32, Cause),
}

/// Runs a command to its end.
///
/// # Errors
/// [`SpawnError`] when it cannot be started; how it ended is never an error here.
pub fn run(command: Command<'_>, stop: &Stop, sink: &Sink) -> Result<Finished, SpawnError> {
    let failed = |source| SpawnError { dir: command.dir.to_owned(), source };
    let mut child = spawn(command).map_err(failed)?;
    let (sender, events) = channel();
    let passing_on = Arc::new(AtomicUsize::new(0));
    let mut open_streams = 0;
    if let Some(out) = child.stdout.take() {
        pump(out, Stream::Out, sink, &passing_on, sender.clone()).map_err(failed)?;
        open_streams += 1;
    }
    if let Some(err) = child.stderr.take() {
        pump(err, Stream::Err, sink, &passing_on, sender.clone()).map_err(failed)?;
        open_streams += 1;
    }
    let pid = child.id();
    let exited = sender.clone();
    in_thread("vx-wait", move || {
        // An error here means that the child cannot be waited for; reaping will say so.
        let _ = group::wait_for_exit(pid);
        let _ = exited.send(Event::Exited);
    })
    .map_err(failed)?;
    let _listening = stop.listen(move |count, cause| drop(sender.send(Event::Stop(count, cause))));

    let mut watch = Watch { pid, events, open_streams, passing_on, ended_by: None };
    watch.until_exit(command.timeout);
    watch.drain();
    let (how, usage) = group::reap(&mut child).map_err(failed)?;
    let exit = watch.ended_by.unwrap_or_else(|| how.map_or_else(Exit::Signal, Exit::Code));
    Ok(Finished { exit, usage })
}

/// One at a time, so that no other process gets the file that this one is to keep.
static SPAWNING: Mutex<()> = Mutex::new(());

fn spawn(command: Command<'_>) -> io::Result<std::process::Child> {
    let (shell, words) = SHELL;
    let mut process = std::process::Command::new(shell);
    process.args(words);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::raw_arg(&mut process, format!("\"{}\"", command.line));
    #[cfg(not(windows))]
    process.arg(command.line);
    process
        .current_dir(command.dir)
        .env_clear()
        .envs(command.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    group::configure(&mut process);
    let alone = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let handed_down = command.keeps.map(group::HandedDown::new);
    let child = process.spawn();
    drop((handed_down, alone));
    child
}

fn in_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(work).map(drop)
}

fn pump(
    mut pipe: impl Read + Send + 'static,
    stream: Stream,
    sink: &Sink,
    passing_on: &Arc<AtomicUsize>,
    sender: Sender<Event>,
) -> io::Result<()> {
    let (sink, passing_on) = (Arc::clone(sink), Arc::clone(passing_on));
    in_thread("vx-read", move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    passing_on.fetch_add(1, Ordering::Relaxed);
                    sink(stream, &buffer[..length]);
                    passing_on.fetch_sub(1, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let _ = sender.send(Event::Closed);
    })
}

struct Watch {
    pid: u32,
    events: Receiver<Event>,
    open_streams: u32,
    /// How many streams are not being read because the sink is still busy with what was read before.
    passing_on: Arc<AtomicUsize>,
    ended_by: Option<Exit>,
}

impl Watch {
    /// Waits for the leader's exit, ending the group on a stop or when the time is up.
    fn until_exit(&mut self, timeout: Option<Duration>) {
        let mut deadline = timeout.map(|limit| Instant::now() + limit);
        loop {
            match self.next(deadline) {
                Ok(Event::Exited) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Event::Closed) => self.open_streams -= 1,
                Ok(Event::Stop(1, cause)) => {
                    let number = match cause {
                        Cause::Signal(signal) => signal.number(),
                        Cause::BrokenPipe | Cause::Failure => group::POLITE,
                    };
                    self.end(Exit::Stopped, number);
                    deadline = Some(Instant::now() + GRACE);
                }
                Ok(Event::Stop(..)) => self.end(Exit::Stopped, group::HARD),
                Err(RecvTimeoutError::Timeout) if self.ended_by.is_none() => {
                    self.end(Exit::TimedOut, group::POLITE);
                    deadline = Some(Instant::now() + GRACE);
                }
                Err(RecvTimeoutError::Timeout) => {
                    group::signal(self.pid, group::HARD);
                    deadline = None;
                }
            }
        }
    }

    fn end(&mut self, exit: Exit, number: i32) {
        self.ended_by.get_or_insert(exit);
        group::signal(self.pid, number);
    }

    /// Ends what the leader left in its group and reads the streams to their end. The leader is not reaped
    /// yet, so the group's id is still its own.
    fn drain(&mut self) {
        if self.ended_by.is_some() {
            group::signal(self.pid, group::HARD);
        }
        for number in [group::POLITE, group::HARD, group::HARD] {
            if self.streams_closed_within(DRAIN) {
                break;
            }
            group::signal(self.pid, number);
        }
        group::signal(self.pid, group::HARD);
    }

    fn streams_closed_within(&mut self, time: Duration) -> bool {
        let mut deadline = Instant::now() + time;
        while self.open_streams > 0 {
            match self.next(Some(deadline)) {
                Ok(Event::Closed) => self.open_streams -= 1,
                Ok(Event::Stop(..)) => self.ended_by = Some(Exit::Stopped),
                Ok(Event::Exited) => {}
                // The terminal or pipe that we print to is slow: the stream is not held open, only not yet read.
                Err(RecvTimeoutError::Timeout) if self.is_passing_on() => {
                    deadline = Instant::now() + time;
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// Not waited for once the run stops: whoever reads us may have stopped reading, too.
    fn is_passing_on(&self) -> bool {
        self.ended_by != Some(Exit::Stopped) && self.passing_on.load(Ordering::Relaxed) > 0
    }

    fn next(&self, deadline: Option<Instant>) -> Result<Event, RecvTimeoutError> {
        deadline.map_or_else(
            || self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            |deadline| self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        )
    }
}
