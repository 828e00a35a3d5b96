//! Files: what an event says of one, and the words on a stream that carries one
//! ([`crate::StreamKind::File`]). Their bytes follow as they are, in no frame.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use thiserror::Error;

use crate::{MessageId, RoomId, Seq, limits, name::is_invisible, wire_enum::wire_enum};

/// What a file is called: no path, nothing invisible, 1 to [`limits::FILE_NAME_BYTES`] bytes.
///
/// Like other names it is judged by who makes it; what comes over the wire is only bounded.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct FileName(String);

/// A text that no file may be called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no file can be called that")]
pub struct FileNameError;

impl FileName {
    /// Judges a name; it is kept as it is.
    pub fn new(text: &str) -> Result<Self, FileNameError> {
        let is_good = (1..=limits::FILE_NAME_BYTES).contains(&text.len())
            && text.trim() == text
            && !matches!(text, "." | "..")
            && !text.chars().any(is_bad);
        if is_good { Ok(Self(text.to_owned())) } else { Err(FileNameError) }
    }

    /// The nearest name to what a file is called somewhere, or what a stranger calls it: what may
    /// not stand in one becomes `_`, and what is too long is cut before its extension.
    pub fn tamed(text: &str) -> Self {
        let clean: String = text.chars().map(|c| if is_bad(c) { '_' } else { c }).collect();
        let clean = clean.trim();
        if clean.is_empty() || matches!(clean, "." | "..") {
            return Self("file".to_owned());
        }
        if clean.len() <= limits::FILE_NAME_BYTES {
            return Self(clean.to_owned());
        }
        let extension = clean.rfind('.').map_or("", |dot| &clean[dot..]);
        let extension = if extension.len() <= EXTENSION_BYTES { extension } else { "" };
        let mut end = limits::FILE_NAME_BYTES - extension.len();
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        Self(format!("{}{extension}", clean[..end].trim_end()))
    }

    /// The same name judged anew: what was read is only bounded.
    pub fn judged(&self) -> Result<Self, FileNameError> {
        Self::new(&self.0)
    }

    /// The text. It is a stranger's: before it becomes a path it is [`FileName::tamed`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The longest ending that outlives a cut.
const EXTENSION_BYTES: usize = 32;

fn is_bad(c: char) -> bool {
    matches!(c, '/' | '\\' | '\0') || c.is_control() || is_invisible(c)
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_kept = (1..=limits::FILE_NAME_BYTES).contains(&text.len())
            && !text.chars().any(char::is_control);
        if is_kept { Ok(Self(text)) } else { Err(D::Error::custom(FileNameError)) }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What people call their files stays out of logs, as what they write does.
impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({} bytes)", self.0.len())
    }
}

/// SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileHash(pub [u8; 32]);

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileHash({self})")
    }
}

/// Not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a SHA-256 in hexadecimal")]
pub struct ParseFileHashError;

impl FromStr for FileHash {
    type Err = ParseFileHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseFileHashError);
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| ParseFileHashError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseFileHashError)?;
        }
        Ok(Self(hash))
    }
}

/// A file as the message that brought it tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// What its sender calls it.
    pub name: FileName,
    /// Its content, in bytes.
    pub size: u64,
    /// Its content's SHA-256.
    pub hash: FileHash,
}

impl Attachment {
    /// The message's text, for those who know nothing of files: its name and size.
    pub fn as_text(&self) -> String {
        format!("📎 {} ({})", self.name, size_in_words(self.size))
    }
}

/// A size as people read it: `7 B`, `12.3 kB`, `5.0 MB`.
pub fn size_in_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    // In tenths of a unit; what would be shown as 1000.0 is one of the next.
    let (mut tenths, mut unit) = (bytes.saturating_add(50) / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths.saturating_add(500) / 1_000, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Announces a file that becomes a message once all of it is there; and again, to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// As in [`crate::Send`].
    pub message_id: MessageId,
    /// As in [`crate::Send`].
    pub room: RoomId,
    /// As in [`crate::Send`].
    pub reply_to: Option<Seq>,
    /// The file.
    pub file: Attachment,
}

/// Asks for the file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// The message's room.
    pub room: RoomId,
    /// Which message.
    pub seq: Seq,
    /// How much of the file one has, from its beginning.
    pub offset: u64,
}

/// The server has so much of the file; what is behind it is to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFrom {
    /// In bytes.
    pub offset: u64,
}

/// The file that was asked for; what of it was not had follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHead {
    /// What was asked for.
    pub file: Attachment,
}

wire_enum! {
    /// What a client says first on a stream for a file.
    pub enum FileRequest {
        /// It brings one.
        4 Upload(Upload),
        /// It wants one.
        5 Download(Download),
    }
}

wire_enum! {
    /// What a server says on it, beside [`crate::Receipt`] (the message is durable, and its file
    /// too) and [`crate::Rejected`]; their `req_id` is 0.
    pub enum FileReply {
        /// Go on from there.
        13 UploadFrom(UploadFrom),
        /// This is it.
        14 FileHead(FileHead),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        for good in ["a", "informe 2026.pdf", ".bashrc", "日本語.txt", "..."] {
            assert_eq!(FileName::new(good).unwrap().as_str(), good);
            assert_eq!(FileName::tamed(good).as_str(), good);
        }
        let long = "x".repeat(limits::FILE_NAME_BYTES + 1);
        for bad in ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "gpj.\u{202e}exe", " a", &long] {
            assert_eq!(FileName::new(bad), Err(FileNameError), "{bad:?}");
            assert!(FileName::tamed(bad).judged().is_ok(), "{bad:?}");
        }
        assert_eq!(FileName::tamed("../../etc/passwd").as_str(), ".._.._etc_passwd");
        let cut = FileName::tamed(&("é".repeat(300) + ".pdf"));
        assert!(cut.as_str().len() <= limits::FILE_NAME_BYTES && cut.as_str().ends_with("é.pdf"));
    }

    #[test]
    fn a_hash_reads_back_and_nothing_else_is_one() {
        let hash = FileHash([0xa7; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for bad in ["", "a7", &"zz".repeat(32), &"+7".repeat(32), &"é".repeat(32)] {
            assert_eq!(bad.parse::<FileHash>(), Err(ParseFileHashError), "{bad}");
        }
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (5_000_000, "5.0 MB"),
            (100_000_000, "100.0 MB"),
        ] {
            assert_eq!(size_in_words(bytes), words);
        }
        assert!(size_in_words(u64::MAX).ends_with(" PB"));
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_calls_it_what_is_tamed_is_a_name(text in any::<String>()) {
            prop_assert!(FileName::tamed(&text).judged().is_ok());
        }
    }
}
