//! Bytes with holes.

use std::{collections::BTreeMap, fmt, str::FromStr};

use anyhow::{Context, Error, Result, bail};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tertulia_proto::frame::{peek_varint, put_varint};

/// May hold anything.
pub(super) const ANY: &str = "_";

/// A frame's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// A varint.
    Number(String),
    /// 16 bytes.
    Block(String),
}

/// What the holes hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    numbers: BTreeMap<String, u64>,
    blocks: BTreeMap<String, [u8; 16]>,
}

impl Held {
    pub(super) fn give(&mut self, name: &str, block: [u8; 16]) {
        self.blocks.insert(name.to_owned(), block);
    }
}

impl Template {
    /// The bytes to be said. A block that nobody has held yet is made of its name.
    pub(super) fn fill(&self, held: &mut Held) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Bytes(more) => bytes.extend(more),
                Piece::Number(name) => {
                    let number = held.numbers.get(name);
                    put_varint(&mut bytes, *number.with_context(|| format!("no {name} yet"))?);
                }
                Piece::Block(name) => {
                    let made = || {
                        let mut block = [0; 16];
                        block.copy_from_slice(&Sha256::digest(name)[..16]);
                        block
                    };
                    let block = held.blocks.entry(name.clone()).or_insert_with(made);
                    bytes.extend_from_slice(block);
                }
            }
        }
        Ok(bytes)
    }

    /// Whether these bytes fit; if so the holes hold what stood there.
    pub(super) fn fits(&self, mut bytes: &[u8], held: &mut Held) -> bool {
        let mut now = held.clone();
        for piece in &self.0 {
            let used = match piece {
                Piece::Bytes(expected) => bytes.starts_with(expected).then_some(expected.len()),
                Piece::Number(name) => match peek_varint(bytes) {
                    Ok(Some((found, used))) => {
                        let is_same = name == ANY
                            || *now.numbers.entry(name.clone()).or_insert(found) == found;
                        is_same.then_some(used)
                    }
                    _ => None,
                },
                Piece::Block(name) => bytes.first_chunk::<16>().and_then(|found| {
                    let is_same =
                        name == ANY || now.blocks.entry(name.clone()).or_insert(*found) == found;
                    is_same.then_some(16)
                }),
            };
            let Some(used) = used else { return false };
            bytes = &bytes[used..];
        }
        *held = now;
        true
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, piece) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            match piece {
                Piece::Bytes(bytes) => write!(f, "{space}{}", HEXLOWER.encode(bytes))?,
                Piece::Number(name) => write!(f, "{space}{{number {name}}}")?,
                Piece::Block(name) => write!(f, "{space}{{block {name}}}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(hole) = rest.strip_prefix('{') {
                let (hole, after) = hole.split_once('}').context("a hole without end")?;
                pieces.push(match hole.split_once(' ') {
                    Some(("number", name)) => Piece::Number(name.to_owned()),
                    Some(("block", name)) => Piece::Block(name.to_owned()),
                    _ => bail!("a hole of no kind: {hole}"),
                });
                rest = after.trim_start();
            } else {
                let end = rest.find([' ', '{']).unwrap_or(rest.len());
                let (hex, after) = rest.split_at(end);
                pieces.push(Piece::Bytes(HEXLOWER.decode(hex.as_bytes())?));
                rest = after.trim_start();
            }
        }
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_back_and_holds_what_stood_in_its_holes() {
        let text = "0102 {number room} ff {block epoch} {number _}";
        let template: Template = text.parse().unwrap();
        assert_eq!(template.to_string(), text);
        let mut held = Held::default();
        let bytes = [&[1, 2, 0x85, 1, 0xff][..], &[7; 16], &[0]].concat();
        assert!(template.fits(&bytes, &mut held));
        let another = [&[1, 2, 0x86, 1, 0xff][..], &[7; 16], &[0]].concat();
        assert!(!template.fits(&another, &mut held), "the room is another one");
        let appended = [&[1, 2, 0x85, 1, 0xff][..], &[7; 16], &[9, 9, 9]].concat();
        assert!(template.fits(&appended, &mut held), "what is appended is skipped");
        assert!(!template.fits(&bytes[..20], &mut held), "what is cut off is noticed");
        let said: Template = "{number room}{block epoch}{block made}".parse().unwrap();
        let filled = said.fill(&mut held).unwrap();
        assert_eq!(filled[..18], [&[0x85, 1][..], &[7; 16]].concat());
        assert_eq!(said.fill(&mut held).unwrap(), filled, "a made one stays");
        assert!("{number nobody}".parse::<Template>().unwrap().fill(&mut held).is_err());
    }
}
