//! What a person types: text, or one of the few commands that windows and `chat` understand.

use std::fmt;

/// A typed line, understood. Its `Debug` leaves what was typed out.
#[derive(Clone, PartialEq, Eq)]
pub enum Typed {
    /// To be sent as it stands here.
    Text(String),
    /// Who is connected?
    Users,
    /// Leave the program; membership stays.
    Exit,
    /// What can be typed?
    Help,
    /// A `/word` that means nothing: told to the person, never sent.
    UnknownCommand(String),
}

impl Typed {
    /// Understands what was typed. A command stands alone; only its case and the white space
    /// around it are forgiven. `//` at the beginning is a slash to be sent; an unknown `!word` is
    /// text.
    pub fn parse(typed: &str) -> Self {
        let word = typed.trim();
        match word.to_lowercase().as_str() {
            "!users" | "/users" => return Self::Users,
            "!exit" | "/exit" => return Self::Exit,
            "!help" | "/help" => return Self::Help,
            _ => {}
        }
        if word.starts_with("//") {
            return Self::Text(typed.replacen('/', "", 1));
        }
        if let Some(rest) = word.strip_prefix('/') {
            let name = rest.split_whitespace().next().unwrap_or_default();
            return Self::UnknownCommand(format!("/{name}"));
        }
        Self::Text(typed.to_owned())
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Users => f.write_str("Users"),
            Self::Exit => f.write_str("Exit"),
            Self::Help => f.write_str("Help"),
            Self::UnknownCommand(word) => write!(f, "UnknownCommand({} bytes)", word.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_tells_no_text() {
        for typed in ["a secret", "/secret now"] {
            let shown = format!("{:?}", Typed::parse(typed));
            assert!(shown.ends_with(" bytes)") && !shown.contains("secret"), "{shown}");
        }
    }

    fn text(text: &str) -> Typed {
        Typed::Text(text.to_owned())
    }

    #[test]
    fn commands_stand_alone() {
        for (typed, meant) in [
            ("!users", Typed::Users),
            ("/users", Typed::Users),
            (" !Users \n", Typed::Users),
            ("!exit", Typed::Exit),
            ("/EXIT", Typed::Exit),
            ("/help", Typed::Help),
            ("!help", Typed::Help),
        ] {
            assert_eq!(Typed::parse(typed), meant, "{typed:?}");
        }
        assert_eq!(Typed::parse("!users are here"), text("!users are here"));
        assert_eq!(Typed::parse("!exit!"), text("!exit!"));
    }

    #[test]
    fn unknown_words_are_text_after_a_bang_and_an_error_after_a_slash() {
        assert_eq!(Typed::parse("!wow"), text("!wow"));
        assert_eq!(Typed::parse("/wow such"), Typed::UnknownCommand("/wow".into()));
        assert_eq!(Typed::parse("/users all"), Typed::UnknownCommand("/users".into()));
        assert_eq!(Typed::parse("/"), Typed::UnknownCommand("/".into()));
    }

    #[test]
    fn two_slashes_are_one() {
        assert_eq!(Typed::parse("//exit"), text("/exit"));
        assert_eq!(Typed::parse("///"), text("//"));
        assert_eq!(Typed::parse(" //exit"), text(" /exit"));
        assert_eq!(Typed::parse("a //b"), text("a //b"));
        assert_eq!(Typed::parse("  two\nlines "), text("  two\nlines "));
    }
}
