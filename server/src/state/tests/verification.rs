//! Damage is found by the pass over a whole history, and, where it is new, before serving.

use tertulia_proto::{Epoch, LogPosition, Timestamp};

use super::world::*;
use crate::store::{
    StoreError, Writer,
    soundness::{Pass, Place},
    verify::whole,
};

/// Two people in three rooms; more than a page of everything.
fn server() -> World {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let garden = world.room(ana, create("garden"));
    world.room(beto, create_private("shed"));
    let mut batch = Vec::new();
    for id in 0..=255 {
        let from = if id % 2 == 0 { ana } else { beto };
        batch.push((from, send(id, 1, "a word")));
        batch.push((from, send_unlike(id, garden, "another")));
    }
    world.now += 1;
    world.writer.commit(Timestamp(world.now), &batch).unwrap();
    world
}

fn pass(world: &World) -> Vec<String> {
    whole(world.database(), world.writer.head()).unwrap()
}

const DAMAGE: [(&str, &str); 15] = [
    ("DELETE FROM log WHERE position = 300", "entries 300 to 300: missing"),
    ("DELETE FROM log WHERE position > 500", "entries 501 to 517: missing"),
    ("UPDATE log SET payload = x'ff' WHERE position = 9", "entry 9: its command can't be read"),
    ("UPDATE log SET time = 5 WHERE position = 300", "entry 300: it is older"),
    ("UPDATE body SET bytes = x'0001ff' WHERE position = 300", "entry 300: its body is not"),
    ("DELETE FROM body WHERE position = 300", "entry 300: its body is missing"),
    ("DELETE FROM event WHERE room = 1 AND seq = 40", "events 40 to 40 of room 1: missing"),
    ("DELETE FROM event WHERE room = 1 AND seq = 40", "its message is missing"),
    ("UPDATE event SET position = 9 WHERE room = 1 AND seq = 40", "stands somewhere else"),
    ("UPDATE event SET time = 9 WHERE room = 2 AND seq = 1", "event 1 of room 2: its log entry"),
    (
        "UPDATE event SET position = 9999 WHERE room = 2 AND seq = 1",
        "event 1 of room 2: its log entry",
    ),
    ("UPDATE room SET head = head + 1 WHERE id = 2", "room 2: its events end at"),
    ("UPDATE room SET head = 3 WHERE id = 2", "room 2: its events end at"),
    ("UPDATE room SET members = 9 WHERE id = 3", "room 3: 9 members are counted, 1 are there"),
    (
        "UPDATE room SET kind = 7; UPDATE room SET id = 8 WHERE id = 2",
        "room 8: its events end at 0",
    ),
];

#[test]
fn a_pass_finds_whatever_is_wrong_and_nothing_where_all_is_well() {
    let world = server();
    assert_eq!(pass(&world), [""; 0]);
    world.database().pragma_update(None, "foreign_keys", false).unwrap();
    for (damage, words) in DAMAGE {
        world.database().execute_batch(&format!("SAVEPOINT sound; {damage}")).unwrap();
        let problems = pass(&world);
        let is_found = problems.iter().any(|problem| problem.contains(words));
        assert!(is_found, "{damage}: no {words:?} in {problems:?}");
        world.database().execute_batch("ROLLBACK TO sound; RELEASE sound").unwrap();
    }
}

#[test]
fn after_an_unclean_stop_what_is_new_is_verified_before_anything_is_served() {
    let detail = |damage: &str| {
        let world = server();
        assert_eq!(world.writer.marks().now().folded, LogPosition(0), "nothing is folded in yet");
        let dir = world.killed(damage);
        match Writer::open(&dir.path().join("tertulia.db"), Epoch([9; 16])) {
            Ok(writer) => {
                let known = writer.marks().now();
                assert_eq!(known.pass, Some(Pass::new(writer.head())), "the rest is to come");
                None
            }
            Err(StoreError::Damaged { detail, .. }) => Some(detail),
            Err(other) => panic!("{damage}: {other}"),
        }
    };
    assert_eq!(detail(""), None);
    // Counts that the newest entries did not change are for the pass.
    for (damage, _) in DAMAGE.iter().filter(|(_, words)| !words.contains("are counted")) {
        assert!(detail(damage).is_some(), "{damage}: not noticed");
    }
}

#[test]
fn damage_behind_the_mark_keeps_nobody_out() {
    let mut world = server();
    let head = world.writer.head();
    world.fold();
    assert_eq!(world.writer.marks().now().folded, head);
    let ana = log_of(world.database())[3].1;
    world.applied(ana, send(7, 1, "new"));
    let world = World::on(world.killed("DELETE FROM body WHERE position = 300"));
    assert_eq!(world.writer.marks().now().folded, head, "it stands in the database");
    let problems = pass(&world);
    assert_eq!(problems.len(), 2, "its entry and its event: {problems:?}");
}

#[test]
fn a_pass_goes_on_where_it_was_after_the_next_start() {
    let world = server();
    let world = World::on(world.killed(""));
    let marks = world.writer.marks().clone();
    marks.advance(Some(Place::Log(LogPosition(256))), 256, vec!["a problem".to_owned()]);
    let dir = world.close();
    let world = World::on(dir);
    let known = world.writer.marks().now();
    assert_eq!(known.counted.messages, 512, "with what the killed one had not written down");
    assert_eq!(known.counted.at, world.writer.head());
    assert_eq!(known.pass.as_ref().unwrap().at, Place::Log(LogPosition(256)));
    assert_eq!(known.damage().problems, 1);
}
