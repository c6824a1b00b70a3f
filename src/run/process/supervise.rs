//! From a command line to its end: spawn, obey the time limit and the run's stop, read both streams to their end, and
//! leave no process of the group behind. How a system tells what happens to a process is the business of its `watch`.
//!
//! A task owns its process group: what still runs in it when the leader has exited is ended too, so that
//! nothing writes into outputs after they were saved. A process that left the group (a daemon that called
//! `setsid`) is not ours; if it holds a stream open, the stream is given up after a moment.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::group;
use super::shell::SHELL;
use super::sink::Sink;
use super::watch::Watch;
use crate::error::Coded;
use crate::run::environment::Variables;
use crate::run::stop::{Cause, Stop};

/// Between the polite signal and the hard one.
const GRACE: Duration = Duration::from_secs(5);
/// How long streams may stay open after the leader has exited, before what holds them is ended.
const DRAIN: Duration = Duration::from_millis(200);

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

/// What a watch tells of a process.
pub(super) enum Event {
    /// The leader has exited; it is not reaped.
    Exited,
    /// One of the two streams has come to its end, and all that came through it was passed on.
    Closed,
    /// The run is asked to stop, for the so-manieth time.
    Stop(u32, Cause),
    /// Nothing else happened until the deadline.
    TimeUp,
}

/// Runs a command to its end.
///
/// # Errors
/// [`SpawnError`] when it cannot be started or watched; how it ended is never an error here.
pub fn run(command: Command<'_>, stop: &Stop, sink: &Sink) -> Result<Finished, SpawnError> {
    let failed = |source| SpawnError { dir: command.dir.to_owned(), source };
    let mut child = spawn(command).map_err(failed)?;
    let supervised = supervise(&mut child, command.timeout, stop, sink);
    if supervised.is_err() {
        group::signal(child.id(), group::HARD);
    }
    let reaped = group::reap(&mut child);
    let ended_by = supervised.map_err(failed)?;
    let (how, usage) = reaped.map_err(failed)?;
    let exit = ended_by.unwrap_or_else(|| how.map_or_else(Exit::Signal, Exit::Code));
    Ok(Finished { exit, usage })
}

/// Waits for the end of the leader and of all that it leaves; gives how it ended where the run ended it.
fn supervise(
    child: &mut Child,
    timeout: Option<Duration>,
    stop: &Stop,
    sink: &Sink,
) -> io::Result<Option<Exit>> {
    let watch = Watch::start(child, stop, sink)?;
    let mut supervision = Supervision { pid: child.id(), watch, ended_by: None };
    supervision.until_exit(timeout)?;
    supervision.drain()?;
    Ok(supervision.ended_by)
}

/// Held alone by who starts a process that is to keep a file, so that no other process gets that file.
static SPAWNING: RwLock<()> = RwLock::new(());

fn spawn(command: Command<'_>) -> io::Result<Child> {
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
    let Some(file) = command.keeps else {
        let _others_too = SPAWNING.read().unwrap_or_else(PoisonError::into_inner);
        return process.spawn();
    };
    let _alone = SPAWNING.write().unwrap_or_else(PoisonError::into_inner);
    let _handed_down = group::HandedDown::new(file);
    process.spawn()
}

struct Supervision<'a> {
    pid: u32,
    watch: Watch<'a>,
    ended_by: Option<Exit>,
}

impl Supervision<'_> {
    /// Waits for the leader's exit, ending the group on a stop or when the time is up.
    fn until_exit(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let mut deadline = timeout.map(|limit| Instant::now() + limit);
        loop {
            match self.watch.next(deadline)? {
                Event::Exited => return Ok(()),
                Event::Closed => {}
                Event::Stop(1, cause) => {
                    let number = match cause {
                        Cause::Signal(signal) => signal.number(),
                        Cause::BrokenPipe | Cause::Failure => group::POLITE,
                    };
                    self.end(Exit::Stopped, number);
                    deadline = Some(Instant::now() + GRACE);
                }
                Event::Stop(..) => self.end(Exit::Stopped, group::HARD),
                Event::TimeUp if self.ended_by.is_none() => {
                    self.end(Exit::TimedOut, group::POLITE);
                    deadline = Some(Instant::now() + GRACE);
                }
                Event::TimeUp => {
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
    fn drain(&mut self) -> io::Result<()> {
        if self.ended_by.is_some() {
            group::signal(self.pid, group::HARD);
        }
        for number in [group::POLITE, group::HARD, group::HARD] {
            if self.streams_closed_within(DRAIN)? {
                break;
            }
            group::signal(self.pid, number);
        }
        group::signal(self.pid, group::HARD);
        Ok(())
    }

    fn streams_closed_within(&mut self, time: Duration) -> io::Result<bool> {
        let mut deadline = Instant::now() + time;
        while self.watch.has_open_stream() {
            match self.watch.next(Some(deadline))? {
                Event::Closed | Event::Exited => {}
                Event::Stop(..) => self.ended_by = Some(Exit::Stopped),
                // The terminal or pipe that we print to is slow: the stream is not held open, only not yet read.
                Event::TimeUp if self.is_passing_on() => deadline = Instant::now() + time,
                Event::TimeUp => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Not waited for once the run stops: whoever reads us may have stopped reading, too.
    fn is_passing_on(&self) -> bool {
        self.ended_by != Some(Exit::Stopped) && self.watch.is_passing_on()
    }
}
