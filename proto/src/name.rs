//! Names, parsed once: after that their type says that they are usable.
//!
//! Who makes a name judges it ([`Handle::new`] and its like). What comes over the wire or out of a
//! database is taken within its bounds as it is: tables of characters differ between versions,
//! and what one end has accepted must stay readable for the other. A server judges what a client
//! wishes for by `judged`.

use std::fmt;

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use thiserror::Error;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits;

/// Why a name can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing, or nothing that may stand in a name.
    #[error("the name is empty or too short")]
    TooShort,
    /// Over the limit.
    #[error("the name is too long")]
    TooLong,
    /// A character that a name must not hold, or a mixture of writing directions.
    #[error("the name has characters that can't be used in a name")]
    BadCharacter,
    /// Reserved for the server and for mentions.
    #[error("the name is reserved")]
    Reserved,
}

/// What may stand inside an identifier beside letters and digits.
const PUNCTUATION: [char; 3] = ['.', '-', '_'];

const RESERVED: [&str; 8] =
    ["admin", "administrator", "channel", "everyone", "here", "room", "server", "system"];

macro_rules! text_newtype {
    ($name:ident, $error:ty) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }
    };
}
pub(crate) use text_newtype;

/// A person's name as typed ("Ana María"): 1 to 40 grapheme clusters, spaces collapsed, no
/// control, no direction marks, nothing of zero width.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

impl DisplayName {
    /// Parses what a person typed.
    pub fn new(text: &str) -> Result<Self, NameError> {
        // White space that collapses may be longer than the name, but not without end.
        if text.len() > 4 * limits::DISPLAY_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NameError::TooShort);
        }
        let too_long = name.len() > limits::DISPLAY_NAME_BYTES
            || name.graphemes(true).count() > limits::DISPLAY_NAME_GRAPHEMES;
        if too_long {
            return Err(NameError::TooLong);
        }
        if name.chars().any(is_invisible) {
            return Err(NameError::BadCharacter);
        }
        Ok(Self(name))
    }

    /// The handle that follows from this name: white space becomes a dot, what an identifier
    /// can't hold is dropped, the rest is enforced by PRECIS.
    pub fn handle(&self) -> Result<Handle, NameError> {
        let kept: String = self
            .0
            .split_whitespace()
            .map(|word| word.chars().filter(|c| is_identifier(*c)).collect::<String>())
            .map(|word| word.trim_matches(PUNCTUATION).to_owned())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let short: String = kept.chars().take(*limits::HANDLE_CHARS.end()).collect();
        Handle::new(short.trim_end_matches(PUNCTUATION))
    }
}

/// An account's unique name: PRECIS UsernameCaseMapped (RFC 8265), 2 to 32 characters of
/// letters, digits, `.`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Handle(String);

impl Handle {
    /// Parses and folds; a leading `@` is not part of a handle.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let name = identifier(text, &limits::HANDLE_CHARS)?;
        // What only looks like a reserved name is as bad.
        let shown = skeleton(name.trim_matches(PUNCTUATION));
        if RESERVED.iter().any(|reserved| skeleton(reserved) == shown) {
            return Err(NameError::Reserved);
        }
        Ok(Self(name))
    }

    /// Whether a name goes on with this character when it is looked for in a text.
    pub(crate) fn may_hold(c: char) -> bool {
        is_identifier(c)
    }

    /// The same handle with `-n` behind it, shortened to fit: the proposal when it is taken.
    pub fn numbered(&self, n: u32) -> Result<Self, NameError> {
        let suffix = format!("-{n}");
        let room = limits::HANDLE_CHARS.end().saturating_sub(suffix.len());
        let stem: String = self.0.chars().take(room).collect();
        Self::new(&(stem + &suffix))
    }
}

/// A room's unique name, without its `#`: 1 to 32 characters, folded as a [`Handle`] is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    /// Parses and folds; one leading `#` is dropped.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.strip_prefix('#').unwrap_or(text);
        Ok(Self(identifier(text, &limits::ROOM_NAME_CHARS)?))
    }
}

macro_rules! name_newtype {
    ($name:ident, $bytes:expr) => {
        text_newtype!($name, NameError);

        impl $name {
            /// A name that was judged before: only its bounds are checked.
            pub fn kept(text: String) -> Result<Self, NameError> {
                match text.len() {
                    0 => Err(NameError::TooShort),
                    bytes if bytes > $bytes => Err(NameError::TooLong),
                    _ if text.chars().any(char::is_control) => Err(NameError::BadCharacter),
                    _ => Ok(Self(text)),
                }
            }

            /// Judges a name that a peer wishes for.
            pub fn judged(&self) -> Result<Self, NameError> {
                Self::new(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::kept(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

name_newtype!(DisplayName, limits::DISPLAY_NAME_BYTES);
name_newtype!(Handle, 4 * *limits::HANDLE_CHARS.end());
name_newtype!(RoomName, 4 * *limits::ROOM_NAME_CHARS.end());

/// What two names that look alike have in common (UTS 39, skeleton): unique names are unique by
/// it too.
pub fn skeleton(name: &str) -> String {
    unicode_security::skeleton(name).collect()
}

fn identifier(text: &str, chars: &std::ops::RangeInclusive<usize>) -> Result<String, NameError> {
    if text.len() > 4 * *chars.end() {
        return Err(NameError::TooLong);
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || PUNCTUATION.contains(&c);
    let name = if text.chars().all(plain) {
        text.to_owned()
    } else {
        if !text.chars().all(is_identifier) {
            return Err(NameError::BadCharacter);
        }
        let enforce = |text| UsernameCaseMapped::enforce(text).map_err(|_| NameError::BadCharacter);
        let name = enforce(text)?.into_owned();
        // Some scripts fold to what the profile then refuses, or folds again.
        if !name.chars().all(is_identifier) || enforce(&name)? != name.as_str() {
            return Err(NameError::BadCharacter);
        }
        name
    };
    match name.chars().count() {
        n if n < *chars.start() => Err(NameError::TooShort),
        n if n > *chars.end() => Err(NameError::TooLong),
        _ if !name.chars().any(char::is_alphanumeric) => Err(NameError::BadCharacter),
        _ => Ok(name),
    }
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || PUNCTUATION.contains(&c) || is_combining(c)
}

/// Marks that scripts need inside words; the enforcing profile judges them further.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{d7f}' | '\u{e31}'..='\u{e4e}')
}

/// Control, direction and zero-width characters: what could make one name show as another. The
/// variation selector of emoji may stay.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle_of(display: &str) -> String {
        DisplayName::new(display).unwrap().handle().unwrap().to_string()
    }

    #[test]
    fn a_handle_follows_from_the_name_as_typed() {
        assert_eq!(handle_of("Ana María"), "ana.maría");
        assert_eq!(handle_of("  Beto  "), "beto");
        assert_eq!(handle_of("Dr. Ñandú (casa) 🌱"), "dr.ñandú.casa");
        assert_eq!(handle_of("李 小龍"), "李.小龍");
        let long = handle_of(&"w".repeat(40));
        assert_eq!(long.len(), 32);
    }

    #[test]
    fn unusable_names_say_why() {
        let display = |text: &str| DisplayName::new(text).unwrap_err();
        assert_eq!(display("   "), NameError::TooShort);
        assert_eq!(display(&"x".repeat(41)), NameError::TooLong);
        assert_eq!(display("a\u{202e}b"), NameError::BadCharacter);
        assert_eq!(display("a\u{200b}b"), NameError::BadCharacter);
        let handle = |text: &str| Handle::new(text).unwrap_err();
        assert_eq!(handle("x"), NameError::TooShort);
        assert_eq!(handle("a b"), NameError::BadCharacter);
        assert_eq!(handle("..."), NameError::BadCharacter);
        for reserved in ["Admin", "аdmin", "sуstem", "admin."] {
            assert_eq!(handle(reserved), NameError::Reserved, "{reserved}");
        }
        assert_eq!(display("\u{2800}"), NameError::BadCharacter);
        assert_eq!(display("a\u{e0101}b"), NameError::BadCharacter);
        assert!(DisplayName::new("🌱🌱").unwrap().handle().is_err());
    }

    #[test]
    fn parsing_a_parsed_name_changes_nothing() {
        for text in ["ana.maría", "straße", "ΣΊΣΥΦΟΣ", "Ｆｕｌｌ"] {
            let once = Handle::new(text).unwrap();
            assert_eq!(Handle::new(once.as_str()), Ok(once));
        }
        assert_eq!(RoomName::new("#Música").unwrap().as_str(), "música");
        // Every character, in a name made of it: accepted once is accepted for good.
        // The large uniform blocks (ideographs, syllables) fold to themselves.
        let uniform = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{17000}'..='\u{18cff}' | '\u{20000}'..);
        let in_names = |c: &char| (c.is_alphanumeric() || is_combining(*c)) && !uniform(*c);
        for c in ('\0'..=char::MAX).filter(in_names) {
            if let Ok(once) = Handle::new(&format!("{c}a{c}")) {
                assert_eq!(Handle::new(once.as_str()), Ok(once.clone()), "{c:?}");
                assert_eq!(once.judged(), Ok(once));
            }
        }
    }

    #[test]
    fn names_that_look_alike_share_a_skeleton() {
        let cyrillic_a = Handle::new("аnа").unwrap();
        assert_ne!(cyrillic_a.as_str(), "ana");
        assert_eq!(skeleton(cyrillic_a.as_str()), skeleton("ana"));
        assert_ne!(skeleton("ana"), skeleton("ena"));
    }

    #[test]
    fn a_proposal_fits_the_limit() {
        let handle = Handle::new(&"a".repeat(32)).unwrap();
        assert_eq!(handle.numbered(12).unwrap().as_str().len(), 32);
        assert_eq!(Handle::new("ana").unwrap().numbered(2).unwrap().as_str(), "ana-2");
    }
}
