//! How much of a long message its row shows. A label lays its whole text out, and a list measures
//! some 200 of them: unfolded, a page of the longest messages would stop the window for a minute.

/// Texts up to these sizes are shown whole.
const CHARS: usize = 900;
const LINES: usize = 20;
/// What is shown of longer ones: so much less that unfolding them is worth it.
const SHOWN_CHARS: usize = 600;
const SHOWN_LINES: usize = 12;

/// The beginning of a text too long for a row; `None`: it fits.
pub(crate) fn beginning(text: &str) -> Option<&str> {
    let fits = nth_char(text, CHARS).is_none() && nth_line(text, LINES).is_none();
    if fits {
        return None;
    }
    let end = nth_line(text, SHOWN_LINES).unwrap_or(text.len());
    let end = nth_char(&text[..end], SHOWN_CHARS).unwrap_or(end);
    Some(text[..end].trim_end())
}

/// Where the `n`th character begins, counted from 0.
fn nth_char(text: &str, n: usize) -> Option<usize> {
    text.char_indices().nth(n).map(|(at, _)| at)
}

/// Where the `n`th line begins, counted from 0.
fn nth_line(text: &str, n: usize) -> Option<usize> {
    let before = n.checked_sub(1)?;
    text.match_indices('\n').nth(before).map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole() {
        for text in [String::new(), "é".repeat(CHARS), "a\n".repeat(LINES - 1) + "a"] {
            assert_eq!(beginning(&text), None);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "é".repeat(CHARS + 1);
        assert_eq!(beginning(&text).unwrap().chars().count(), SHOWN_CHARS);
    }

    #[test]
    fn many_lines_are_cut_between_lines() {
        let text = "a\n".repeat(LINES) + "b";
        assert_eq!(beginning(&text).unwrap().lines().count(), SHOWN_LINES);
        assert!(beginning(&"\n".repeat(LINES)).is_some());
    }
}
