//! What one looks for in texts: words, whatever their case and accents.

use std::{fmt, ops::Range};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters of a pattern that count.
const PATTERN_CHARS: usize = 200;
/// Places in one text that are told apart.
const PLACES: usize = 100;

/// Words that all have to be in a text, in any order, within other words too.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Vec<char>>);

impl Pattern {
    /// Reads what a person typed. `None`: there is nothing to look for in it.
    pub fn new(typed: &str) -> Option<Self> {
        let typed: String = typed.chars().take(PATTERN_CHARS).collect();
        let words = typed.split_whitespace().map(|word| word.chars().flat_map(folded).collect());
        let words: Vec<Vec<char>> = words.filter(|word: &Vec<char>| !word.is_empty()).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Where its words are in a text, as ranges of bytes, in order and apart from each other.
    /// `None`: not all of them are there.
    pub fn places(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let (chars, starts) = fold(text);
        let mut places = Vec::new();
        for word in &self.0 {
            let mut found = false;
            for (at, window) in chars.windows(word.len()).enumerate() {
                if window == word && places.len() < PLACES {
                    // Up to where the next character begins: marks go with what they are on, and
                    // one that folds into several is one.
                    let last = starts[at + word.len() - 1];
                    let end = starts[at..].iter().find(|start| **start > last);
                    places.push(starts[at]..end.copied().unwrap_or(text.len()));
                }
                found |= window == word;
            }
            if !found {
                return None;
            }
        }
        Some(joined(places))
    }
}

/// What one looks for is as private as what was said.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({} words)", self.0.len())
    }
}

/// The characters to compare, and where each begins in the text; the text's end behind them.
fn fold(text: &str) -> (Vec<char>, Vec<usize>) {
    let (mut chars, mut starts) = (Vec::new(), Vec::new());
    for (at, c) in text.char_indices() {
        for folded in folded(c) {
            chars.push(folded);
            starts.push(at);
        }
    }
    starts.push(text.len());
    (chars, starts)
}

/// Nothing of what is only a mark on another one.
fn folded(c: char) -> impl Iterator<Item = char> {
    let compatible = std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c));
    let lower = compatible.flat_map(char::to_lowercase);
    lower.nfkd().filter(|c| !is_combining_mark(*c))
}

fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| (place.start, place.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(typed: &str, text: &'a str) -> Option<Vec<&'a str>> {
        let places = Pattern::new(typed).unwrap().places(text)?;
        Some(places.into_iter().map(|place| &text[place]).collect())
    }

    #[test]
    fn case_and_accents_make_no_difference_on_either_side() {
        assert_eq!(found("jardin", "El JARDÍN."), Some(vec!["JARDÍN"]));
        assert_eq!(found("JARDÍN", "el jardin"), Some(vec!["jardin"]));
        assert_eq!(found("jardi\u{301}n", "el jardín"), Some(vec!["jardín"]));
        assert_eq!(found("ano", "el an\u{303}o"), Some(vec!["an\u{303}o"]));
        assert_eq!(found("istanbul", "İSTANBUL"), Some(vec!["İSTANBUL"]));
        assert_eq!(found("ΟΔΌΣ", "οδος"), None, "the last sigma is another letter");
        assert_eq!(found("fish", "ﬁsh"), Some(vec!["ﬁsh"]));
        assert_eq!(found("f", "ﬁsh"), Some(vec!["ﬁ"]));
    }

    #[test]
    fn all_words_have_to_be_there_in_any_order_and_within_others() {
        assert_eq!(found("wall bed", "the long bed by the wall"), Some(vec!["bed", "wall"]));
        assert_eq!(found("bed gate", "the long bed by the wall"), None);
        assert_eq!(found("eed", "seedlings"), Some(vec!["eed"]));
        assert_eq!(found("aa", "aaaa"), Some(vec!["aaaa"]));
        assert_eq!(found("🌱", "yes 🌱!"), Some(vec!["🌱"]));
    }

    #[test]
    fn nothing_to_look_for_is_no_pattern() {
        for typed in ["", "  \t", "\u{301}"] {
            assert_eq!(Pattern::new(typed), None, "{typed:?}");
        }
        let shown = format!("{:?}", Pattern::new("a secret").unwrap());
        assert_eq!(shown, "Pattern(2 words)");
    }

    #[test]
    fn neither_patterns_nor_places_are_without_end() {
        let long = "x".repeat(10 * PATTERN_CHARS);
        assert_eq!(Pattern::new(&long).unwrap().0[0].len(), PATTERN_CHARS);
        let places = Pattern::new("x").unwrap().places(&"x ".repeat(5 * PLACES)).unwrap();
        assert_eq!(places.len(), PLACES);
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_never_within_a_character(typed in ".{1,8}", text in ".{0,60}") {
            let Some(pattern) = Pattern::new(&typed) else { return Ok(()) };
            let mut before = 0;
            for place in pattern.places(&text).unwrap_or_default() {
                prop_assert!(before <= place.start && place.start < place.end);
                prop_assert!(text.is_char_boundary(place.start) && text.is_char_boundary(place.end));
                before = place.end;
            }
        }
    }
}
