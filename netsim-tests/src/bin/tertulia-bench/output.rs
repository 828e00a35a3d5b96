//! Where results go.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::time::Duration;

const FAILED: u8 = 1;

/// Prints lines on standard output; a closed one ends quietly.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Prints text for people.
pub(crate) fn say(text: &str) {
    // Without anybody to tell it is done all the same.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes the objects as one array; `-` is standard output.
pub(crate) fn write_json<T: Serialize>(to: &Path, objects: &[T]) -> Result<()> {
    let mut text = serde_json::to_string_pretty(objects)?;
    text.push('\n');
    match to.as_os_str() == "-" {
        true => print(&text),
        false => fs::write(to, text).with_context(|| format!("{} can't be written", to.display())),
    }
}

/// Prints the table, and writes the rows where they were asked for.
pub(crate) fn show<R: Serialize>(text: &str, rows: &[R], json: Option<&Path>) -> Result<()> {
    if let Some(path) = json {
        write_json(path, rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(text),
        false => print(text)?,
    }
    Ok(())
}

/// Milliseconds, to a tenth.
pub(crate) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

pub(crate) fn fail(text: &str) -> ExitCode {
    say(&format!("tertulia-bench: {text}\n"));
    ExitCode::from(FAILED)
}
