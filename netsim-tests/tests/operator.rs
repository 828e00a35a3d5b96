//! What an operator does beside a running server and a stopped one: saving, restoring, checking,
//! mending, looking.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess, eventually, operate, programs};

const FAILED: i32 = 1;
const WRONG: i32 = 2;
const PAGE: usize = 4_096;

/// A server with two people in two rooms, who have said something.
struct World {
    dir: TempDir,
    server: Option<ServerProcess>,
    ana: Cli,
    beto: Cli,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(&dir.path().join("data")).unwrap();
        let owner = server.owner_link().unwrap();
        let ana = Cli::joined(dir.path().join("ana"), &owner, "Ana").unwrap();
        let invite = server.invite(&["--uses", "3"]).unwrap();
        let beto = Cli::joined(dir.path().join("beto"), &invite, "Beto").unwrap();
        ana.objects(&["create", "garden"]).unwrap();
        let this = Self { dir, server: Some(server), ana, beto };
        this.say(&this.ana, "lobby", 1..=20);
        this.say(&this.beto, "garden", 1..=20);
        this
    }

    fn say(&self, who: &Cli, room: &str, numbers: std::ops::RangeInclusive<u32>) {
        let lines: String = numbers.map(|n| format!("word {n}\n")).collect();
        let called = who.call_with(&["send", room], &lines).unwrap();
        assert_eq!(called.code, 0, "{called:?}");
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn address(&self) -> String {
        self.server.as_ref().unwrap().address().to_string()
    }

    fn stop(&mut self) {
        assert_eq!(self.server.take().unwrap().terminate().unwrap(), Some(0));
    }

    fn start(&mut self, data: &Path, address: &str) {
        self.server = Some(ServerProcess::start_with(data, address, &[]).unwrap());
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data().join("tertulia.db")).unwrap()
    }

    fn damage(&self, sql: &str) {
        self.database().execute_batch(sql).unwrap();
    }

    /// Overwrites the pages that hold these bytes.
    fn wipe_pages_with(&self, needle: &[u8]) -> usize {
        let path = self.data().join("tertulia.db");
        let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let mut wiped = 0;
        for (number, page) in bytes.chunks(PAGE).enumerate() {
            if page.windows(needle.len()).any(|window| window == needle) {
                file.seek(SeekFrom::Start((number * PAGE) as u64)).unwrap();
                file.write_all(&[0xa5; PAGE]).unwrap();
                wiped += 1;
            }
        }
        wiped
    }
}

fn on(data: &Path, arguments: &[&str]) -> Called {
    operate(data, arguments).unwrap()
}

#[track_caller]
fn done(data: &Path, arguments: &[&str]) -> Called {
    let called = on(data, arguments);
    assert_eq!(called.code, 0, "{arguments:?}: {called:?}");
    called
}

#[track_caller]
fn assert_refused(called: &Called, code: i32, words: &[&str]) {
    assert_eq!(called.code, code, "{called:?}");
    assert_eq!(called.stderr.lines().count(), 1, "one clear line: {called:?}");
    for word in words {
        assert!(called.stderr.contains(word), "no {word:?} in {:?}", called.stderr);
    }
}

fn posted(cli: &Cli, room: &str) -> Vec<Value> {
    let mut events = cli.objects(&["history", room, "--limit", "1000"]).unwrap();
    events.retain(|event| event["kind"] == "posted");
    events
}

fn texts(cli: &Cli, room: &str) -> Vec<String> {
    posted(cli, room).iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

fn words(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("word {n}")).collect()
}

fn stats(data: &Path) -> Value {
    let objects = done(data, &["stats"]).objects().unwrap();
    assert_eq!(objects.len(), 1);
    objects[0].clone()
}

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
fn check_says_ok_beside_a_running_server_and_names_every_damage() {
    let mut world = World::new();
    let called = done(&world.data(), &["check"]);
    let entries = stats(&world.data())["log_position"].to_string();
    assert_eq!(called.stdout, format!("ok: {entries} entries\n"));
    world.stop();
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "), "stopped too");
    let sound = fs::read(world.data().join("tertulia.db")).unwrap();
    for (damage, words) in [
        ("UPDATE room SET members = 9 WHERE id = 1", &["room 1: 9 members", "2 are there"][..]),
        ("UPDATE room SET head = head + 1 WHERE id = 2", &["room 2: its events are not numbered"]),
        ("DELETE FROM event WHERE room = 1 AND seq = 4", &["room 1: its events are not numbered"]),
        ("DELETE FROM log WHERE position = 9", &["entries 9 to 9: missing"]),
        ("UPDATE log SET payload = x'ff' WHERE position = 9", &["entry 9: its command"]),
        ("UPDATE log SET time = 5 WHERE position = 9", &["entry 9: it is older"]),
        ("UPDATE body SET bytes = x'0001ff'", &["its body is not the one that was written"]),
        ("DELETE FROM body", &["its body is missing"]),
        ("INSERT INTO body VALUES (1, x'00')", &["entry 1: it has a body and no hash"]),
        ("UPDATE account SET role = 3 WHERE id = 2", &["account: not what the log makes of it"]),
        ("UPDATE member SET read = 0 WHERE account = 1", &["member: not what the log makes"]),
        ("INSERT INTO invite VALUES (x'01', 3, 9, NULL, 0)", &["invite: not what the log makes"]),
        ("PRAGMA foreign_keys = 0; DELETE FROM account WHERE id = 2", &["refers to nothing"]),
    ] {
        fs::write(world.data().join("tertulia.db"), &sound).unwrap();
        world.damage(damage);
        let called = on(&world.data(), &["check"]);
        assert_refused(&called, FAILED, &["problems in"]);
        for word in words {
            assert!(called.stdout.contains(word), "{damage}: no {word:?} in {}", called.stdout);
        }
    }
    fs::write(world.data().join("tertulia.db"), &sound).unwrap();
    assert!(world.wipe_pages_with(b"word 7") > 0);
    let called = on(&world.data(), &["check"]);
    assert_refused(&called, FAILED, &["problems in"]);
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

#[test]
fn recover_keeps_every_entry_that_verifies_and_loses_only_the_rest() {
    let mut world = World::new();
    let address = world.address();
    world.stop();
    let lost = "SELECT position FROM log WHERE body_hash IS NOT NULL LIMIT 1 OFFSET";
    world.damage(&format!("DELETE FROM log WHERE position = ({lost} 2)"));
    world.damage(&format!("UPDATE body SET bytes = x'00' WHERE position = ({lost} 30)"));
    world.damage("UPDATE room SET members = 77");
    let damaged = world.data().join("tertulia.db");
    let called = done(&world.data(), &["recover", damaged.to_str().unwrap()]);
    assert!(called.stdout.contains("lost 2;"), "{called:?}");
    assert!(called.stdout.contains("made again 0"), "{called:?}");
    assert!(called.stderr.contains("set-aside"), "{called:?}");
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "));
    world.start(&world.data(), &address);
    assert_eq!(texts(&world.beto, "lobby"), words((1..=20).filter(|n| *n != 3)));
    assert_eq!(texts(&world.ana, "garden").len(), 19);
    world.say(&world.beto, "lobby", 40..=40);
}

#[test]
fn recover_reads_around_broken_pages() {
    let mut world = World::new();
    // Many pages, of which two go.
    let lines: String = (0..400).map(|n| format!("page {n:04} {}\n", "x".repeat(900))).collect();
    assert_eq!(world.ana.call_with(&["send", "lobby"], &lines).unwrap().code, 0);
    let address = world.address();
    world.stop();
    assert!(world.wipe_pages_with(b"page 0100 ") > 0);
    assert!(world.wipe_pages_with(b"page 0300 ") > 0);
    let file = world.path("damaged.db");
    fs::rename(world.data().join("tertulia.db"), &file).unwrap();
    let wiped = fs::read(&file).unwrap();
    let called = done(&world.data(), &["recover", file.to_str().unwrap()]);
    assert_eq!(fs::read(&file).unwrap(), wiped, "the damaged file is only read");
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "));
    world.start(&world.data(), &address);
    let kept = texts(&world.ana, "lobby");
    let pages = kept.iter().filter(|text| text.starts_with("page ")).count();
    assert!((380..400).contains(&pages), "{pages} of 400; {called:?}");
    assert!(kept.iter().any(|text| text.starts_with("page 0399 ")), "behind the damage too");
}

#[test]
fn recover_puts_nothing_in_the_mouth_of_somebody_else() {
    let mut world = World::new();
    let invite = world.server.as_ref().unwrap().invite(&[]).unwrap();
    let carla = Cli::joined(world.path("carla"), &invite, "Carla").unwrap();
    world.say(&carla, "garden", 100..=102);
    world.ana.objects(&["create", "shed"]).unwrap();
    world.say(&carla, "shed", 200..=200);
    let address = world.address();
    world.stop();
    // Beto's registration and the garden's making: without care Carla would become Beto, and the
    // shed the garden.
    world.damage(
        "DELETE FROM log WHERE kind = 1 AND position IN (SELECT position FROM log
        WHERE kind = 1 LIMIT 1 OFFSET 1)",
    );
    world.damage(
        "DELETE FROM log WHERE kind = 3 AND position IN (SELECT position FROM log
        WHERE kind = 3 LIMIT 1 OFFSET 1)",
    );
    let damaged = world.data().join("tertulia.db");
    let called = done(&world.data(), &["recover", damaged.to_str().unwrap()]);
    assert!(called.stdout.contains("made again 2 accounts"), "{called:?}");
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "));
    world.start(&world.data(), &address);
    let said = |cli: &Cli, room: &str| -> Vec<(String, String)> {
        let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
        posted(cli, room).iter().map(|event| (text(event, "author"), text(event, "text"))).collect()
    };
    let mut garden: Vec<_> =
        words(1..=20).into_iter().map(|text| ("beto".to_owned(), text)).collect();
    garden.extend(words(100..=102).into_iter().map(|text| ("carla".to_owned(), text)));
    assert_eq!(said(&world.ana, "garden"), garden);
    assert_eq!(said(&world.beto, "shed"), [("carla".to_owned(), "word 200".to_owned())]);
    world.say(&world.beto, "garden", 300..=300);
}

#[test]
fn what_is_beyond_recovery_is_said_and_left() {
    let mut world = World::new();
    world.stop();
    let garbage = world.path("garbage");
    fs::write(&garbage, [7; 9_000]).unwrap();
    let before = fs::read(world.data().join("tertulia.db")).unwrap();
    let path = garbage.to_str().unwrap();
    assert_refused(&on(&world.data(), &["recover", path]), FAILED, &[path]);
    let empty = world.path("empty");
    fs::write(&empty, "").unwrap();
    let path = empty.to_str().unwrap();
    assert_refused(&on(&world.data(), &["recover", path]), FAILED, &[path, "no entry"]);
    assert_eq!(fs::read(world.data().join("tertulia.db")).unwrap(), before);
}

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
    logs(" reloaded");
    let log = server.log();
    assert!(log.contains("send_burst: 3") && log.contains("takes a restart"), "{log}");
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
