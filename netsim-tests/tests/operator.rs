//! What an operator sees of a running server and of a stopped one, and sets while it runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;
use tertulia_netsim::process::{Cli, ServerProcess, eventually, programs};

use world::{FAILED, WRONG, World, assert_refused, done, on, stats};

#[test]
fn stats_accounts_and_audit_tell_of_a_running_server_and_a_stopped_one() {
    let mut world = World::new();
    let mut tail = world.beto.start(&["tail", "lobby", "--since", "0"]).unwrap();
    let mut lines = tail.lines().unwrap();
    lines.next().unwrap().unwrap();
    let running = stats(&world.data());
    for (key, value) in [("accounts", 2), ("devices", 2), ("rooms", 2), ("messages", 40)] {
        assert_eq!(running[key], value, "{key}");
    }
    assert_eq!((&running["running"], &running["connections"]), (&true.into(), &1.into()));
    assert_eq!(running["accounts_online"], 1);
    assert!(running.as_object().unwrap().values().all(|value| !value.is_object()), "flat");
    assert!(running["database_bytes"].as_u64().unwrap() > 0);

    let accounts = done(&world.data(), &["accounts"]).objects().unwrap();
    assert_eq!(accounts.len(), 2);
    assert_eq!(
        accounts[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["account", "created", "devices", "handle", "role"]
    );
    assert_eq!((&accounts[0]["handle"], &accounts[0]["role"]), (&"ana".into(), &"owner".into()));
    assert_eq!((&accounts[1]["account"], &accounts[1]["devices"]), (&2.into(), &1.into()));
    assert_eq!(accounts[1]["created"].as_str().unwrap().len(), "2023-11-14T22:13:20.120Z".len());

    let audit = done(&world.data(), &["audit"]).objects().unwrap();
    let told: Vec<_> = audit
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (text("action"), text("actor"), text("subject"))
        })
        .collect();
    let line = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        told,
        [
            line("create_room", "server", "lobby"),
            line("invite", "server", "owner, 1 uses"),
            line("register", "ana", "ana"),
            line("invite", "server", "member, 3 uses"),
            line("register", "beto", "beto"),
            line("create_room", "ana", "garden"),
        ]
    );
    assert!(audit[2]["device"].as_str().unwrap().len() < 20, "short");
    assert_eq!(audit[0]["device"], Value::Null);
    drop(tail);
    world.stop();
    let stopped = stats(&world.data());
    assert_eq!((&stopped["running"], &stopped["connections"]), (&false.into(), &0.into()));
    assert_eq!(stopped["messages"], 40);
    assert_eq!(done(&world.data(), &["accounts"]).objects().unwrap(), accounts);
    assert_eq!(done(&world.data(), &["audit"]).objects().unwrap(), audit);
}

#[test]
fn a_hangup_takes_the_configuration_over_and_says_what_takes_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("tertulia.toml"));
    fs::write(&file, "registration = \"invite\"\n").unwrap();
    let arguments = ["--config", file.to_str().unwrap()];
    let server = ServerProcess::start_with(&data, "127.0.0.1:0", &arguments).unwrap();
    let owner = server.owner_link().unwrap();
    let open = owner.rsplit_once('/').unwrap().0;
    let join =
        |name: &str| Cli::new(dir.path().join(name)).call(&["join", open, "--name", name]).unwrap();
    assert_eq!(join("Ana").code, FAILED);
    let logs = |words: &str| {
        eventually(words, || server.log().contains(words).then_some(())).unwrap();
    };
    fs::write(&file, "registration = \"closed\"\n").unwrap();
    server.signal("HUP").unwrap();
    logs("nothing was reloaded");
    assert!(server.log().contains("tertulia.toml:1: "), "{}", server.log());
    let changed = "registration = \"open\"\n[limits]\nsend_burst = 3\nsend_rate = 1\n[nearby]\n\
                   enabled = false\n";
    fs::write(&file, changed).unwrap();
    server.signal("HUP").unwrap();
    logs("reload: reloaded");
    let log = server.log();
    assert!(
        log.contains("it counts from now on what=\"limits\"") && log.contains("it takes a restart"),
        "{log}"
    );
    assert!(log.contains("nearby") && !log.contains("listen"), "{log}");
    assert_eq!(join("Ana").code, 0);
}

#[test]
fn commands_on_no_servers_data_are_refused_and_make_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("none"), dir.path().join("file"));
    let file = file.to_str().unwrap();
    for arguments in [&["stats"][..], &["accounts"], &["audit"], &["check"], &["backup", file]] {
        assert_refused(&on(&data, arguments), FAILED, &["none", "--data"]);
    }
    assert!(!data.exists());
    assert_eq!(on(&data, &["backup"]).code, WRONG);
    assert_eq!(on(&data, &["bake", "it"]).code, WRONG);
}

#[test]
fn a_reader_that_has_enough_ends_a_list_quietly() {
    let world = World::new();
    for command in ["stats", "accounts", "audit", "check"] {
        let mut child = Command::new(programs().unwrap().join("tertulia-server"))
            .arg(command)
            .arg("--data")
            .arg(world.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    }
}
