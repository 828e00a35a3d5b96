//! What a terminal shows: nothing that a peer or a server wrote may steer it.

use std::{
    borrow::Cow,
    io::{self, Write},
};

/// What stands for a character that must not reach the terminal.
const REPLACEMENT: char = '\u{fffd}';

/// Says a line on standard error, as one line whatever is in it.
pub(crate) fn say(line: &str) {
    say_lines(&one_line(line));
}

/// Says text of the program's own, which may be several lines.
///
/// What can't be said is not: a closed standard error is no reason to end in another way.
pub(crate) fn say_lines(text: &str) {
    // At once, so that the lines of several processes do not mix.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// A peer's text on a terminal, with its lines: what would steer the terminal is replaced.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    match text.contains(steers) {
        true => Cow::Owned(text.replace(steers, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// Text of a server as part of a line: it can't begin another one, nor turn the order around.
pub(crate) fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() || is_bidi_control(c) => REPLACEMENT,
        c => c,
    };
    text.chars().map(shown).collect()
}

const fn is_bidi_control(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(plain("a\x1b[2Jb\u{9b}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(plain("uno\ndos\ttres ñ 🎉"), "uno\ndos\ttres ñ 🎉");
    }

    #[test]
    fn a_line_stays_one_and_in_its_order() {
        assert_eq!(
            one_line("taken\r\ntertulia-cli: \tall is well"),
            "taken  tertulia-cli:  all is well"
        );
        assert_eq!(one_line("a\u{2028}b\u{85}c"), "a b c");
        assert_eq!(one_line("\x1b]0;x\x07\u{9b}2J\x7f"), "\u{fffd}]0;x\u{fffd}\u{fffd}2J\u{fffd}");
        assert_eq!(one_line("a\u{202e}b\u{2066}c\u{200f}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(one_line("ana-2 ñ 🎉 שלום"), "ana-2 ñ 🎉 שלום");
    }
}
