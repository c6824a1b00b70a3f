//! The request to stop a run: by a signal, by a reader that went away, or by a failure.
//!
//! One [`Stop`] a run. Raising it wakes everyone who waits; it never acts on processes itself. Those who
//! own a process group listen and end it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A signal that asks the whole run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl+C.
    Interrupt,
    /// A polite kill.
    Terminate,
    /// The terminal was closed.
    HangUp,
}

impl Signal {
    /// From the name that Node gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "SIGINT" => Some(Self::Interrupt),
            "SIGTERM" => Some(Self::Terminate),
            "SIGHUP" => Some(Self::HangUp),
            _ => None,
        }
    }

    /// The number that `kill` takes, on every Unix.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}

/// Why a run ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A signal.
    Signal(Signal),
    /// Nobody reads our standard output any more.
    BrokenPipe,
    /// A task failed and `--continue=never` holds.
    Failure,
}

impl Cause {
    /// The exit code that the shell's convention gives a process ended this way; `None` for a plain failure.
    #[must_use]
    pub const fn exit_code(self) -> Option<i32> {
        match self {
            Self::Signal(signal) => Some(128 + signal.number()),
            Self::BrokenPipe => Some(128 + 13),
            Self::Failure => None,
        }
    }
}

type Listener = Box<dyn Fn(u32, Cause) + Send>;

#[derive(Default)]
struct State {
    cause: Option<Cause>,
    raised: u32,
    listeners: BTreeMap<u64, Listener>,
    next_listener: u64,
}

/// Whether, and why, a run is to stop.
#[derive(Default)]
pub struct Stop {
    state: Mutex<State>,
    changed: Condvar,
}

impl Stop {
    /// Asks the run to stop. The first cause stays; every further request tells the listeners to hurry.
    pub fn raise(&self, cause: Cause) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *state.cause.get_or_insert(cause);
        state.raised += 1;
        let raised = state.raised;
        state.listeners.values().for_each(|listener| listener(raised, first));
        drop(state);
        self.changed.notify_all();
    }

    /// The cause, once raised.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).cause
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.cause().is_some()
    }

    /// Calls `listener` with the count of requests and the first cause at each request, and at once when
    /// there was one before, for as long as the returned guard lives. The listener must be quick and must not
    /// call back: it runs under the lock.
    pub fn listen(&self, listener: impl Fn(u32, Cause) + Send + 'static) -> Listening<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = state.cause {
            listener(state.raised, cause);
        }
        let id = state.next_listener;
        state.next_listener += 1;
        state.listeners.insert(id, Box::new(listener));
        drop(state);
        Listening { stop: self, id }
    }

    /// Waits for `time` or until raised, whichever comes first; says whether it is raised.
    #[expect(clippy::significant_drop_tightening, reason = "the guard is what is waited with")]
    pub fn wait(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, time, |state| state.cause.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.cause.is_some()
    }
}

/// Keeps a listener of a [`Stop`] alive.
pub struct Listening<'a> {
    stop: &'a Stop,
    id: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut state = self.stop.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.listeners.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_stays_and_late_listeners_hear() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::ZERO));
        stop.raise(Cause::Signal(Signal::Interrupt));
        stop.raise(Cause::BrokenPipe);
        let (sender, receiver) = std::sync::mpsc::channel();
        let listening = stop.listen(move |count, _| sender.send(count).unwrap());
        assert_eq!(receiver.try_recv(), Ok(2));
        drop(listening);
        stop.raise(Cause::BrokenPipe);
        assert!(receiver.try_recv().is_err());
        assert_eq!(stop.cause().and_then(Cause::exit_code), Some(130));
    }
}
