//! What a peer had a part in, as a log may show it.

use std::fmt::{self, Display, Write};

/// Longer texts are cut, in bytes.
const MOST: usize = 256;

/// A text on one line, without control characters, of bounded length.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaped = Escaped { to: f, left: MOST };
        match write!(escaped, "{}", self.0) {
            Err(_) if escaped.left == 0 => f.write_str("..."),
            written => written,
        }
    }
}

struct Escaped<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl Write for Escaped<'_, '_> {
    /// Fails where the text is cut.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            let escaped = char.escape_debug();
            let plain = matches!(char, '\'' | '"');
            let bytes = if plain { 1 } else { escaped.clone().map(char::len_utf8).sum() };
            if bytes > self.left {
                self.left = 0;
                return Err(fmt::Error);
            }
            self.left -= bytes;
            match plain {
                true => self.to.write_char(char)?,
                false => write!(self.to, "{escaped}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_has_an_end() {
        assert_eq!(Shown("it's \"Ana María\"").to_string(), "it's \"Ana María\"");
        assert_eq!(Shown("a\nINFO b\u{1b}[31m").to_string(), "a\\nINFO b\\u{1b}[31m");
        assert_eq!(Shown("\u{202e}").to_string(), "\\u{202e}");
        let long = Shown("x".repeat(10_000)).to_string();
        assert_eq!(long, "x".repeat(MOST) + "...");
        assert!(Shown("\u{1b}".repeat(10_000)).to_string().len() <= MOST + 3);
    }
}
