//! The two standard streams and the live line, under one lock, so that no line is ever torn.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use super::descriptor::WriteEnd;
use super::style::Style;
use crate::run::environment::Variables;
use crate::run::process::Stream;
use crate::run::stop::{Cause, Stop};

/// Where all that a run prints goes through.
pub struct Console {
    state: Mutex<State>,
    stop: Arc<Stop>,
    out_style: Style,
    err_style: Style,
    interactive: bool,
}

struct State {
    out: WriteEnd,
    err: WriteEnd,
    /// What stands on the terminal's last line, to be cleared before anything else is written.
    live: String,
}

impl Console {
    /// The process's own streams. A standard output that breaks raises `stop`.
    #[must_use]
    pub fn new(host: &Variables, stop: Arc<Stop>) -> Self {
        let out_terminal = std::io::stdout().is_terminal();
        let err_terminal = std::io::stderr().is_terminal();
        let state = State { out: WriteEnd::stdout(), err: WriteEnd::stderr(), live: String::new() };
        Self {
            state: Mutex::new(state),
            stop,
            out_style: Style::detect(host, out_terminal),
            err_style: Style::detect(host, err_terminal),
            // With only one of the two on the terminal, a live line would tear what comes through the other.
            interactive: out_terminal
                && err_terminal
                && !host.contains_key(std::ffi::OsStr::new("CI")),
        }
    }

    /// Whether a person watches: both streams are a terminal and this is not CI.
    #[must_use]
    pub const fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// The style of one stream.
    #[must_use]
    pub const fn style(&self, stream: Stream) -> Style {
        match stream {
            Stream::Out => self.out_style,
            Stream::Err => self.err_style,
        }
    }

    /// Writes bytes that end at a line's end to one stream, in one piece.
    pub fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.out.is_broken() {
            // The run ends for it, quietly.
            return;
        }
        state.clear_live();
        match stream {
            Stream::Out => state.out.write(bytes),
            Stream::Err => state.err.write(bytes),
        }
        state.draw_live();
        let broken = state.out.is_broken();
        drop(state);
        if broken && !self.stop.is_raised() {
            self.stop.raise(Cause::BrokenPipe);
        }
    }

    /// Writes one line to standard output.
    pub fn line(&self, text: &str) {
        self.write(Stream::Out, format!("{text}\n").as_bytes());
    }

    /// Writes one line to standard error.
    pub fn note(&self, text: &str) {
        self.write(Stream::Err, format!("{text}\n").as_bytes());
    }

    /// Replaces the live line; an empty text takes it away. Nothing happens where nobody watches.
    pub fn live(&self, text: &str) {
        if !self.interactive {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.live != text {
            state.clear_live();
            text.clone_into(&mut state.live);
            state.draw_live();
        }
    }
}

impl State {
    fn clear_live(&mut self) {
        if !self.live.is_empty() {
            self.err.write(b"\r\x1b[2K");
        }
    }

    fn draw_live(&mut self) {
        if !self.live.is_empty() {
            let live = std::mem::take(&mut self.live);
            self.err.write(live.as_bytes());
            self.live = live;
        }
    }
}
