//! Saving a server and making it again: beside people who write, elsewhere, and on a full disk.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tertulia_netsim::process::{Called, ServerProcess, programs};

use world::{FAILED, World, assert_refused, done, on, posted, stats, texts, words};

#[test]
fn a_backup_of_a_running_server_makes_the_same_server_elsewhere() {
    let mut world = World::new();
    let file = world.path("saved.db");
    let saved = file.to_str().unwrap();
    let called = done(&world.data(), &["backup", saved]);
    assert!(called.stdout.starts_with(&format!("{saved}: ")), "{called:?}");
    assert!(called.stderr.contains("key"), "it says that it is a secret: {called:?}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_refused(&on(&world.data(), &["backup", saved]), FAILED, &[saved, "exists"]);
    world.say(&world.ana, "lobby", 21..=25);
    let (address, epoch) = (world.address(), stats(&world.data())["epoch"].clone());
    world.stop();

    let elsewhere = world.path("elsewhere");
    let called = done(&elsewhere, &["restore", saved]);
    assert!(called.stdout.contains("restored"), "{called:?}");
    assert_ne!(stats(&elsewhere)["epoch"], epoch, "another history");
    assert!(done(&elsewhere, &["check"]).stdout.starts_with("ok: "));
    world.start(&elsewhere, &address);
    // The same key: clients that know the server go on, and see that the history is another one.
    assert_eq!(texts(&world.beto, "lobby"), words(1..=20));
    world.say(&world.ana, "lobby", 30..=30);
    assert_eq!(texts(&world.ana, "lobby"), words((1..=20).chain([30])));
    let tail = world.beto.objects(&["tail", "lobby", "--since", "0", "--count", "23"]).unwrap();
    assert_eq!(tail.last().unwrap()["text"], "word 30", "no gap and nothing of the former history");
}

#[test]
fn a_restore_sets_aside_what_was_there_and_refuses_beside_a_server() {
    let mut world = World::new();
    let file = world.path("saved.db");
    let saved = file.to_str().unwrap();
    done(&world.data(), &["backup", saved]);
    world.say(&world.ana, "lobby", 21..=25);
    for arguments in [["restore", saved], ["recover", saved]] {
        let refused = on(&world.data(), &arguments);
        assert_refused(&refused, FAILED, &["in use by another tertulia-server"]);
    }
    let address = world.address();
    world.stop();
    let garbage = world.path("garbage");
    fs::write(&garbage, [7; 9_000]).unwrap();
    let empty = world.path("empty");
    fs::write(&empty, "").unwrap();
    for no_backup in [&garbage, &empty, &world.path("missing")] {
        let no_backup = no_backup.to_str().unwrap();
        assert_refused(&on(&world.data(), &["restore", no_backup]), FAILED, &[no_backup]);
    }
    let before = fs::read_dir(world.data()).unwrap().count();
    world.start(&world.data(), &address);
    assert_eq!(texts(&world.ana, "lobby"), words(1..=25), "a failed restore changed nothing");
    world.stop();
    let called = done(&world.data(), &["restore", saved]);
    let aside = called.stderr.lines().find(|line| line.contains("set-aside")).unwrap();
    let aside = PathBuf::from(aside.split("is in ").nth(1).unwrap());
    let former = rusqlite::Connection::open(aside.join("tertulia.db")).unwrap();
    let messages = "SELECT count(*) FROM body";
    assert_eq!(former.query_row(messages, [], |row| row.get::<_, i64>(0)).unwrap(), 45);
    assert!(fs::read_dir(world.data()).unwrap().count() <= before + 1, "nothing else is left");
    let restored = world.database();
    assert!(!restored.table_exists(None, "backup_file").unwrap(), "no key in the database");
    drop(restored);
    world.start(&world.data(), &address);
    assert_eq!(texts(&world.ana, "lobby"), words(1..=20));
}

/// A full disk as far as a command can tell: no file of its own may grow beyond a size.
fn on_a_full_disk(data: &Path, arguments: &[&str]) -> Called {
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", "100"])
        .arg(programs().unwrap().join("tertulia-server"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Called { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn on_a_full_disk_commands_fail_clearly_and_leave_everything_as_it_was() {
    let mut world = World::new();
    let lines = format!("{}\n", "x".repeat(16_000)).repeat(24);
    assert_eq!(world.ana.call_with(&["send", "lobby"], &lines).unwrap().code, 0);
    let file = world.path("saved.db");
    let saved = file.to_str().unwrap();
    let backups = world.path("backups");
    fs::create_dir(&backups).unwrap();
    let full = backups.join("full.db");
    let refused = on_a_full_disk(&world.data(), &["backup", full.to_str().unwrap()]);
    assert_refused(&refused, FAILED, &["full.db"]);
    assert_eq!(fs::read_dir(&backups).unwrap().count(), 0, "nothing half written");
    done(&world.data(), &["backup", saved]);
    let address = world.address();
    world.stop();
    let names = || {
        let names = fs::read_dir(world.data()).unwrap();
        names.map(|file| file.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = names();
    let damaged = world.data().join("tertulia.db");
    for arguments in [["restore", saved], ["recover", damaged.to_str().unwrap()]] {
        assert_refused(&on_a_full_disk(&world.data(), &arguments), FAILED, &["tertulia.db.new"]);
        let left = names();
        let sqlites = |name: &&std::ffi::OsString| !name.to_string_lossy().contains("db-");
        assert_eq!(
            left.iter().filter(sqlites).collect::<Vec<_>>(),
            before.iter().filter(sqlites).collect::<Vec<_>>()
        );
    }
    world.start(&world.data(), &address);
    assert_eq!(posted(&world.ana, "lobby").len(), 44);
}

#[test]
fn an_interrupted_restore_is_noticed_by_the_next_start() {
    let mut world = World::new();
    let file = world.path("saved.db");
    let saved = file.to_str().unwrap();
    done(&world.data(), &["backup", saved]);
    let address = world.address();
    world.stop();
    fs::remove_file(world.data().join("tertulia.db")).unwrap();
    fs::write(world.data().join("replacing"), "").unwrap();
    let refused = ServerProcess::start_with(&world.data(), &address, &[]).unwrap_err().to_string();
    assert!(refused.contains("run it again"), "{refused}");
    assert!(!world.data().join("tertulia.db").exists(), "no empty server in its place");
    done(&world.data(), &["restore", saved]);
    world.start(&world.data(), &address);
    assert_eq!(texts(&world.ana, "lobby"), words(1..=20));
}

#[test]
fn check_and_backup_see_one_instant_while_people_write() {
    let world = World::new();
    let lines: String = (0..1_500).map(|n| format!("busy {n}\n")).collect();
    let mut sender = world.ana.start_with(&["send", "lobby"], &lines).unwrap();
    let mut receipts = sender.lines().unwrap();
    receipts.next().unwrap().unwrap();
    let mut seen = Vec::new();
    for round in 0..3 {
        let checked = done(&world.data(), &["check"]).stdout;
        seen.push(checked.split(' ').nth(1).unwrap().parse::<u64>().unwrap());
        let file = world.path(&format!("saved-{round}.db"));
        done(&world.data(), &["backup", file.to_str().unwrap()]);
        let elsewhere = world.path(&format!("elsewhere-{round}"));
        done(&elsewhere, &["restore", file.to_str().unwrap()]);
        done(&elsewhere, &["check"]);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(receipts.map(Result::unwrap).count(), 1_499);
    assert!(seen[0] < 1_500, "it was to be checked while they write: {seen:?}");
}
