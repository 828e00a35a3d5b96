//! PROTOCOL.md against the code: what it names, and the bytes it shows. It names what the code
//! names, number by number, and nothing else; its conversations decode to the last byte.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod common;
mod constants;
mod conversations;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use tertulia_proto::{
    ALPN, Change, ClientMessage, ClientNotice, Command, Event, Features, FileReply, FileRequest,
    LaneNotice, Refusal, ServerMessage, VERSION, close, close::CloseCode, frame,
};

use text::{root, rows, section, source, text};

#[test]
fn every_frame_type_is_named_with_its_number_and_no_other_is() {
    let named: BTreeSet<String> =
        on_one_line().split("**").filter(|b| is_numbered(b)).map(str::to_owned).collect();
    let files = fs::read_dir(root().join("proto/tests/vectors")).unwrap();
    let vectors = files.filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        let (kind, name) = name.strip_suffix(".hex")?.split_once('-')?;
        Some((kind.parse().unwrap(), format!("{kind} {}", camel(name))))
    });
    let known: BTreeMap<u64, String> = vectors.collect();
    let kinds = [
        ClientMessage::KINDS,
        ClientNotice::KINDS,
        Command::KINDS,
        ServerMessage::KINDS,
        LaneNotice::KINDS,
        Change::KINDS,
        FileRequest::KINDS,
        FileReply::KINDS,
    ]
    .concat();
    assert_eq!(kinds.iter().copied().collect::<BTreeSet<_>>(), known.keys().copied().collect());
    let listed = coded(section("### 5.1")).into_iter().map(|(kind, name)| format!("{kind} {name}"));
    assert_eq!(listed.collect::<BTreeSet<_>>(), named, "the table of all");
    assert_eq!(named, known.into_values().collect());
    assert!(kinds.iter().all(|kind| *kind < frame::EXPERIMENTAL));
}

#[test]
fn every_refusal_is_in_its_table_and_said_to_be_final_or_not() {
    let known = constants::numbered(&source("proto/src/server_message.rs"));
    assert_eq!(coded(section("### 12.1")), known);
    for row in rows(section("### 12.1")).filter(|row| is_number(row[0])) {
        let is_final = Refusal(row[0].parse().unwrap()).is_final();
        assert_eq!(row[2] == "yes", is_final, "{}", row[1]);
    }
}

#[test]
fn every_close_code_is_in_its_table_and_said_to_be_final_or_not() {
    let known = constants::numbered(&source("proto/src/close.rs"));
    assert_eq!(coded(section("### 12.2")), known);
    for row in rows(section("### 12.2")).filter(|row| is_number(row[0])) {
        let is_final = !CloseCode(row[0].parse().unwrap()).is_retryable();
        assert_eq!(row[2] == "yes", is_final, "{}", row[1]);
    }
}

#[test]
fn every_limit_of_the_wire_stands_with_its_value_and_what_stands_of_the_server_is_so() {
    let stated = |part: &str| -> BTreeMap<String, String> {
        let limits = rows(part).filter(|row| row[0].starts_with('`'));
        limits.map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned())).collect()
    };
    let (wire, server) = section("## 13.").split_once("Of the server as it comes").unwrap();
    assert_eq!(stated(wire), constants::valued(&source("proto/src/limits.rs")));
    let known = constants::valued(&source("server/src/limits.rs"));
    let server = stated(server);
    assert!(!server.is_empty());
    for (name, value) in server {
        assert_eq!(known.get(&name), Some(&value), "{name}");
    }
}

#[test]
fn names_of_the_protocol_its_features_and_its_ranges_stand() {
    let text = on_one_line();
    let alpn = std::str::from_utf8(ALPN).unwrap();
    for stated in [
        format!("minor version {VERSION} of `{alpn}`"),
        format!("{} TYPING_DATAGRAMS", Features::TYPING_DATAGRAMS.0),
        format!("{} COPIES", Features::COPIES.0),
        format!("{} EARLY_REQUESTS", Features::EARLY_REQUESTS.0),
        format!("{} OPAQUE_BODIES", Features::OPAQUE_BODIES.0),
        format!("{} FILES", Features::FILES.0),
        format!("| {:#x} | STREAM_CANCELLED |", close::STREAM_CANCELLED),
        format!("| {:#x} | STREAM_UNKNOWN_KIND |", close::STREAM_UNKNOWN_KIND),
        format!("| {} to {} | requests;", Command::RANGE.start(), Command::RANGE.end()),
        format!("| {} to {} | events;", Event::RANGE.start(), Event::RANGE.end()),
        format!("| {} and above | experiments:", frame::EXPERIMENTAL),
    ] {
        assert!(text.contains(&stated), "{stated}");
    }
}

/// Codes and names of a table whose rows begin with them.
fn coded(part: &str) -> BTreeMap<u64, String> {
    rows(part)
        .filter(|row| is_number(row[0]))
        .map(|row| (row[0].parse().unwrap(), row[1].to_owned()))
        .collect()
}

/// Where a line breaks says nothing.
fn on_one_line() -> String {
    text().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `300 SomeName`.
fn is_numbered(bold: &str) -> bool {
    bold.split_once(' ').is_some_and(|(number, name)| is_number(number) && !name.contains(' '))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn camel(kebab: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').map(word).collect()
}
