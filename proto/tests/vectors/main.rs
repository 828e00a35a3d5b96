//! The wire, frozen: what version 0 wrote stays readable and is written the same.
//!
//! Each file beside this one holds one frame type (`streams` and `datagrams`: what is no frame):
//! hex, `#` begins a comment, `[section]` begins a vector. They were written from the rules of the wire, not by this code. A new type fails
//! [`every_frame_type_has_a_vector`] until it has its file and its value in `samples.rs`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

#[path = "../common/mod.rs"]
mod common;
mod numbers;
mod samples;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bytes::{Bytes, BytesMut};
use common::{Message, only_frame};
use tertulia_proto::{
    Change, ClientMessage, ClientNotice, Command, Event, FileReply, FileRequest, LaneNotice,
    ServerMessage, StreamKind,
};

#[test]
fn every_vector_is_written_and_read_as_it_stands() {
    let vectors = vectors();
    let mut kinds = BTreeMap::<String, BTreeSet<u64>>::new();
    for (name, message) in samples::samples() {
        let Some(bytes) = vectors.get(name) else {
            panic!("no vector {name}; its bytes: {:02x}", message.encode());
        };
        assert_eq!(&message.encode()[..], &bytes[..], "writing {name}");
        let frame = only_frame(bytes);
        assert_eq!(Message::decode(&frame), Ok(Some(message)), "reading {name}");
        let file = name.split('/').next().unwrap();
        kinds.entry(file.to_owned()).or_default().insert(frame.kind);
    }
    for (file, kinds) in kinds {
        let named = file.split('-').next().unwrap().parse().unwrap();
        assert_eq!(kinds, BTreeSet::from([named]), "{file} is named by its type");
    }
}

#[test]
fn every_stream_begins_as_its_vector() {
    let vectors = vectors();
    for (name, kind) in samples::streams() {
        assert_eq!(&kind.encode()[..], &vectors[name][..], "writing {name}");
        let mut bytes = BytesMut::from(&vectors[name][..]);
        assert_eq!(StreamKind::take(&mut bytes), Ok(Some(kind)), "{name}");
        assert!(bytes.is_empty(), "{name}");
    }
}

#[test]
fn every_datagram_is_written_and_read_as_its_vector() {
    let vectors = vectors();
    for (name, datagram) in samples::datagrams() {
        let bytes = &vectors[name];
        assert_eq!(&datagram.encode()[..], &bytes[..], "writing {name}");
        assert_eq!(datagram.decode_likewise(bytes), Some(datagram), "reading {name}");
    }
}

#[test]
fn every_vector_has_a_value() {
    let named: BTreeSet<String> = samples::samples()
        .iter()
        .map(|(name, _)| *name)
        .chain(samples::streams().iter().map(|(name, _)| *name))
        .chain(samples::datagrams().iter().map(|(name, _)| *name))
        .map(str::to_owned)
        .collect();
    assert_eq!(vectors().into_keys().collect::<BTreeSet<_>>(), named);
}

#[test]
fn every_frame_type_has_a_vector() {
    let known: BTreeSet<u64> = ClientMessage::KINDS
        .iter()
        .chain(ClientNotice::KINDS)
        .chain(Command::KINDS)
        .chain(ServerMessage::KINDS)
        .chain(LaneNotice::KINDS)
        .chain(Change::KINDS)
        .chain(FileRequest::KINDS)
        .chain(FileReply::KINDS)
        .copied()
        .collect();
    let sampled =
        samples::samples().iter().map(|(_, message)| only_frame(&message.encode()).kind).collect();
    assert_eq!(known, sampled);
    assert!(Command::KINDS.iter().all(|k| Command::RANGE.contains(k)));
    assert!(Change::KINDS.iter().all(|k| Event::RANGE.contains(k)));
}

/// `FILE/SECTION` and its bytes, of every file.
fn vectors() -> BTreeMap<String, Bytes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut vectors = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for section in fs::read_to_string(&path).unwrap().split("\n[").skip(1) {
            let (name, lines) = section.split_once("]\n").unwrap();
            let bytes = lines
                .lines()
                .filter_map(|line| line.split('#').next())
                .flat_map(str::split_whitespace)
                .map(|byte| u8::from_str_radix(byte, 16).unwrap())
                .collect();
            vectors.insert(format!("{file}/{name}"), bytes);
        }
    }
    vectors
}
