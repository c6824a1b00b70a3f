//! The live line: redrawn a few times a second while a run goes on, gone when it ends.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::screen::Console;

const PERIOD: Duration = Duration::from_millis(100);
const DEFAULT_WIDTH: usize = 80;

/// Draws the live line until dropped.
pub struct Live {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    console: Arc<Console>,
}

impl Live {
    /// Starts drawing what `text` says; does nothing where nobody watches.
    pub fn start(console: &Arc<Console>, text: impl Fn() -> String + Send + 'static) -> Self {
        let mut live = Self { end: None, thread: None, console: Arc::clone(console) };
        if !console.is_interactive() {
            return live;
        }
        let (end, ended) = channel::<()>();
        let console = Arc::clone(console);
        let draw = move || {
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                console.live(&cut(&text(), terminal_width()));
            }
        };
        live.thread = std::thread::Builder::new().name("vx-live".into()).spawn(draw).ok();
        live.end = Some(end);
        live
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic while drawing must not become one here; there is nothing left to draw.
            let _ = thread.join();
        }
        self.console.live("");
    }
}

/// A line longer than the terminal would wrap, and could not be taken back.
fn cut(text: &str, width: usize) -> String {
    let width = width.saturating_sub(1);
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

#[cfg(unix)]
fn terminal_width() -> usize {
    // SAFETY: an all-zero winsize is valid, and the call writes only to it.
    let columns = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(2, libc::TIOCGWINSZ, &raw mut size) == 0 { size.ws_col } else { 0 }
    };
    if columns == 0 { DEFAULT_WIDTH } else { usize::from(columns) }
}

#[cfg(not(unix))]
const fn terminal_width() -> usize {
    DEFAULT_WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_to_the_terminal() {
        assert_eq!(cut("short", 80), "short");
        assert_eq!(cut("äbcdefgh", 6), "äbcd…");
    }
}
