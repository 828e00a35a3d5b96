//! What a word being typed may become: a name after `@`, an emoji after `:`. Pure.

use super::switcher::folded;

/// Suggestions shown at most.
const SUGGESTIONS: usize = 6;
/// Letters after a `:` before emoji are suggested: with fewer it is rather punctuation.
const EMOJI_LETTERS: usize = 2;
/// Characters of a word that is looked at.
const WORD_CHARS: usize = 40;

/// A word that can be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    /// Characters from its sign to the cursor, the sign included.
    pub(crate) length: usize,
    /// What follows the sign.
    word: String,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Emoji,
}

/// Somebody who can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) handle: String,
    pub(crate) display: String,
    /// Connected now.
    pub(crate) here: bool,
}

/// What the word may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// What goes in place of the word and its sign.
    pub(crate) insert: String,
    pub(crate) title: String,
    pub(crate) detail: String,
}

/// The word that ends at the cursor, if it can be completed. `before` is the line up to there.
pub(crate) fn asked(before: &str) -> Option<Asked> {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    let sign = before.rfind(|c: char| !is_letter(c))?;
    let (kind, least) = match before.get(sign..)?.chars().next()? {
        // All there are, at once: who is named is mostly one of few.
        '@' => (Kind::Person, 0),
        ':' => (Kind::Emoji, EMOJI_LETTERS),
        _ => return None,
    };
    let word = before.get(sign + 1..)?;
    let letters = word.chars().count();
    let begins = match kind {
        Kind::Person => !before[..sign].ends_with(char::is_alphanumeric),
        // Not within `https://` or `10:30`.
        Kind::Emoji => !before[..sign].ends_with(|c: char| c.is_alphanumeric() || c == ':'),
    };
    let fits = begins && (least..=WORD_CHARS).contains(&letters);
    fits.then(|| Asked { kind, length: letters + 1, word: word.to_owned() })
}

/// The likeliest first.
pub(crate) fn suggestions(asked: &Asked, people: &[Named]) -> Vec<Suggestion> {
    match asked.kind {
        Kind::Person => names(&asked.word, people),
        Kind::Emoji => emoji(&asked.word),
    }
}

/// The emoji that a finished `:word:` before the cursor is, and how many characters that takes.
pub(crate) fn finished_emoji(before: &str) -> Option<(usize, &'static str)> {
    let open = before.strip_suffix(':')?;
    let Asked { kind: Kind::Emoji, length, word } = asked(open)? else {
        return None;
    };
    Some((length + 1, emojis::get_by_shortcode(&word)?.as_str()))
}

fn names(word: &str, people: &[Named]) -> Vec<Suggestion> {
    let word = folded(word);
    let mut found: Vec<_> = people
        .iter()
        .filter_map(|person| {
            let (handle, display) = (folded(&person.handle), folded(&person.display));
            let begins = handle.starts_with(&word);
            let has_word = || {
                display.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(&word))
            };
            (begins || display.starts_with(&word) || has_word()).then_some((
                !begins,
                !person.here,
                display,
                person,
            ))
        })
        .collect();
    found.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    let of = |(_, _, _, person): (bool, bool, String, &Named)| Suggestion {
        insert: format!("@{} ", person.handle),
        title: person.display.clone(),
        detail: format!("@{}", person.handle),
    };
    found.into_iter().take(SUGGESTIONS).map(of).collect()
}

fn emoji(word: &str) -> Vec<Suggestion> {
    let word = word.to_lowercase();
    let mut found: Vec<_> = emojis::iter()
        .filter_map(|emoji| {
            let code = emoji.shortcodes().find(|code| code.starts_with(&word));
            let inner = || {
                let mut codes = emoji.shortcodes();
                codes.find(|code| code.split('_').any(|part| part.starts_with(&word)))
            };
            let is_inner = code.is_none();
            let code = code.or_else(inner)?;
            Some(((is_inner, code.len(), code), emoji))
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    let of = |((_, _, code), emoji): ((bool, usize, &str), &emojis::Emoji)| Suggestion {
        insert: emoji.as_str().to_owned(),
        title: emoji.as_str().to_owned(),
        detail: format!(":{code}:"),
    };
    found.into_iter().take(SUGGESTIONS).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(handle: &str, display: &str) -> Named {
        Named { handle: handle.to_owned(), display: display.to_owned(), here: false }
    }

    fn details(before: &str, people: &[Named]) -> Vec<String> {
        let Some(asked) = asked(before) else { return Vec::new() };
        suggestions(&asked, people).into_iter().map(|found| found.detail).collect()
    }

    #[test]
    fn a_word_after_a_sign_at_a_beginning_is_asked_for() {
        for (before, kind, length) in [
            ("@", Kind::Person, 1),
            ("hey @", Kind::Person, 1),
            ("@an", Kind::Person, 3),
            ("hey @ana.ma", Kind::Person, 7),
            ("(@b", Kind::Person, 2),
            ("¿@María", Kind::Person, 6),
            (":ta", Kind::Emoji, 3),
            ("so :tada", Kind::Emoji, 5),
            ("(:+1", Kind::Emoji, 3),
            ("🎉:he", Kind::Emoji, 3),
        ] {
            let asked = asked(before).unwrap();
            assert_eq!((asked.kind, asked.length), (kind, length), "{before}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for before in [
            "",
            "ana",
            "ana@",
            "@ana ",
            "ana@exa",
            ":",
            ":t",
            "10:30",
            "https://x",
            "x:ta",
            "@a, b",
            "a: bc",
        ] {
            assert_eq!(asked(before), None, "{before}");
        }
        assert_eq!(asked(&format!("@{}", "x".repeat(WORD_CHARS + 1))), None);
    }

    #[test]
    fn people_are_found_by_handle_and_by_any_of_their_names() {
        let people = [
            person("maria", "María José"),
            person("ana.maria", "Ana María"),
            person("beto", "Beto"),
            person("zoe", "Zoë Marsh"),
        ];
        assert_eq!(details("@mar", &people), ["@maria", "@ana.maria", "@zoe"]);
        assert_eq!(details("@ZOE", &people), ["@zoe"]);
        assert_eq!(details("@jos", &people), ["@maria"]);
        assert_eq!(details("@x", &people), [""; 0]);
        let one = &suggestions(&asked("@be").unwrap(), &people)[0];
        assert_eq!((one.insert.as_str(), one.title.as_str()), ("@beto ", "Beto"));
    }

    #[test]
    fn with_nothing_after_the_sign_all_are_there_and_who_is_here_comes_first() {
        let people = [
            person("ana", "Ana"),
            Named { here: true, ..person("zoe", "Zoë") },
            Named { here: true, ..person("mia", "Mia") },
            person("beto", "Beto"),
        ];
        assert_eq!(details("hey @", &people), ["@mia", "@zoe", "@ana", "@beto"]);
        assert_eq!(details("@a", &people), ["@ana"]);
    }

    #[test]
    fn a_handle_with_a_dot_is_one_word() {
        let people = [person("ana.maria", "Ana María")];
        assert_eq!(details("@ana.m", &people), ["@ana.maria"]);
    }

    #[test]
    fn emoji_are_found_by_the_beginning_of_their_code_the_shortest_first() {
        assert_eq!(details(":tada", &[])[0], ":tada:");
        let hearts = details(":heart", &[]);
        assert_eq!(hearts[0], ":heart:");
        assert_eq!(hearts.len(), SUGGESTIONS);
        assert!(details(":zzzz", &[]).is_empty());
    }

    #[test]
    fn no_more_people_are_shown_than_one_can_choose_from() {
        let people: Vec<_> = (0..99).map(|n| person(&format!("ana{n}"), "Ana")).collect();
        assert_eq!(details("@ana", &people).len(), SUGGESTIONS);
    }

    #[test]
    fn a_finished_code_is_its_emoji() {
        assert_eq!(finished_emoji("so :tada:"), Some((6, "🎉")));
        assert_eq!(finished_emoji(":+1:"), Some((4, "👍")));
        for before in ["", ":", "::", ":tada", "x:tada:", "10:30:", ":no such:", ":nosuchcode:"] {
            assert_eq!(finished_emoji(before), None, "{before}");
        }
    }
}
