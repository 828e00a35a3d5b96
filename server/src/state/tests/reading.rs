//! Read markers and mentions.

use tertulia_proto::{Refusal, Role, limits as wire};

use super::world::*;
use crate::state::{Actor, Effect};

/// Ana's private room 2 with Beto; Carla is outside.
fn with_beto() -> (World, [Actor; 3]) {
    let mut world = World::new();
    let people = [world.person(1, "Ana"), world.person(2, "Beto"), world.person(3, "Carla")];
    world.room(people[0], create_private("council"));
    world.applied(people[0], set_member(2, "beto", Role::Member));
    (world, people)
}

#[test]
fn read_markers_only_move_forward_and_not_past_the_head() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    for id in 1..=5 {
        world.applied(beto, send(id, 1, "x"));
    }
    let (_, effects) = world.effects(ana, mark(1, 4));
    assert_eq!(
        effects,
        [Effect::Read { account: ana.account, room: tertulia_proto::RoomId(1) }],
        "the account's other connections hear of it"
    );
    world.repeated(ana, mark(1, 2));
    world.repeated(ana, mark(1, 4));
    world.applied(ana, mark(1, u64::MAX));
    let sql = "SELECT read FROM member WHERE account = 1 AND room = 1";
    assert_eq!(world.count(sql), 7);
}

#[test]
fn one_who_is_no_member_has_no_marker() {
    let (mut world, [ana, beto, carla]) = with_beto();
    assert_eq!(world.refused(carla, mark(2, 1)), Refusal::NO_SUCH_ROOM);
    let public = world.room(ana, create("square"));
    world.repeated(carla, mark(public, 1));
    world.applied(ana, remove(2, "beto"));
    assert_eq!(world.refused(beto, mark(2, 1)), Refusal::NO_SUCH_ROOM);
}

#[test]
fn what_one_posted_and_what_was_before_one_came_is_read() {
    let (mut world, [ana, ..]) = with_beto();
    world.applied(ana, send(1, 2, "x"));
    world.applied(ana, set_member(2, "carla", Role::Member));
    let markers = "SELECT group_concat(read) FROM (
        SELECT read FROM member WHERE room = 2 ORDER BY account)";
    let markers: String = world.database().query_row(markers, [], |row| row.get(0)).unwrap();
    assert_eq!(markers, "3,2,4", "Ana's message, Beto's and Carla's coming");
}

#[test]
fn a_mention_counts_for_members_and_never_for_its_author() {
    let (mut world, [ana, beto, carla]) = with_beto();
    world.applied(ana, send(1, 2, "@beto @carla @ana @nobody, look"));
    assert_eq!(world.mentions_of(beto, 2), [3]);
    assert_eq!(world.mentions_of(carla, 2), [0; 0], "no member");
    assert_eq!(world.mentions_of(ana, 2), [0; 0], "its author");
    world.repeated(ana, send(1, 2, "@beto @carla @ana @nobody, look"));
    world.applied(ana, send(2, 2, "@Beto @beto twice is once, beto@example.org never"));
    assert_eq!(world.mentions_of(beto, 2), [3, 4]);
    world.applied(ana, set_member(2, "carla", Role::Member));
    assert_eq!(world.mentions_of(carla, 2), [0; 0], "named before she came");
}

#[test]
fn a_mention_is_gone_once_read_or_answered() {
    let (mut world, [ana, beto, _]) = with_beto();
    for id in 1..=4 {
        world.applied(ana, send(id, 2, "@beto"));
    }
    world.applied(beto, mark(2, 4));
    assert_eq!(world.mentions_of(beto, 2), [5, 6]);
    world.repeated(beto, mark(2, 3));
    assert_eq!(world.mentions_of(beto, 2), [5, 6]);
    world.applied(beto, send(9, 2, "yes?"));
    assert_eq!(world.mentions_of(beto, 2), [0; 0]);
}

#[test]
fn a_mention_is_gone_once_one_left_or_was_removed() {
    let (mut world, [ana, beto, _]) = with_beto();
    let public = world.room(ana, create("square"));
    world.applied(beto, enter("square"));
    for (id, room) in [(1, 2), (2, public)] {
        world.applied(ana, send(id, room, "@beto"));
        assert_eq!(world.mentions_of(beto, room).len(), 1);
    }
    world.applied(ana, remove(2, "beto"));
    world.applied(beto, leave(public));
    assert_eq!(world.count("SELECT count(*) FROM mention"), 0);
    world.applied(beto, enter("square"));
    assert_eq!(world.mentions_of(beto, public), [0; 0], "nor does it come back");
}

#[test]
fn one_message_names_a_bounded_number_of_people() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let named = wire::MENTIONS as u8 + 5;
    let mut text = String::new();
    for device in 2..2 + named {
        world.person(device, &format!("Person {device}"));
        text.push_str(&format!("@person.{device} "));
    }
    world.applied(ana, send(1, 1, &text));
    assert_eq!(world.count("SELECT count(*) FROM mention"), wire::MENTIONS as i64);
}

#[tokio::test]
async fn the_list_counts_what_others_posted_and_what_of_it_names_one() {
    let (mut world, [ana, beto, carla]) = with_beto();
    for (id, text) in [(1, "x"), (2, "@beto"), (3, "y"), (4, "@beto"), (5, "z")] {
        world.applied(ana, send(id, 2, text));
    }
    world.applied(ana, topic(2, "no message"));
    let readers = world.readers();
    let room = tertulia_proto::RoomId(2);
    let counted = async |actor: Actor| {
        let listing = readers.listing(actor.account, room).await.unwrap().unwrap();
        (listing.unread, listing.mentions)
    };
    assert_eq!(counted(beto).await, (5, 2));
    assert_eq!(counted(ana).await, (0, 0), "what one posted oneself");
    assert_eq!(counted(carla).await, (0, 0));
    world.applied(beto, mark(2, 4));
    assert_eq!(counted(beto).await, (3, 1));
    let marker = readers.read_marker(beto.account, room).await.unwrap().unwrap();
    assert_eq!((marker.read.0, marker.head.0, marker.unread, marker.mentions), (4, 8, 3, 1));
    assert_eq!(readers.read_marker(carla.account, room).await.unwrap(), None);
}
