//! Posting, and what the log keeps of it.

use tertulia_proto::{Refusal, Role, RoomId, Seq};

use super::world::*;
use crate::state::{Outcome, Reply, digest::digest};

#[test]
fn a_message_sent_again_is_one_message_with_the_same_receipt() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let first = world.applied(ana, send(7, 1, "hola"));
    let Outcome::Repeat(again) = world.run(ana, send(7, 1, "hola")) else { panic!("a second one") };
    assert_eq!(first, again);
    let beto = world.person(2, "Beto");
    let other = world.applied(beto, send(7, 1, "the same id of another author"));
    assert_ne!(first, other);
    let sql = "SELECT count(*) FROM event WHERE message_id IS NOT NULL";
    assert_eq!(world.count(sql), 2);
}

#[test]
fn sending_to_a_public_room_enters_it_and_leaving_ends_it() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    world.applied(ana, create("música"));
    assert_eq!(world.refused(beto, create("Música")), Refusal::NAME_TAKEN);
    let Reply::Posted { room, seq, .. } = world.applied(beto, send(1, 2, "hi")) else { panic!() };
    assert_eq!((room, seq), (RoomId(2), Seq(3)), "ana joined, beto joined, beto posted");
    world.applied(beto, leave(2));
    assert!(matches!(world.run(beto, leave(2)), Outcome::Repeat(_)));
    world.applied(beto, enter("música"));
    assert!(matches!(world.run(beto, enter("#Música")), Outcome::Repeat(Reply::Room(RoomId(2)))));
    assert_eq!(world.refused(beto, enter("nowhere")), Refusal::NO_SUCH_ROOM);
    assert_eq!(world.refused(beto, send(2, 99, "hi")), Refusal::NO_SUCH_ROOM);
}

#[test]
fn an_answer_is_to_a_message_that_is_there() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let answer = |id, target| send_to(id, 1, "yes", Some(target));
    for target in [0, 2, 1 << 63, u64::MAX] {
        assert_eq!(world.refused(ana, answer(9, target)), Refusal::INVALID, "{target}");
    }
    world.applied(ana, answer(9, 1));
}

#[test]
fn time_in_the_log_never_goes_back() {
    let mut world = World::new();
    world.now = 50_000;
    let ana = world.person(1, "Ana");
    world.now = 10;
    world.applied(ana, send(1, 1, "after the clock was set back"));
    let sql =
        "SELECT count(*) FROM log a JOIN log b ON b.position = a.position + 1 AND b.time < a.time";
    assert_eq!(world.count(sql), 0);
}

#[test]
fn a_refusal_takes_no_place_and_leaves_no_trace() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let before = digest(world.database()).unwrap();
    world.refused(ana, invite(1, Role::Member, 1, None));
    world.refused(stranger(5), send(1, 1, "who?"));
    world.refused(stranger(2), register(2, "Ana", None));
    assert_eq!(digest(world.database()).unwrap(), before);
}
