//! What people write.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{bounded, limits, name::text_newtype};

/// Why a text can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// No bytes at all.
    #[error("the text is empty")]
    Empty,
    /// Over the limit; sizes in bytes of UTF-8.
    #[error("the text has {bytes} bytes, {limit} are allowed")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A NUL character.
    #[error("the text has a NUL character")]
    Nul,
}

/// A message's text: 1 to [`limits::TEXT_BYTES`] bytes of UTF-8 without NUL.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

impl MessageText {
    /// Checks the bounds; the text is kept as it is.
    pub fn new(text: &str) -> Result<Self, TextError> {
        match text.len() {
            0 => Err(TextError::Empty),
            bytes if bytes > limits::TEXT_BYTES => {
                Err(TextError::TooLong { bytes, limit: limits::TEXT_BYTES })
            }
            _ if text.contains('\0') => Err(TextError::Nul),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

/// Bodies stay out of logs: the size is all that Debug tells.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText({} bytes)", self.0.len())
    }
}

/// What a room is about: up to [`limits::TOPIC_BYTES`] bytes of UTF-8 without NUL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(String);

impl Topic {
    /// Checks the bounds; an empty topic is one.
    pub fn new(text: &str) -> Result<Self, TextError> {
        match text.len() {
            bytes if bytes > limits::TOPIC_BYTES => {
                Err(TextError::TooLong { bytes, limit: limits::TOPIC_BYTES })
            }
            _ if text.contains('\0') => Err(TextError::Nul),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

text_newtype!(MessageText, TextError);
text_newtype!(Topic, TextError);

/// A message's content. Variants are append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Readable by the server.
    Text(MessageText),
    /// Reserved for end-to-end encryption: bytes under a numbered scheme. Refused in version 0.
    Opaque {
        /// Which scheme.
        scheme: u16,
        /// At most [`limits::OPAQUE_BYTES`].
        #[serde(deserialize_with = "bounded::list::<{ limits::OPAQUE_BYTES }, _, _>")]
        bytes: Vec<u8>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_in_bytes_and_has_no_nul() {
        let longest = "é".repeat(limits::TEXT_BYTES / 2);
        assert_eq!(MessageText::new(&longest).unwrap().as_str(), longest);
        let over = TextError::TooLong { bytes: 16_385, limit: 16_384 };
        assert_eq!(MessageText::new(&(longest + "x")), Err(over));
        assert_eq!(MessageText::new(""), Err(TextError::Empty));
        assert_eq!(MessageText::new("a\0b"), Err(TextError::Nul));
    }

    #[test]
    fn debug_does_not_tell_the_text() {
        let text = MessageText::new("secret").unwrap();
        assert_eq!(format!("{text:?}"), "MessageText(6 bytes)");
    }
}
