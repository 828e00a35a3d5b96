//! A damaged database: what is wrong is named, and what can be read is saved.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::fs;

use serde_json::Value;
use tertulia_netsim::process::Cli;

use world::{FAILED, PAGE, World, assert_refused, done, on, posted, stats, texts, words};

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
        (
            "UPDATE room SET head = head + 1 WHERE name = 'garden'",
            &[": its events are not numbered"],
        ),
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
fn recover_takes_what_is_left_of_a_file_that_was_cut_off() {
    let mut world = World::new();
    let lines: String = (0..400).map(|n| format!("page {n:04} {}\n", "x".repeat(900))).collect();
    assert_eq!(world.ana.call_with(&["send", "lobby"], &lines).unwrap().code, 0);
    let address = world.address();
    world.stop();
    let damaged = world.data().join("tertulia.db");
    let whole = damaged.metadata().unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&damaged).unwrap();
    file.set_len(whole / 2).unwrap();
    drop(file);
    let called = done(&world.data(), &["recover", damaged.to_str().unwrap()]);
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "));
    assert!(called.stdout.contains("lost 0 and an unknown number behind them;"), "{called:?}");
    world.start(&world.data(), &address);
    let kept = texts(&world.ana, "lobby");
    assert!(kept.len() > 50, "{} kept; {called:?}", kept.len());
    assert_eq!(kept[..20], words(1..=20));
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
        "DELETE FROM log WHERE kind = 17 AND position IN (SELECT position FROM log
        WHERE kind = 17 LIMIT 1 OFFSET 1)",
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

/// One page after the other.
#[test]
fn whichever_page_breaks_check_says_so_and_recover_makes_a_sound_server_or_none() {
    let mut world = World::new();
    for (who, room) in [(&world.ana, "lobby"), (&world.beto, "lobby"), (&world.beto, "garden")] {
        let name = if std::ptr::eq(who, &world.ana) { "ana" } else { "beto" };
        let lines = format!("{name} wrote this {}\n", "x".repeat(300)).repeat(40);
        assert_eq!(who.call_with(&["send", room], &lines).unwrap().code, 0);
    }
    world.stop();
    let sound = fs::read(world.data().join("tertulia.db")).unwrap();
    let pages = sound.len() / PAGE;
    let mut recovered = 0;
    for page in 1..pages {
        let data = world.path(&format!("page-{page}"));
        fs::create_dir(&data).unwrap();
        let mut broken = sound.clone();
        broken[page * PAGE..(page + 1) * PAGE].fill(0xa5);
        let file = data.join("tertulia.db");
        fs::write(&file, broken).unwrap();
        assert_refused(&on(&data, &["check"]), FAILED, &[]);
        let called = on(&data, &["recover", file.to_str().unwrap()]);
        if called.code != 0 {
            assert_refused(&called, FAILED, &["nothing was changed"]);
            continue;
        }
        recovered += 1;
        assert!(done(&data, &["check"]).stdout.starts_with("ok: "), "page {page}");
        let db = rusqlite::Connection::open(&file).unwrap();
        let mut statement = db
            .prepare(
                "SELECT handle, bytes FROM event JOIN body USING (position)
                 JOIN account ON account.id = event.account",
            )
            .unwrap();
        let said = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .unwrap();
        for (handle, body) in said.map(Result::unwrap) {
            let text = String::from_utf8_lossy(&body).into_owned();
            let author = text.split(" wrote this").next().unwrap();
            let own = !text.contains(" wrote this") || author.ends_with(handle.as_str());
            assert!(own, "page {page}: {handle} did not write {text:?}");
        }
    }
    // The log's root, and where it stands which tables there are: two pages behind the first.
    assert!(recovered + 4 >= pages - 1, "{recovered} of {pages}");
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
