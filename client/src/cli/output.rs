//! Standard output: results, one a line, each written out at once.

use std::io::{self, Write};

use jiff::Timestamp as Instant;
use serde::Serialize;
use tertulia_client::proto::Timestamp;
use tokio::task;

/// Where results go, and in which form.
#[derive(Debug)]
pub(crate) struct Output {
    is_json: bool,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// Prints a result: the object, or the line that a person reads.
    pub(crate) async fn print<T: Serialize>(
        &self,
        object: &T,
        line: impl FnOnce() -> String,
    ) -> io::Result<()> {
        self.print_all([self.form(object, line)?]).await
    }

    /// A result as it is to be printed.
    pub(crate) fn form<T: Serialize>(
        &self,
        object: &T,
        line: impl FnOnce() -> String,
    ) -> io::Result<String> {
        match self.is_json {
            true => Ok(serde_json::to_string(object)?),
            false => Ok(line()),
        }
    }

    /// Prints results that are there at once, a line each, in one go.
    pub(crate) async fn print_all(
        &self,
        formed: impl IntoIterator<Item = String>,
    ) -> io::Result<()> {
        let mut lines = String::new();
        for line in formed {
            lines.push_str(&line);
            lines.push('\n');
        }
        write_lines(lines).await
    }

    /// Prints an object for programs only.
    pub(crate) async fn print_object<T: Serialize>(&self, object: &T) -> io::Result<()> {
        match self.is_json {
            true => write(serde_json::to_string(object)?).await,
            false => Ok(()),
        }
    }

    /// Prints a line for people only.
    pub(crate) async fn print_text(&self, line: String) -> io::Result<()> {
        match self.is_json {
            true => Ok(()),
            false => write(line).await,
        }
    }
}

async fn write(mut line: String) -> io::Result<()> {
    line.push('\n');
    write_lines(line).await
}

/// On a thread beside: a pipe that nobody reads keeps neither signals nor deadlines.
async fn write_lines(lines: String) -> io::Result<()> {
    let written = task::spawn_blocking(move || {
        let mut stdout = io::stdout().lock();
        stdout.write_all(lines.as_bytes())?;
        stdout.flush()
    });
    written.await.map_err(io::Error::other)?
}

/// RFC 3339, UTC, with milliseconds.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
    // Beyond the year 9999 no clock is right.
    let instant = Instant::from_millisecond(ms).unwrap_or(Instant::MAX);
    format!("{instant:.3}")
}

/// How wide a column has to be.
pub(crate) fn width<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_even_when_they_are_zero() {
        assert_eq!(rfc3339(Timestamp(1_700_000_000_000)), "2023-11-14T22:13:20.000Z");
        assert_eq!(rfc3339(Timestamp(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(rfc3339(Timestamp(u64::MAX)).get(..4), Some("9999"));
    }
}
