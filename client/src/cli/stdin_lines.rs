//! Lines of standard input as they come, each bounded.

use tertulia_client::proto::limits;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// A message, and the line end that does not count.
const LINE_BYTES: usize = limits::TEXT_BYTES + 2;

/// A line that can't be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadLine {
    /// Over the limit of a message.
    TooLong,
    /// Not UTF-8.
    NoText,
}

/// Takes lines off `input`, holding no more than one message's worth.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line that is not empty, and its number from 1. `None`: the input is over.
    pub(crate) async fn next(&mut self) -> std::io::Result<Option<(u64, Result<String, BadLine>)>> {
        loop {
            let Some(line) = self.read().await? else {
                return Ok(None);
            };
            self.number += 1;
            match line {
                Ok(text) if text.is_empty() => {}
                line => return Ok(Some((self.number, line))),
            }
        }
    }

    async fn read(&mut self) -> std::io::Result<Option<Result<String, BadLine>>> {
        let mut line = Vec::new();
        let (mut began, mut is_too_long) = (false, false);
        loop {
            let chunk = self.input.fill_buf().await?;
            if chunk.is_empty() && !began {
                return Ok(None);
            }
            began = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(chunk.len());
            let fits = line.len() + taken <= LINE_BYTES;
            if fits && !is_too_long {
                line.extend(chunk.get(..taken).unwrap_or_default());
            }
            is_too_long |= !fits;
            let is_over = end.is_some() || chunk.is_empty();
            let used = taken + usize::from(end.is_some());
            self.input.consume(used);
            if is_over {
                return Ok(Some(judge(line, is_too_long)));
            }
        }
    }
}

fn judge(mut line: Vec<u8>, is_too_long: bool) -> Result<String, BadLine> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if is_too_long || line.len() > limits::TEXT_BYTES {
        return Err(BadLine::TooLong);
    }
    String::from_utf8(line).map_err(|_| BadLine::NoText)
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    async fn lines(input: &[u8], buffer: usize) -> Vec<(u64, Result<String, BadLine>)> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, input));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        all
    }

    #[tokio::test]
    async fn lines_lose_their_end_and_empty_ones_only_count() {
        for buffer in [1, 3, 1_000] {
            let found = lines("uno\r\n\n\r\n  \ntres ñ\nlast".as_bytes(), buffer).await;
            let ok = |n, text: &str| (n, Ok(text.to_owned()));
            assert_eq!(found, [ok(1, "uno"), ok(4, "  "), ok(5, "tres ñ"), ok(6, "last")]);
        }
    }

    #[tokio::test]
    async fn bad_lines_are_numbered_and_the_rest_goes_on() {
        let longest = "x".repeat(limits::TEXT_BYTES);
        let input = format!("a\n{longest}y\n{longest}\r\n{}\nb\n", "z".repeat(100_000));
        let mut input = input.into_bytes();
        input.extend(b"\xff\nc");
        for buffer in [7, 64_000] {
            let found = lines(&input, buffer).await;
            let expected = [
                (1, Ok("a".to_owned())),
                (2, Err(BadLine::TooLong)),
                (3, Ok(longest.clone())),
                (4, Err(BadLine::TooLong)),
                (5, Ok("b".to_owned())),
                (6, Err(BadLine::NoText)),
                (7, Ok("c".to_owned())),
            ];
            assert_eq!(found, expected);
        }
    }

    #[tokio::test]
    async fn nothing_is_no_line() {
        assert_eq!(lines(b"", 8).await, []);
        assert_eq!(lines(b"\n\n", 8).await, []);
    }
}
