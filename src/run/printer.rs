//! How one task's lines come out: prefixed with its name, as they come or in one block, filtered by
//! `--output-logs`. It decides nothing else about the task.

use std::io::{self, BufRead, BufReader};
use std::sync::{Arc, Mutex, PoisonError};

use crate::artifact::Logs;
use crate::key::Key;
use crate::run::console::{Colour, Console, duration};
use crate::run::environment::{Variables, value};
use crate::run::options::{LogOrder, OutputLogs};
use crate::run::outcome::{Outcome, Status};
use crate::run::process::Stream;

/// Prints the tasks of one run.
pub(super) struct Printer {
    console: Arc<Console>,
    logs: OutputLogs,
    order: LogOrder,
    /// GitHub folds what stands between its markers.
    github: bool,
    /// Held by the task whose lines stand together.
    block: Mutex<()>,
}

impl Printer {
    /// A printer for this run; without an order of its own, a terminal streams and anything else groups.
    #[must_use]
    pub(super) fn new(
        console: Arc<Console>,
        logs: OutputLogs,
        order: Option<LogOrder>,
        host: &Variables,
    ) -> Self {
        let natural = if console.is_interactive() { LogOrder::Stream } else { LogOrder::Grouped };
        let github = value(host, "GITHUB_ACTIONS").is_some_and(|value| value == "true");
        Self { console, logs, order: order.unwrap_or(natural), github, block: Mutex::default() }
    }

    /// Whether a task's lines are printed while it runs.
    #[must_use]
    pub(super) const fn streams(&self) -> bool {
        matches!((self.order, self.logs), (LogOrder::Stream, OutputLogs::Full))
    }

    /// Whether the output of a task that ended like this is wanted at all.
    #[must_use]
    pub(super) fn wants(&self, status: Status) -> bool {
        match self.logs {
            OutputLogs::Full => true,
            OutputLogs::ErrorsOnly => status == Status::Failed,
            OutputLogs::HashOnly | OutputLogs::None => false,
        }
    }

    /// A task's command starts.
    pub(super) fn started(&self, id: &str, key: Option<&Key>, reason: &str) {
        if self.streams() {
            let hash = key.map_or_else(String::new, |key| format!(" {}", key.short()));
            let style = self.console.style(Stream::Out);
            self.line(id, &style.paint(Colour::Dim, &format!("{reason}, running{hash}")));
        }
    }

    /// A writer of one stream of one task, for while it runs.
    #[must_use]
    pub(super) fn lines(&self, id: &str, stream: Stream) -> LinePrinter {
        let prefix = self.prefix(id, stream);
        LinePrinter {
            console: Arc::clone(&self.console),
            stream,
            prefix,
            partial: Mutex::default(),
        }
    }

    /// A task has ended; `logs` is its output where it was not streamed.
    pub(super) fn ended(&self, id: &str, outcome: &Outcome, logs: Option<&Logs>) {
        let failed = outcome.status == Status::Failed;
        match self.logs {
            OutputLogs::None | OutputLogs::ErrorsOnly if !failed => return,
            _ => {}
        }
        let logs = logs.filter(|_| self.wants(outcome.status));
        self.block(id, logs.is_some(), || {
            self.line(id, &self.headline(outcome));
            if let Some(logs) = logs {
                self.replay(id, logs);
            }
            if let (true, Some(failure)) = (failed, &outcome.failure) {
                self.failure(id, failure);
            }
        });
    }

    /// A command failed and is run again; `logs` is its output where it was not streamed.
    pub(super) fn failed_try(&self, id: &str, logs: Option<&Logs>, text: &str) {
        let logs = logs.filter(|_| self.wants(Status::Failed));
        self.block(id, logs.is_some(), || {
            if let Some(logs) = logs {
                self.replay(id, logs);
            }
        });
        self.warn(id, text);
    }

    /// Prints lines of one task with none of another between them, where GitHub can fold them.
    fn block(&self, id: &str, folded: bool, print: impl FnOnce()) {
        let block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        let folded = folded && self.github;
        if folded {
            self.console.line(&format!("::group::{id}"));
        }
        print();
        if folded {
            self.console.line("::endgroup::");
        }
        drop(block);
    }

    fn failure(&self, id: &str, failure: &str) {
        let style = self.console.style(Stream::Err);
        let text =
            format!("{}{}\n", self.prefix(id, Stream::Err), style.paint(Colour::Red, failure));
        self.console.write(Stream::Err, text.as_bytes());
    }

    /// Something about one task that the user should know.
    pub(super) fn warn(&self, id: &str, text: &str) {
        let style = self.console.style(Stream::Err);
        let line = format!(
            "{}{} {text}\n",
            self.prefix(id, Stream::Err),
            style.paint(Colour::Yellow, "warning:")
        );
        self.console.write(Stream::Err, line.as_bytes());
    }

    fn headline(&self, outcome: &Outcome) -> String {
        let style = self.console.style(Stream::Out);
        let hash = outcome.key.as_ref().map_or_else(String::new, |key| format!(" {}", key.short()));
        let took = duration(outcome.duration);
        let (colour, text) = match outcome.status {
            Status::CacheHit | Status::CacheHitRemote => {
                let restored =
                    if outcome.restored { format!(", restored in {took}") } else { String::new() };
                let remote = if outcome.status == Status::CacheHitRemote { "remote " } else { "" };
                (Colour::Green, format!("{remote}cache hit{restored}"))
            }
            Status::Success => {
                let reason = outcome
                    .miss_reason
                    .as_ref()
                    .map_or_else(String::new, |reason| format!("{reason}, "));
                (Colour::Yellow, format!("{reason}ran in {took}"))
            }
            Status::Failed => (Colour::Red, format!("failed after {took}")),
            Status::Skipped => {
                let reason = outcome.failure.as_deref().unwrap_or("not started");
                (Colour::Dim, format!("skipped: {reason}"))
            }
        };
        format!("{}{}", style.paint(colour, &text), style.paint(Colour::Dim, &hash))
    }

    fn line(&self, id: &str, text: &str) {
        let line = format!("{}{text}\n", self.prefix(id, Stream::Out));
        self.console.write(Stream::Out, line.as_bytes());
    }

    fn prefix(&self, id: &str, stream: Stream) -> String {
        format!("{} ", self.console.style(stream).paint(Colour::Cyan, &format!("{id}:")))
    }

    /// The stored output, standard output first; each stream keeps its identity.
    pub(super) fn replay(&self, id: &str, logs: &Logs) {
        for (stream, captured) in [(Stream::Out, &logs.stdout), (Stream::Err, &logs.stderr)] {
            let printer = self.lines(id, stream);
            let copied = captured.reader().and_then(|reader| copy(reader, &printer));
            printer.finish();
            if let Err(error) = copied {
                self.warn(id, &format!("its captured output cannot be read back: {error}"));
            }
        }
    }
}

fn copy(reader: impl io::Read, printer: &LinePrinter) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(());
        }
        printer.write(chunk);
        let length = chunk.len();
        reader.consume(length);
    }
}

/// Prints whole lines of one stream, each with the task's prefix. Bytes are passed on as they are.
pub(super) struct LinePrinter {
    console: Arc<Console>,
    stream: Stream,
    prefix: String,
    partial: Mutex<Vec<u8>>,
}

/// A line longer than this is printed in pieces, so that memory stays bounded.
const LONGEST_LINE: usize = 1 << 20;

impl LinePrinter {
    /// Takes the next bytes; what ends in a line break is printed now.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        partial.extend_from_slice(bytes);
        let end = match partial.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if partial.len() > LONGEST_LINE => partial.len(),
            None => return,
        };
        let rest = partial.split_off(end);
        let lines = std::mem::replace(&mut *partial, rest);
        drop(partial);
        self.print(&lines);
    }

    /// Prints what is left, its line ended for it.
    pub(super) fn finish(&self) {
        let rest =
            std::mem::take(&mut *self.partial.lock().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            self.print(&rest);
        }
    }

    fn print(&self, lines: &[u8]) {
        let mut out = Vec::with_capacity(lines.len() + self.prefix.len() * 4);
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            out.extend_from_slice(self.prefix.as_bytes());
            out.extend_from_slice(line);
        }
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        self.console.write(self.stream, &out);
    }
}
