//! Standard output: how wide it is, and how to print to it.

use std::io::{BufWriter, ErrorKind, StdoutLock, Write};

/// How wide lines may be where nobody says how wide the screen is.
const DEFAULT_WIDTH: u16 = 120;

/// The columns of the terminal, or a good guess where there is none.
pub fn width() -> u16 {
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| width.0)
}

/// Prints a text, without its styles where they are not wanted. Whoever closes the pipe has read enough.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes to standard output what has no styles, such as JSON. Whoever closes the pipe has read enough.
///
/// # Errors
/// When standard output cannot be written.
pub fn write(what: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> std::io::Result<()>) -> anyhow::Result<()> {
    let mut writer = BufWriter::new(std::io::stdout().lock());
    match what(&mut writer).and_then(|()| writer.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
