//! How far a long review has come, on a terminal.
//!
//! One line on standard error that comes after a second, is drawn anew ten times a second by a thread of its own, since
//! a large document is read in one go, and makes room for whatever else is written.

use std::io::{IsTerminal, Stderr, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::cli::screen;

/// Nobody needs to be told that something is under way which is done at once.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// The progress of a review; nothing where standard error is no terminal.
pub(super) struct Progress(Option<Shown>);

struct Shown {
    line: Arc<Mutex<Line<Stderr>>>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// Keeps the line away until it is dropped.
pub(super) struct Hidden<'p>(#[expect(dead_code, reason = "held, not read")] Option<MutexGuard<'p, Line<Stderr>>>);

impl Progress {
    /// The progress of a review of this many bytes.
    pub(super) fn start(total: u64) -> Self {
        let terminal = std::io::stderr();
        if !terminal.is_terminal() {
            return Self(None);
        }
        let line = Arc::new(Mutex::new(Line::new(terminal, total)));
        let (stop, stopped) = channel::<()>();
        let drawn = Arc::clone(&line);
        let thread = thread::spawn(move || {
            let mut pause = PATIENCE;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                lock(&drawn).draw(usize::from(screen::width()));
                pause = INTERVAL;
            }
        });
        Self(Some(Shown { line, stop, thread }))
    }

    /// A file of this size is next.
    pub(super) fn begin(&self, name: &str, size: u64) {
        if let Some(shown) = &self.0 {
            lock(&shown.line).begin(name, size);
        }
    }

    /// The review has come to this byte of the file.
    pub(super) fn reach(&self, offset: u64) {
        if let Some(shown) = &self.0 {
            lock(&shown.line).offset = offset;
        }
    }

    /// Takes the line away while something else is written.
    pub(super) fn hide(&self) -> Hidden<'_> {
        Hidden(self.0.as_ref().map(|shown| {
            let mut line = lock(&shown.line);
            line.clear();
            line
        }))
    }

    /// Takes the line away for good.
    pub(super) fn finish(&mut self) {
        let Some(shown) = self.0.take() else { return };
        drop(shown.stop);
        let _panicked = shown.thread.join();
        lock(&shown.line).clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A line that a panic left half drawn is still only a line.
fn lock<W>(line: &Mutex<Line<W>>) -> MutexGuard<'_, Line<W>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The line, and what it says.
struct Line<W> {
    screen: W,
    is_visible: bool,
    total: u64,
    /// Bytes of all files that are done with.
    done: u64,
    name: String,
    size: u64,
    offset: u64,
}

impl<W: Write> Line<W> {
    const fn new(screen: W, total: u64) -> Self {
        Self { screen, is_visible: false, total, done: 0, name: String::new(), size: 0, offset: 0 }
    }

    fn begin(&mut self, name: &str, size: u64) {
        self.done += self.size;
        name.clone_into(&mut self.name);
        self.size = size;
        self.offset = 0;
    }

    /// Draws the line over itself. A terminal that is gone is no reason to stop.
    fn draw(&mut self, width: usize) {
        let text: String = self.text().chars().take(width.saturating_sub(1)).collect();
        let _gone = write!(self.screen, "\r\x1b[2K{text}").and_then(|()| self.screen.flush());
        self.is_visible = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_visible) {
            let _gone = write!(self.screen, "\r\x1b[2K").and_then(|()| self.screen.flush());
        }
    }

    fn text(&self) -> String {
        const MEGABYTE: u64 = 1_000_000;
        // A compressed file is shorter than its text.
        let reached = (self.done + self.offset.min(self.size)).min(self.total);
        let percent = (reached * 100).checked_div(self.total).unwrap_or(100);
        format!("reviewed {percent} % of {} MB: {}", self.total.div_ceil(MEGABYTE), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &Line<Vec<u8>>) -> String {
        String::from_utf8(line.screen.clone()).unwrap()
    }

    #[test]
    fn the_line_says_how_far_it_is_over_all_files() {
        let mut line = Line::new(Vec::new(), 40_000_000);
        line.begin("a.yaml", 10_000_000);
        line.begin("b.yaml", 30_000_000);
        line.offset = 10_000_000;
        assert_eq!(line.text(), "reviewed 50 % of 40 MB: b.yaml");
        line.draw(12);
        assert_eq!(written(&line), "\r\x1b[2Kreviewed 50", "no wider than the terminal, or it could not be cleared");
    }

    #[test]
    fn nothing_is_cleared_that_was_not_drawn() {
        let mut line = Line::new(Vec::new(), 0);
        line.clear();
        assert_eq!(written(&line), "");
        line.draw(80);
        line.clear();
        line.clear();
        assert_eq!(written(&line).matches("\x1b[2K").count(), 2);
    }
}
