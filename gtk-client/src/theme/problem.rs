//! What is wrong with a theme file, in words and with the line.

use std::fmt;

use crate::i18n::{fill, tr};

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 1; `None`: it is about the whole file.
    pub(super) line: Option<usize>,
    pub(super) fault: Fault,
}

/// What it is. What comes from the file is cut already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The system's words.
    Unreadable(String),
    TooLarge,
    NotText,
    /// The parser's words.
    NotToml(String),
    /// It stands outside of the two parts.
    UnknownKey(String),
    UnknownColour(String),
    NotAColour(String),
    NotAName,
    NotYesOrNo(String),
    NotAPart(String),
    NoPart,
    /// So many files are looked at.
    TooMany,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self { line: None, fault }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.fault.sentence();
        match self.line {
            Some(line) => {
                let line = line.to_string();
                let words = [("line", &*line), ("what", &what)];
                f.write_str(&fill(tr("Line {line}: {what}"), &words))
            }
            None => f.write_str(&what),
        }
    }
}

impl Fault {
    fn sentence(&self) -> String {
        let files = super::folder::FILES_MAX.to_string();
        let kib = (super::folder::BYTES_MAX / 1_024).to_string();
        match self {
            Self::Unreadable(why) => fill(tr("The file can’t be read: {why}"), &[("why", why)]),
            Self::TooLarge => {
                fill(tr("The file is too large for a theme: {n} KiB fit."), &[("n", &kib)])
            }
            Self::NotText => tr("The file is not text (UTF-8).").into(),
            Self::NotToml(why) => fill(tr("this is no TOML ({why})."), &[("why", why)]),
            Self::UnknownKey(key) => fill(
                tr("“{key}” is not known here. Colours belong under [light] or [dark]."),
                &[("key", key)],
            ),
            Self::UnknownColour(key) => {
                fill(tr("there is no colour called “{key}”."), &[("key", key)])
            }
            Self::NotAColour(key) => fill(
                tr("“{key}” is not a colour. One is written like \"#1a5fb4\"."),
                &[("key", key)],
            ),
            Self::NotAName => tr("a name is one line of at most 40 characters.").into(),
            Self::NotYesOrNo(key) => fill(tr("“{key}” is either true or false."), &[("key", key)]),
            Self::NotAPart(key) => {
                fill(tr("“{key}” is a heading, [{key}], with colours under it."), &[("key", key)])
            }
            Self::NoPart => tr("There are no colours under [light] or [dark].").into(),
            Self::TooMany => {
                fill(tr("There are too many files: the first {n} are shown."), &[("n", &files)])
            }
        }
    }
}
