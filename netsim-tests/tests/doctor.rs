//! `tertulia-cli doctor` tells apart what can stand between a person and a server, by words and by
//! exit code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{net::UdpSocket, path::Path, sync::Arc};

use quinn::{Endpoint, ServerConfig, crypto::rustls::QuicServerConfig};
use tempfile::TempDir;
use tertulia_certs::{ServerIdentity, server_config};
use tertulia_netsim::process::{Called, Cli, ServerProcess};

const DONE: i32 = 0;
const FAILED: i32 = 1;
const WRONG: i32 = 2;
const NO_ANSWER: i32 = 3;

fn server(more: &[&str]) -> (TempDir, ServerProcess) {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(&dir.path().join("data"), "127.0.0.1:0", more).unwrap();
    (dir, server)
}

/// Asks from a profile of which nothing must be made.
fn doctor(dir: &Path, about: &str) -> Called {
    let profile = dir.join("nobody");
    let called = Cli::new(&profile).call(&["doctor", about]).unwrap();
    assert!(!profile.exists(), "a look leaves nothing behind");
    called
}

#[track_caller]
fn assert_says(called: &Called, code: i32, result: &str, words: &[&str]) {
    assert_eq!(called.code, code, "{called:?}");
    let objects = called.objects().unwrap();
    assert_eq!((objects.len(), &objects[0]["result"]), (1, &result.into()), "{called:?}");
    let said = match code {
        DONE => objects[0]["text"].as_str().unwrap(),
        _ => {
            assert_eq!(called.stderr.lines().count(), 1, "one clear line: {called:?}");
            &called.stderr
        }
    };
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said:?}");
    }
}

#[test]
fn a_healthy_server_shows_its_key_its_words_and_how_one_becomes_a_member() {
    for (flag, told, registration) in
        [("invite", "by invitation", "invite"), ("open", "open to anyone", "open")]
    {
        let (dir, server) = server(&["--registration", flag]);
        let link = server.owner_link().unwrap();
        let key = link.split('/').nth(3).unwrap();
        let called = doctor(dir.path(), &server.address().to_string());
        assert_says(&called, DONE, "ok", &[key, told, "not known to you yet", "answers"]);
        let object = &called.objects().unwrap()[0];
        let words = key.parse::<tertulia_certs::KeyFingerprint>().unwrap().phrase();
        assert_eq!(object["key"], key);
        assert_eq!(object["words"].as_str(), Some(words.as_str()));
        assert_eq!(object["registration"], registration);
        assert!(object["rtt_ms"].as_f64().unwrap() > 0.0);
        assert_eq!(called.stderr, "");

        let called = doctor(dir.path(), &link);
        assert_says(&called, DONE, "ok", &["the one that the link knows"]);
        let ana = Cli::joined(dir.path().join("ana"), &link, "Ana").unwrap();
        let called = ana.call(&["doctor", &server.address().to_string()]).unwrap();
        assert_says(&called, DONE, "ok", &["the one that your profile knows"]);
    }
}

#[test]
fn a_name_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let called = doctor(dir.path(), "no-such-host.invalid");
    assert_says(&called, FAILED, "name", &["no-such-host.invalid", "not found"]);
}

#[test]
fn a_closed_port_is_told_from_a_silent_one() {
    let dir = tempfile::tempdir().unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let called = doctor(dir.path(), &address.to_string());
    let allow = format!("ufw allow {}/udp", address.port());
    let words = ["no answer", "firewall", &allow, &address.to_string()];
    assert_says(&called, NO_ANSWER, "silent", &words);
    drop(silent);
    let called = doctor(dir.path(), &address.to_string());
    assert_says(&called, FAILED, "refused", &["nothing listens", &address.to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_version_is_no_silence() {
    let dir = tempfile::tempdir().unwrap();
    let identity = ServerIdentity::load_or_create(&dir.path().join("server")).unwrap();
    let tls = server_config(&identity, b"tertulia/9").unwrap();
    let quic = QuicServerConfig::try_from(tls).unwrap();
    let config = ServerConfig::with_crypto(Arc::new(quic));
    let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = endpoint.local_addr().unwrap().to_string();
    let other = tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let _ = incoming.await;
        }
    });
    let asked = tokio::task::spawn_blocking({
        let (dir, address) = (dir.path().to_owned(), address.clone());
        move || doctor(&dir, &address)
    });
    assert_says(&asked.await.unwrap(), FAILED, "version", &[&address, "answers", "version"]);
    other.abort();
}

#[test]
fn a_certificate_that_nobody_vouches_for_and_a_changed_key_are_no_silence() {
    let (dir, server) = server(&[]);
    let address = server.address();
    let link = format!("tertulia://localhost:{}/ca", address.port());
    let called = doctor(dir.path(), &link);
    assert_says(&called, WRONG, "certificate", &["certificate", &address.port().to_string()]);

    let other = format!("tertulia://{address}/{}", "a".repeat(52));
    let called = doctor(dir.path(), &other);
    assert_eq!(called.code, WRONG, "{called:?}");
    assert_eq!(called.objects().unwrap()[0]["result"], "key");
    let key = server.owner_link().unwrap().split('/').nth(3).unwrap().to_owned();
    for word in [&key, &"a".repeat(52), "not the server you know"] {
        assert!(called.stderr.contains(word), "{called:?}");
    }
}

#[test]
fn what_is_no_address_is_wrong_use() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["a b", "chat.example:0", "tertulia://chat.example:1"] {
        let called = doctor(dir.path(), wrong);
        assert_eq!((called.code, called.stdout.as_str()), (WRONG, ""), "{wrong}: {called:?}");
    }
}

#[test]
fn a_join_that_waits_says_soon_for_what() {
    let (dir, server) = server(&[]);
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let link = server
        .owner_link()
        .unwrap()
        .replace(&server.address().port().to_string(), &port.to_string());
    let ana = Cli::new(dir.path().join("ana"));
    let called = ana.call(&["--timeout", "4", "join", &link, "--name", "Ana"]).unwrap();
    assert_eq!(called.code, NO_ANSWER, "{called:?}");
    let allow = format!("ufw allow {port}/udp");
    let mut lines = called.stderr.lines();
    let (first, last) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(first.contains(&allow) && first.contains("still trying"), "{called:?}");
    assert!(last.contains(&allow) && last.contains("gave up"), "{called:?}");
}
