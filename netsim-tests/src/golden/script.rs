//! A conversation as a file.

use std::{fmt, str::FromStr};

use anyhow::{Context, Error, Result, bail};

use super::template::Template;

/// See the module's parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    pub(super) knows: Vec<u64>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Given(String),
    Open { connection: u32, who: String },
    Says { connection: u32, kind: u64, body: Template },
    Hears { connection: u32, on: Stream, kind: u64, body: Template },
    Close { connection: u32 },
}

/// Frame types that are not written down: who is connected and who is writing is told when time has
/// come, not when something is said.
pub(super) const TOLD_BY_TIME: [u64; 2] = [11, 12];

/// Where a client hears something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    Control,
    Live,
    Page(u64),
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let knows: String = self.knows.iter().map(|kind| format!(" {kind}")).collect();
        writeln!(f, "knows{knows}")?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => write!(f, "given {name}"),
            Self::Open { connection, who } => write!(f, "open {connection} {who}"),
            Self::Close { connection } => write!(f, "close {connection}"),
            Self::Says { connection, kind, body } => write!(f, "{connection} > {kind}: {body}"),
            Self::Hears { connection, on, kind, body } => {
                let on = match on {
                    Stream::Control => "control".to_owned(),
                    Stream::Live => "live".to_owned(),
                    Stream::Page(request) => format!("page {request}"),
                };
                write!(f, "{connection} < {on} {kind}: {body}")
            }
        }
    }
}

impl FromStr for Script {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut script = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
            let read = || format!("line {number}: {line}");
            if let Some(knows) = line.strip_prefix("knows ") {
                let kinds = knows.split_whitespace().map(str::parse).collect::<Result<_, _>>();
                script.knows = kinds.with_context(read)?;
            } else if !line.is_empty() {
                script.lines.push(line.parse().with_context(read)?);
            }
        }
        Ok(script)
    }
}

impl FromStr for Line {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let (head, body) = line.split_once(':').unwrap_or((line, ""));
        let words: Vec<_> = head.split_whitespace().collect();
        Ok(match *words.as_slice() {
            ["given", name] => Self::Given(name.to_owned()),
            ["open", connection, who] => {
                Self::Open { connection: connection.parse()?, who: who.to_owned() }
            }
            ["close", connection] => Self::Close { connection: connection.parse()? },
            [connection, ">", kind] => Self::Says {
                connection: connection.parse()?,
                kind: kind.parse()?,
                body: body.parse()?,
            },
            [connection, "<", ref on @ .., kind] => Self::Hears {
                connection: connection.parse()?,
                on: match *on {
                    ["control"] => Stream::Control,
                    ["live"] => Stream::Live,
                    ["page", request] => Stream::Page(request.parse()?),
                    _ => bail!("no such stream"),
                },
                kind: kind.parse()?,
                body: body.parse()?,
            },
            _ => bail!("it says nothing"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_back_the_same() {
        let text = "\
knows 8 256
given owner
open 1 ana
1 > 1: 0a {block owner}
1 < control 8: {number _} 00
1 < live 256: {number room-a} 01
1 < page 7 460: 07
close 1
";
        let script: Script = text.parse().unwrap();
        assert_eq!(script.to_string(), text);
        let commented = text.replace("close 1", "# the end\nclose 1 # goodbye");
        assert_eq!(commented.parse::<Script>().unwrap(), script);
        for wrong in ["1 ? 8: 00", "1 < nowhere 8: 00", "1 > 8: 0", "open x ana", "1 > 8: {what}"] {
            let refused = wrong.parse::<Script>().unwrap_err().to_string();
            assert!(refused.contains("line 1"), "{wrong}: {refused}");
        }
    }
}
