//! The command-line client among pipes, signals and other processes: it ends when it should, with
//! the exit code it should, and a busy server is waited for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tempfile::TempDir;
use tertulia_client::{Client, ClientConfig, RequestError, SystemEnv, proto::Refusal};
use tertulia_netsim::process::{Called, Cli, ServerProcess, eventually, programs, signal};

const FAILED: i32 = 1;
const WRONG: i32 = 2;
const NO_ANSWER: i32 = 3;
const INTERRUPTED: i32 = 128 + 2;
const TERMINATED: i32 = 128 + 15;

fn joined() -> (TempDir, ServerProcess, Cli) {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    (dir, server, ana)
}

fn texts(cli: &Cli) -> Vec<String> {
    let events = cli.objects(&["history", "lobby", "--limit", "1000"]).unwrap();
    let posted = events.iter().filter(|event| event["kind"] == "posted");
    posted.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

/// The exit code of a process that is to end by itself. One that does not is killed.
fn ended(mut child: Child) -> i32 {
    let status = eventually("the end of the process", || child.try_wait().unwrap());
    if status.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    status.unwrap().code().unwrap_or(-1)
}

/// More in the lobby than a pipe takes.
fn fill_the_lobby(cli: &Cli) {
    let lines = format!("{}\n", "x".repeat(16_000)).repeat(24);
    let called = cli.call_with(&["send", "lobby"], &lines).unwrap();
    assert_eq!(called.code, 0, "{called:?}");
}

/// A tail that found nobody to read on, behind its first line.
fn stalled_tail(cli: &Cli, arguments: &[&str]) -> (Child, impl BufRead + use<>) {
    let mut child = cli.command(arguments).unwrap().stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::with_capacity(64, child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    (child, stdout)
}

#[test]
fn a_tail_that_nobody_reads_ends_by_a_signal() {
    let (_dir, _server, ana) = joined();
    fill_the_lobby(&ana);
    for (name, code) in [("TERM", TERMINATED), ("INT", INTERRUPTED)] {
        let (tail, _stdout) = stalled_tail(&ana, &["tail", "lobby", "--since", "0"]);
        signal(tail.id(), name).unwrap();
        assert_eq!(ended(tail), code);
    }
}

#[test]
fn a_tail_that_nobody_reads_ends_by_its_timeout() {
    let (_dir, _server, ana) = joined();
    fill_the_lobby(&ana);
    let arguments = ["--timeout", "3", "tail", "lobby", "--since", "0", "--count", "25"];
    let (tail, _stdout) = stalled_tail(&ana, &arguments);
    assert_eq!(ended(tail), NO_ANSWER);
}

#[test]
fn a_sender_whose_complaints_nobody_reads_ends_by_a_signal() {
    let (_dir, _server, ana) = joined();
    let mut command = ana.command(&["send", "lobby"]).unwrap();
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::with_capacity(64, child.stderr.take().unwrap());
    let stdin = child.stdin.take().unwrap();
    // Each line is one complaint: many times what a pipe takes.
    let bad = Command::new("sh")
        .args(["-c", "while printf '\\377\\n\\377\\n\\377\\n\\377\\n'; do :; done"])
        .stdout(stdin)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    stderr.read_until(b'\n', &mut Vec::new()).unwrap();
    signal(child.id(), "INT").unwrap();
    signal(child.id(), "INT").unwrap();
    assert_eq!(ended(child), INTERRUPTED);
    // Its reader is gone.
    ended(bad);
}

#[test]
fn a_profile_that_does_not_open_ends_by_the_timeout_or_a_signal() {
    let (_dir, _server, ana) = joined();
    let key = ana.profile().join("device-key.pem");
    fs::remove_file(&key).unwrap();
    // Nobody ever writes into it: reading it takes forever.
    assert!(Command::new("mkfifo").arg(&key).status().unwrap().success());
    let mut child = ana.command(&["--timeout", "1", "users"]).unwrap().spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    assert_eq!(ended(child), NO_ANSWER);
    let said = std::io::read_to_string(stderr).unwrap();
    assert!(said.contains(&ana.profile().display().to_string()), "{said}");

    let child = ana.command(&["--timeout", "600", "users"]).unwrap().spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    eventually("its handling of signals", || {
        let status = fs::read_to_string(&status).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
        (caught & (1 << (15 - 1)) != 0).then_some(())
    })
    .unwrap();
    signal(child.id(), "TERM").unwrap();
    assert_eq!(ended(child), TERMINATED);
}

#[test]
fn receipts_that_can_not_be_written_fail_after_all_is_sent() {
    let (dir, _server, ana) = joined();
    let lines = dir.path().join("lines");
    fs::write(&lines, "one\ntwo\nthree\n").unwrap();
    let send = |stdout: Stdio| {
        let stdin = fs::File::open(&lines).unwrap();
        let mut command = ana.command(&["send", "lobby"]).unwrap();
        let output = command.stdin(stdin).stdout(stdout).output().unwrap();
        let code = output.status.code().unwrap_or(-1);
        (code, String::from_utf8(output.stderr).unwrap())
    };
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (code, said) = send(full.into());
    assert_eq!(code, FAILED, "{said}");
    assert!(said.contains("can't be written"), "{said}");
    assert_eq!(texts(&ana), ["one", "two", "three"]);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (code, said) = send(writer.into());
    assert_eq!((code, said.as_str()), (0, ""), "a reader that left wants no receipts");
    assert_eq!(texts(&ana), ["one", "two", "three", "one", "two", "three"]);
}

#[test]
fn a_closed_standard_error_changes_no_exit_code() {
    let (dir, _server, ana) = joined();
    let code = |cli: &Cli, arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = cli.command(arguments).unwrap();
        command.env("TERTULIA_LOG", "debug").stdout(Stdio::null()).stderr(writer);
        ended(command.spawn().unwrap())
    };
    assert_eq!(code(&ana, &["send", "nowhere", "x"]), FAILED);
    assert_eq!(code(&ana, &["send", "lobby", &"x".repeat(17 << 10)]), FAILED);
    assert_eq!(code(&ana, &["tail", "lobby", "--since", "0", "--count", "1"]), 0);
    assert_eq!(code(&Cli::new(dir.path().join("nobody")), &["users"]), FAILED);
    assert_eq!(code(&ana, &["no-such-command"]), WRONG);
}

#[test]
fn a_certificate_that_the_system_does_not_trust_is_a_wrong_one() {
    let (dir, server, _ana) = joined();
    let link = server.invite(&[]).unwrap();
    let key = link.split('/').nth(3).unwrap();
    let beto = Cli::new(dir.path().join("beto"));
    let called = beto.call(&["join", &link.replace(key, "ca"), "--name", "Beto"]).unwrap();
    assert_eq!(called.code, WRONG, "{called:?}");
    assert!(called.stderr.contains("certificate"), "{called:?}");
}

#[test]
fn a_key_that_changes_in_mid_send_ends_it() {
    let (dir, server, ana) = joined();
    let address = server.address().to_string();
    server.kill().unwrap();
    let sender = ana.start(&["--timeout", "60", "send", "lobby", "kept"]).unwrap();
    eventually("the message in the outbox", || {
        let outbox = rusqlite::Connection::open(ana.profile().join("outbox.db")).ok()?;
        let waits = "SELECT count(*) FROM outbox";
        let waiting: i64 = outbox.query_row(waits, [], |row| row.get(0)).ok()?;
        (waiting == 1).then_some(())
    })
    .unwrap();
    let data = dir.path().join("data");
    for file in ["server-cert.pem", "server-key.key"] {
        fs::remove_file(data.join(file)).unwrap();
    }
    let _server = ServerProcess::start_with(&data, &address, &[]).unwrap();
    let called: Called = sender.end().unwrap();
    assert_eq!(called.code, WRONG, "{called:?}");
    assert!(called.stderr.contains("1 unsent stay queued"), "{called:?}");
    assert!(called.stderr.contains("another key.\nexpected: "), "{called:?}");
}

/// Asks for the rooms without end, and so keeps the device's allowance of requests used up.
async fn lister(client: Client, is_refused: Arc<AtomicBool>) {
    loop {
        match client.rooms().await {
            Ok(_) => {}
            Err(RequestError::Refused { refusal: Refusal::RATE, retry_after }) => {
                assert!(retry_after.is_some(), "the server says when to ask again");
                is_refused.store(true, Ordering::Relaxed);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_lister_in_the_background_makes_nothing_fail() {
    let (_dir, _server, ana) = joined();
    programs().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let profile = ana.profile().to_owned();
    let env = Arc::new(SystemEnv);
    let config = ClientConfig {
        profile,
        live: false,
        cache: false,
        copies: true,
        congestion: Default::default(),
        env,
    };
    let is_refused = Arc::new(AtomicBool::new(false));
    let listers = runtime.block_on(async {
        let (client, _) = Client::open(config).await.unwrap();
        client.welcomed().await.unwrap();
        let one = || tokio::spawn(lister(client.clone(), Arc::clone(&is_refused)));
        (0..8).map(|_| one()).collect::<Vec<_>>()
    });
    let wait_for_refusal = || {
        is_refused.store(false, Ordering::Relaxed);
        let refused = || is_refused.load(Ordering::Relaxed).then_some(());
        eventually("a refusal for speed", refused).unwrap();
    };
    for n in 0..5 {
        wait_for_refusal();
        let sent = ana.call(&["send", "lobby", &n.to_string()]).unwrap();
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    // Others have no way around a list: they wait until they are answered.
    let asking = ana.start(&["--timeout", "60", "history", "lobby"]).unwrap();
    for _ in 0..20 {
        wait_for_refusal();
    }
    for lister in &listers {
        assert!(!lister.is_finished(), "a lister ended");
        lister.abort();
    }
    let asked = asking.end().unwrap();
    assert_eq!(asked.code, 0, "{asked:?}");
    assert_eq!(texts(&ana), ["0", "1", "2", "3", "4"]);
}
