//! What goes wrong in daily life is answered in one clear line, by the right exit code, and
//! nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::UdpSocket,
    process::{Command, Stdio},
};

use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess, eventually, invite, programs, signal};

const FAILED: i32 = 1;
const WRONG: i32 = 2;
const NO_ANSWER: i32 = 3;

fn server() -> (TempDir, ServerProcess) {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    (dir, server)
}

fn restarted(dir: &TempDir, address: &str) -> ServerProcess {
    ServerProcess::start_with(&dir.path().join("data"), address, &[]).unwrap()
}

fn assert_says(called: &Called, code: i32, words: &[&str]) {
    assert_eq!(called.code, code, "{called:?}");
    let said = called.stderr.to_lowercase();
    for word in words {
        assert!(said.contains(&word.to_lowercase()), "no {word:?} in {said:?}");
    }
    assert_eq!(called.stdout, "", "results only");
}

fn texts(cli: &Cli) -> Vec<String> {
    let events = cli.objects(&["history", "lobby", "--limit", "1000"]).unwrap();
    let posted = events.iter().filter(|event| event["kind"] == "posted");
    posted.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_server_a_message_waits_and_goes_out_once_it_is_back() {
    let (dir, server) = server();
    let address = server.address().to_string();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let sent = ana.objects(&["send", "lobby", "before"]).unwrap();
    assert_eq!(sent[0]["room"], "lobby");
    server.kill().unwrap();
    let called = ana.call(&["--timeout", "4", "send", "lobby", "meanwhile"]).unwrap();
    assert_says(&called, NO_ANSWER, &["queued"]);
    let status = ana.objects(&["--timeout", "3", "status"]).unwrap();
    assert_eq!((&status[0]["connected"], &status[0]["queued"]), (&false.into(), &1.into()));
    let _server = restarted(&dir, &address);
    let receipts = ana.objects(&["send", "lobby", "after"]).unwrap();
    assert_eq!(receipts.len(), 1, "leftovers are not printed");
    assert_eq!(texts(&ana), ["before", "meanwhile", "after"]);
    assert_eq!(ana.objects(&["status"]).unwrap()[0]["queued"], 0);
}

#[test]
fn a_wrong_port_is_told_with_what_to_look_at() {
    let (dir, server) = server();
    let link = server.owner_link().unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = link.replace(
        &server.address().port().to_string(),
        &silent.local_addr().unwrap().port().to_string(),
    );
    let ana = Cli::new(dir.path().join("ana"));
    let called = ana.call(&["--timeout", "6", "join", &nobody, "--name", "Ana"]).unwrap();
    assert_says(&called, NO_ANSWER, &["udp", "port", "firewall"]);
    drop(silent);
    let called = ana.call(&["--timeout", "6", "join", &nobody, "--name", "Ana"]).unwrap();
    assert!([FAILED, NO_ANSWER].contains(&called.code), "{called:?}");
    assert!(called.stderr.to_lowercase().contains("port"), "{called:?}");
    let called = ana.call(&["join", "tertulia://nowhere", "--name", "Ana"]).unwrap();
    assert_says(&called, WRONG, &["link"]);
    let unknown = link.replace("127.0.0.1", "no-such-host.invalid");
    let called = ana.call(&["--timeout", "10", "join", &unknown, "--name", "Ana"]).unwrap();
    assert_says(&called, FAILED, &["no-such-host.invalid"]);
    let joined = ana.objects(&["join", &link, "--name", "Ana María"]).unwrap();
    assert_eq!(joined[0]["handle"], "ana.maría");
    let again = ana.objects(&["join", &link, "--name", "Ana María"]).unwrap();
    assert_eq!(again[0], joined[0], "joining again changes nothing");
}

#[test]
fn a_changed_key_is_a_hard_stop_that_names_both() {
    let (dir, server) = server();
    let address = server.address().to_string();
    let link = server.owner_link().unwrap();
    let ana = Cli::joined(dir.path().join("ana"), &link, "Ana").unwrap();
    let expected = link.split('/').nth(3).unwrap().to_owned();
    server.terminate().unwrap();
    for file in ["server-cert.pem", "server-key.key"] {
        fs::remove_file(dir.path().join("data").join(file)).unwrap();
    }
    let _server = restarted(&dir, &address);
    let new = invite(&dir.path().join("data"), &[]).unwrap();
    let found = new.split('/').nth(3).unwrap();
    assert_ne!(found, expected);
    for arguments in [&["send", "lobby", "x"][..], &["history", "lobby"], &["users"]] {
        assert_says(&ana.call(arguments).unwrap(), WRONG, &[&expected, found]);
    }
}

#[test]
fn invites_end_by_use_and_by_time_and_names_by_being_taken() {
    let (dir, server) = server();
    Cli::joined(dir.path().join("owner"), &server.owner_link().unwrap(), "Ana").unwrap();
    assert!(!dir.path().join("data/owner-invite").exists(), "removed once used");
    let once = server.invite(&["--uses", "1"]).unwrap();
    let join = |link: &str, name: &str| {
        Cli::new(dir.path().join("new")).call(&["join", link, "--name", name]).unwrap()
    };
    assert_says(&join(&once, "ANA"), FAILED, &["taken", "ana-2"]);
    assert_says(&join(&once, "🌱🌱"), FAILED, &["name"]);
    assert_says(&join(&once, "admin"), FAILED, &["name"]);
    let brief = server.invite(&["--expires", "1s"]).unwrap();
    let expired = eventually("the invite's end", || {
        let called = join(&brief, "Ana");
        called.stderr.contains("expired").then_some(called)
    });
    assert_says(&expired.unwrap(), FAILED, &["expired"]);
    assert_eq!(join(&once, "Beto").code, 0);
    let other = Cli::new(dir.path().join("late")).call(&["join", &once, "--name", "Carla"]);
    assert_says(&other.unwrap(), FAILED, &["used up"]);
    let bare = once.rsplit_once('/').unwrap().0;
    let without = Cli::new(dir.path().join("late")).call(&["join", bare, "--name", "Carla"]);
    assert_says(&without.unwrap(), FAILED, &["invite"]);
}

#[test]
fn a_text_too_long_is_refused_and_the_rest_is_sent() {
    let (dir, server) = server();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let long = "x".repeat(17 << 10);
    assert_says(&ana.call(&["send", "lobby", &long]).unwrap(), FAILED, &["16384"]);
    let called = ana.call_with(&["send", "lobby"], &format!("one\n{long}\n\ntwo\r\n")).unwrap();
    assert_eq!(called.code, FAILED, "{called:?}");
    assert!(called.stderr.contains("line 2"), "{}", called.stderr);
    assert_eq!(called.objects().unwrap().len(), 2);
    assert_eq!(texts(&ana), ["one", "two"]);
}

#[test]
fn a_broken_profile_stops_with_its_path_and_is_left_as_it_is() {
    let (dir, server) = server();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let key = ana.profile().join("device-key.pem");
    fs::write(&key, "garbage").unwrap();
    assert_says(&ana.call(&["users"]).unwrap(), WRONG, &["device-key.pem"]);
    assert_eq!(fs::read(&key).unwrap(), b"garbage");
}

#[test]
fn a_newer_database_and_a_port_in_use_are_refused() {
    let (dir, server) = server();
    let taken = server.address().to_string();
    let other = tempfile::tempdir().unwrap();
    let start = |data: &std::path::Path, listen: &str| {
        ServerProcess::start_with(data, listen, &[]).unwrap_err().to_string()
    };
    assert!(start(&other.path().join("data"), &taken).contains("in use"));
    assert!(start(&dir.path().join("data"), "127.0.0.1:0").contains("in use by another"));
    server.terminate().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("data/tertulia.db")).unwrap();
    let newer = 99u32.to_be_bytes();
    let sql = "UPDATE meta SET value = ?1 WHERE key = 'schema_version'";
    db.execute(sql, [newer.as_slice()]).unwrap();
    drop(db);
    assert!(start(&dir.path().join("data"), "127.0.0.1:0").contains("newer"));
}

#[test]
fn sigterm_ends_well_in_the_middle_of_sending() {
    let (dir, server) = server();
    let address = server.address().to_string();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let lines: String = (0..500).map(|n| format!("{n}\n")).collect();
    let sender = ana.start_with(&["--timeout", "60", "send", "lobby"], &lines).unwrap();
    let reader =
        Cli::joined(dir.path().join("beto"), &server.invite(&[]).unwrap(), "Beto").unwrap();
    eventually("some lines", || (texts(&reader).len() > 20).then_some(())).unwrap();
    assert_eq!(server.terminate().unwrap(), Some(0));
    let _server = restarted(&dir, &address);
    let sender = sender.end().unwrap();
    assert_eq!(sender.code, 0, "{}", sender.stderr);
    assert_eq!(sender.objects().unwrap().len(), 500);
    assert_eq!(texts(&reader), (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_killed_sender_leaves_its_messages_to_the_next() {
    let (dir, server) = server();
    let address = server.address().to_string();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    server.kill().unwrap();
    let mut sender = ana.start_with(&["send", "lobby"], "one\ntwo\nthree\n").unwrap();
    // Looked at without a process that would take over what a dead one left.
    eventually("three messages in the outbox", || {
        let outbox = rusqlite::Connection::open(ana.profile().join("outbox.db")).ok()?;
        let waits = "SELECT count(*) FROM outbox";
        let waiting: i64 = outbox.query_row(waits, [], |row| row.get(0)).ok()?;
        (waiting == 3).then_some(())
    })
    .unwrap();
    sender.kill().unwrap();
    drop(sender);
    let _server = restarted(&dir, &address);
    ana.objects(&["send", "lobby", "four"]).unwrap();
    assert_eq!(texts(&ana), ["one", "two", "three", "four"]);
}

/// A full disk as far as the server can tell: its files may not grow beyond a size. Unlike a small
/// file system it takes no rights to set up.
#[test]
fn on_a_full_disk_nothing_is_lost_and_nothing_ends() {
    let (dir, server) = server();
    let address = server.address().to_string();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    server.terminate().unwrap();

    let data = dir.path().join("data");
    let mut full = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", "600"])
        .arg(programs().unwrap().join("tertulia-server"))
        .arg("--data")
        .arg(&data)
        .args(["--listen", &address])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let text = "x".repeat(10_000);
    let lines: String = (0..120).map(|n| format!("{n} {text}\n")).collect();
    let called = ana.call_with(&["--timeout", "8", "send", "lobby"], &lines).unwrap();
    assert_eq!(called.code, NO_ANSWER, "the disk was to be full: {}", called.stderr);
    assert!(called.stderr.contains("can't store anything now"), "{}", called.stderr);
    let receipted = called.objects().unwrap().len();
    assert!(receipted < 120);
    assert!(full.try_wait().unwrap().is_none(), "the server ended");
    assert!(texts(&ana).len() >= receipted, "it still answers");
    signal(full.id(), "TERM").unwrap();
    full.wait().unwrap();

    let _server = restarted(&dir, &address);
    let flushed = ana.call(&["--timeout", "60", "send", "lobby", "last"]).unwrap();
    assert_eq!(flushed.code, 0, "{flushed:?}");
    let mut expected: Vec<String> = (0..120).map(|n| format!("{n} {text}")).collect();
    expected.push("last".to_owned());
    assert_eq!(texts(&ana), expected);
}

#[test]
fn a_server_outlives_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (name, log) in [("full", Stdio::from(full)), ("closed", Stdio::from(closed))] {
        let data = dir.path().join(name);
        let mut server = Command::new(programs().unwrap().join("tertulia-server"))
            .arg("--data")
            .arg(&data)
            .args(["--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "debug")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        // One line, or the end.
        let mut stdout = BufReader::new(server.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        let link = fs::read_to_string(data.join("owner-invite")).unwrap_or_default();
        let ana = Cli::joined(dir.path().join(name).join("ana"), link.trim(), "Ana");
        let sent = ana.and_then(|ana| ana.objects(&["send", "lobby", "still here"]));
        let ended = server.try_wait().unwrap();
        let _ = server.kill();
        server.wait().unwrap();
        assert_eq!((sent.unwrap().len(), ended), (1, None), "{name}");
    }
}
