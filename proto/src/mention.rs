//! Whom a text names.

use std::collections::BTreeSet;

use crate::{Handle, limits};

/// The handles that follow an `@` in a text, each once, at most [`limits::MENTIONS`]. The `@` stands
/// at a beginning: `ana@example.org` names nobody. Punctuation at the end of a name is the
/// sentence's.
pub fn mentions(text: &str) -> BTreeSet<Handle> {
    let mut found = BTreeSet::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        let begins = c == '@' && before.is_none_or(|c: char| !c.is_alphanumeric());
        before = Some(c);
        if !begins {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let end = rest.find(|c: char| !Handle::may_hold(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().trim_end_matches(['.', '-', '_']);
        if let Ok(handle) = Handle::new(name) {
            found.insert(handle);
            if found.len() == limits::MENTIONS {
                break;
            }
        }
    }
    found
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
