//! Whom a text names.

use std::{collections::BTreeSet, ops::Range};

use crate::{Handle, limits};

/// The handles that follow an `@` in a text, each once, at most [`limits::MENTIONS`].
pub fn mentions(text: &str) -> BTreeSet<Handle> {
    let mut found = BTreeSet::new();
    for (_, handle) in mention_spans(text) {
        found.insert(handle);
        if found.len() == limits::MENTIONS {
            break;
        }
    }
    found
}

/// Where a text names whom, in order; a span begins with the `@`. The `@` stands at a beginning:
/// `ana@example.org` names nobody. Punctuation at the end of a name is the sentence's.
pub fn mention_spans(text: &str) -> impl Iterator<Item = (Range<usize>, Handle)> {
    let mut before = None;
    text.char_indices().filter_map(move |(at, c)| {
        let begins = c == '@' && before.is_none_or(|c: char| !c.is_alphanumeric());
        before = Some(c);
        if !begins {
            return None;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let end = rest.find(|c: char| !Handle::may_hold(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().trim_end_matches(['.', '-', '_']);
        Some((at..at + 1 + name.len(), Handle::new(name).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        mentions(text).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_name_ends_where_it_can_not_go_on() {
        assert_eq!(names("@ana"), ["ana"]);
        assert_eq!(names("hey @Ana.María, and (@beto)."), ["ana.maría", "beto"]);
        assert_eq!(names("@ana @ana @ANA"), ["ana"]);
        assert_eq!(names("¿@beto? ¡@beto-2!"), ["beto", "beto-2"]);
    }

    #[test]
    fn a_span_is_the_name_with_its_sign() {
        let text = "¿@Ana, y @beto-2?";
        let spans: Vec<&str> = mention_spans(text).map(|(span, _)| &text[span]).collect();
        assert_eq!(spans, ["@Ana", "@beto-2"]);
    }

    #[test]
    fn what_names_nobody() {
        for text in ["", "@", "@ ana", "ana@example.org", "@x", "@@", "a@b", "@everyone", "@..."] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_text_of_names_only_is_bounded() {
        let many: String = (0..200).map(|n| format!("@person{n} ")).collect();
        assert_eq!(mentions(&many).len(), limits::MENTIONS);
    }
}
