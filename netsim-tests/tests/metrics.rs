//! The metrics page tells what happened, and nobody can hold it up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use tertulia_netsim::process::{Cli, ServerProcess, eventually};
use tertulia_proto::MessageId;

fn server(data: &Path) -> (ServerProcess, String) {
    let server = ServerProcess::start_with(data, "127.0.0.1:0", &["--metrics", "127.0.0.1:0"]);
    let server = server.unwrap();
    let page = eventually("the page's address", || {
        let log = server.log();
        let (_, rest) = log.split_once("http://")?;
        Some(rest.split_once("/metrics")?.0.to_owned())
    });
    (server, page.unwrap())
}

fn ask(page: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(page).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that is reset instead of answered reads as nothing.
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn scrape(page: &str) -> BTreeMap<String, f64> {
    let answer = ask(page, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(body.ends_with("# EOF\n"));
    let samples = body.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_page_tells_of_files_those_that_are_not_whole_too() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (server, page) = server(&data);
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let file = dir.path().join("picture");
    std::fs::write(&file, vec![7; 123_456]).unwrap();
    let sent = ana.objects(&["upload", "lobby", &file.to_string_lossy()]).unwrap();
    let id = sent[0]["file"].as_str().unwrap();
    let target = dir.path().join("fetched");
    let fetched = ana.call(&["download", id, "--output", &target.to_string_lossy()]).unwrap();
    assert_eq!(fetched.code, 0, "{fetched:?}");
    let found = scrape(&page);
    for (name, value) in [
        ("tertulia_files_received_total", 1.0),
        ("tertulia_files_given_total", 1.0),
        ("tertulia_file_received_bytes_total", 123_456.0),
        ("tertulia_file_given_bytes_total", 123_456.0),
        ("tertulia_file_partials", 0.0),
    ] {
        assert_eq!(found.get(name), Some(&value), "{name}");
    }
    let partial = format!("1.{}.{}.9.1", MessageId([0xab; 16]), "cd".repeat(32));
    std::fs::write(data.join("files/partial").join(partial), "half").unwrap();
    assert_eq!(scrape(&page).get("tertulia_file_partials"), Some(&1.0));
}

#[test]
fn the_page_tells_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let (server, page) = server(&dir.path().join("data"));
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let beto = Cli::joined(dir.path().join("beto"), &server.invite(&[]).unwrap(), "Beto").unwrap();
    let mut tail = beto.start(&["tail", "lobby", "--since", "0"]).unwrap();
    let mut heard = tail.lines().unwrap();
    let lines: String = (0..25).map(|n| format!("{n}\n")).collect();
    assert_eq!(ana.call_with(&["send", "lobby"], &lines).unwrap().code, 0);
    for _ in 0..27 {
        heard.next().unwrap().unwrap();
    }
    let invite = server.invite(&[]).unwrap();
    let taken = Cli::new(dir.path().join("other")).call(&["join", &invite, "--name", "ANA"]);
    assert_eq!(taken.unwrap().code, 1);
    // The connections of commands that ended go a moment later.
    let seen = eventually("one connection", || {
        let seen = scrape(&page);
        (seen["tertulia_connections"] == 1.0).then_some(seen)
    });
    let seen = seen.unwrap();
    for (name, least) in [
        ("tertulia_accounts_online", 1.0),
        ("tertulia_messages_total", 25.0),
        ("tertulia_receipts_total", 25.0),
        ("tertulia_deliveries_total", 27.0),
        ("tertulia_handshakes_total{result=\"done\"}", 4.0),
        ("tertulia_welcomes_total", 4.0),
        ("tertulia_refusals_total{reason=\"name_taken\"}", 1.0),
        ("tertulia_log_position", 29.0),
        ("tertulia_commit_batch_count", 1.0),
        ("tertulia_commit_seconds_count", 1.0),
        ("tertulia_database_bytes", 1.0),
        ("tertulia_wal_bytes", 1.0),
        ("tertulia_certificate_not_after_seconds", 4e9),
        ("tertulia_resident_memory_bytes", 1_000_000.0),
    ] {
        let value = seen.get(name).copied();
        assert!(value.is_some_and(|value| value >= least), "{name}: {value:?} in {seen:#?}");
    }
    assert_eq!(seen["tertulia_messages_total"], 25.0);
    assert_eq!(seen["tertulia_commit_failures_total"], 0.0);
}

#[test]
fn what_is_no_request_for_it_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, page) = server(&dir.path().join("data"));
    let status = |request: &str| ask(&page, request).lines().next().unwrap_or("").to_owned();
    assert!(status("GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("404"));
    assert!(status("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").contains("405"));
    assert!(!status("\u{1}\u{2}garbage\r\n\r\n").contains("200"));
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100 << 10));
    assert!(!status(&long).contains("200"), "a header without end is not read");
    scrape(&page);
}

#[test]
fn those_who_ask_and_say_nothing_hold_nobody_up_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, page) = server(&dir.path().join("data"));
    let silent: Vec<_> = (0..6).map(|_| TcpStream::connect(&page).unwrap()).collect();
    // It is answered, though after those before it.
    scrape(&page);
    drop(silent);
}

#[test]
fn an_address_in_use_ends_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, page) = server(&dir.path().join("data"));
    let other = dir.path().join("other");
    let refused = ServerProcess::start_with(&other, "127.0.0.1:0", &["--metrics", &page]);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("metrics") && refused.contains(&page), "{refused}");
}
