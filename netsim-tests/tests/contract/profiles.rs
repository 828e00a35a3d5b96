//! One profile in several processes: the server sees one device, nobody waits for another.

use std::process::Stdio;

use tertulia_netsim::process::{Cli, ServerProcess, eventually, signal};

use crate::world::{FAILED, Talk, World, done, lonely_server, plain, queued, refused, seqs, texts};

/// Connections that the server allows a device.
const CONNECTIONS: usize = 8;

#[test]
fn a_tail_and_senders_of_one_profile_do_not_disturb_each_other() {
    let world = World::new();
    let mut tail = Talk::tail(&world.ana, &["lobby", "--count", "200"]);
    let lines = |name: &str| (0..100).map(|n| format!("{name} {n}\n")).collect::<String>();
    let send = ["--timeout", "120", "send", "lobby"];
    let senders = ["a", "b"].map(|name| world.ana.start_with(&send, &lines(name)).unwrap());
    for sender in senders {
        let sent = sender.end().unwrap();
        assert_eq!((sent.code, sent.stderr.as_str()), (0, ""));
        let receipts = seqs(&sent.objects().unwrap());
        assert_eq!(receipts.len(), 100, "its own receipts and no others");
        assert!(receipts.is_sorted(), "in the order of its input");
    }
    let tailed: Vec<_> = (0..200).map(|_| tail.object()).collect();
    assert_eq!(tail.end().code, 0);
    assert_eq!(seqs(&tailed), (3..203).collect::<Vec<u64>>());
    for name in ["a", "b"] {
        let own = tailed.iter().filter_map(|event| event["text"].as_str()?.strip_prefix(name));
        assert!(own.eq((0..100).map(|n| format!(" {n}"))), "each sender's lines in its order");
    }
}

#[test]
fn what_a_killed_process_left_is_sent_by_one_that_lives() {
    let world = World::new();
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    let mut tail = Talk::tail(&ana, &["lobby"]);
    server.kill().unwrap();
    let mut sender = ana.start_with(&["send", "lobby"], "one\ntwo\nthree\n").unwrap();
    eventually("three messages in the outbox", || (queued(&ana) == 3).then_some(())).unwrap();
    let _server = {
        // While its process lives nobody else sends them.
        sender.kill().unwrap();
        drop(sender);
        ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap()
    };
    // The tail was there all the time: it is the heir.
    for (seq, text) in [(3, "one"), (4, "two"), (5, "three")] {
        let event = tail.object();
        assert_eq!((&event["seq"], &event["text"]), (&seq.into(), &text.into()));
    }
    eventually("an empty outbox", || (queued(&ana) == 0).then_some(())).unwrap();
}

#[test]
fn what_a_living_process_queued_is_sent_by_it_alone() {
    let world = World::new();
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    let mut sender = Talk::begin(ana.command(&["--timeout", "120", "send", "lobby"]).unwrap());
    sender.type_line("one");
    assert_eq!(sender.object()["seq"], 3);
    server.kill().unwrap();
    sender.type_line("two");
    eventually("the message in the outbox", || (queued(&ana) == 1).then_some(())).unwrap();
    // Not while it holds the file's lock: others would wait for that.
    let outbox = rusqlite::Connection::open(ana.profile().join("outbox.db")).unwrap();
    let lock = || outbox.execute_batch("BEGIN IMMEDIATE").ok();
    eventually("the outbox's lock", lock).unwrap();
    signal(sender.id(), "STOP").unwrap();
    outbox.execute_batch("ROLLBACK").unwrap();
    drop(outbox);
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    assert_eq!(seqs(&done(&ana, &["send", "lobby", "three"])), [4], "it waits for nobody");
    signal(sender.id(), "CONT").unwrap();
    assert_eq!(sender.object()["seq"], 5);
    assert_eq!(sender.end().code, 0);
    assert_eq!(texts(&ana, "lobby"), ["one", "three", "two"]);
}

#[test]
fn a_device_may_have_eight_connections_and_the_ninth_takes_the_oldests_place() {
    let world = World::new();
    let mut tails: Vec<Talk> =
        (0..CONNECTIONS).map(|_| Talk::tail(&world.ana, &["lobby"])).collect();
    done(&world.beto, &["send", "lobby", "to all eight"]);
    for tail in &mut tails {
        assert_eq!(tail.object()["seq"], 3);
    }
    tails.push(Talk::tail(&world.ana, &["lobby"]));
    let oldest = tails.remove(0).end();
    assert_eq!(oldest.code, FAILED, "{oldest:?}");
    assert!(oldest.stderr.contains("another connection of this device"), "{oldest:?}");
    done(&world.beto, &["send", "lobby", "to the eight that are left"]);
    for tail in &mut tails {
        assert_eq!(tail.object()["seq"], 4);
    }
}

#[test]
fn without_profile_it_is_the_default_one_of_the_users_data() {
    let (dir, server) = lonely_server();
    let link = server.owner_link().unwrap();
    let call = |variables: &[(&str, &std::path::Path)], arguments: &[&str]| {
        let mut command = std::process::Command::new(
            tertulia_netsim::process::programs().unwrap().join("tertulia-cli"),
        );
        command.args(arguments).env_remove("XDG_DATA_HOME").env_remove("HOME");
        let output = command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (data, home) = (dir.path().join("share"), dir.path().join("home"));
    let (data, home) = (data.as_path(), home.as_path());
    let ended = call(&[("XDG_DATA_HOME", data), ("HOME", home)], &["join", &link, "--name", "Ana"]);
    assert_eq!(ended, (0, String::new()));
    assert!(!home.exists());
    let ana = Cli::new(data.join("tertulia/profiles/default"));
    done(&ana, &["send", "lobby", "hi"]);

    std::fs::create_dir_all(home.join(".local")).unwrap();
    let invite = server.invite(&[]).unwrap();
    assert_eq!(call(&[("HOME", home)], &["join", &invite, "--name", "Beto"]).0, 0);
    assert!(home.join(".local/share/tertulia/profiles/default/profile.json").is_file());
    let (code, said) = call(&[], &["rooms"]);
    assert!(code == 2 && said.contains("--profile"), "{code} {said}");
}

#[test]
fn a_profile_that_can_not_be_made_is_named() {
    let world = World::new();
    let file = world.dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let said = refused(&Cli::new(file.join("profile")), &["rooms"], FAILED);
    assert!(said.contains("a file/profile"), "{said}");
}

#[test]
fn a_profile_is_readable_by_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.ana.profile()), 0o700);
    for file in ["device-key.pem", "profile.json", "outbox.db"] {
        assert_eq!(mode(&world.ana.profile().join(file)), 0o600, "{file}");
    }
    let output = plain(&world.ana, &["rooms"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}
