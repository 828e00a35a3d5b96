//! Topics, names, archives.

use tertulia_proto::{Archived, Change, Refusal, Role, RoomRenamed, TopicChanged};

use super::world::*;
use crate::state::Reply;

#[test]
fn a_topic_is_said_once_and_may_be_taken_away() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let room = world.room(ana, create("base"));
    world.repeated(ana, topic(room, ""));
    let changes = world.changes(ana, topic(room, "all about it"));
    let [Change::TopicChanged(TopicChanged { topic: said })] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(said.as_str(), "all about it");
    world.repeated(ana, topic(room, "all about it"));
    world.applied(ana, topic(room, ""));
    world.applied(beto, enter("base"));
    assert_eq!(world.refused(beto, topic(room, "mine")), Refusal::FORBIDDEN);
    world.applied(ana, set_member(room, "beto", Role::Moderator));
    world.applied(beto, topic(room, "mine"));
}

#[test]
fn a_room_that_is_called_otherwise_is_entered_by_its_new_name() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let room = world.room(ana, create("base"));
    let changes = world.changes(ana, call(room, "Música"));
    let [Change::RoomRenamed(RoomRenamed { name })] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(name.as_str(), "música");
    world.repeated(ana, call(room, "música"));
    assert_eq!(world.refused(beto, enter("base")), Refusal::NO_SUCH_ROOM);
    assert_eq!(world.applied(beto, enter("música")), Reply::Room(tertulia_proto::RoomId(room)));
    assert_eq!(world.refused(ana, call(room, "lobby")), Refusal::NAME_TAKEN);
    assert_eq!(world.refused(ana, call(room, "lоbby")), Refusal::NAME_TAKEN, "looks like it");
    world.applied(ana, set_member(room, "beto", Role::Moderator));
    assert_eq!(world.refused(beto, call(room, "mine")), Refusal::FORBIDDEN);
    world.applied(beto, create("base"));
}

#[test]
fn an_archived_room_is_read_and_left_and_nothing_else() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let carla = world.person(3, "Carla");
    let room = world.room(ana, create("base"));
    world.applied(beto, send(1, room, "@ana before"));
    let changes = world.changes(ana, archive(room, true));
    assert_eq!(changes, [Change::Archived(Archived { archived: true })]);
    world.repeated(ana, archive(room, true));
    for (actor, command) in [
        (ana, send(1, room, "after")),
        (carla, send(1, room, "after")),
        (carla, enter("base")),
        (ana, topic(room, "after")),
        (ana, call(room, "after")),
        (ana, set_member(room, "carla", Role::Member)),
        (ana, remove(room, "beto")),
    ] {
        assert_eq!(world.refused(actor, command.clone()), Refusal::ARCHIVED, "{command:?}");
    }
    world.repeated(beto, send(1, room, "@ana before"));
    world.repeated(beto, enter("base"));
    world.applied(ana, mark(room, 3));
    world.applied(beto, leave(room));
    let changes = world.changes(ana, archive(room, false));
    assert_eq!(changes, [Change::Archived(Archived { archived: false })]);
    world.applied(beto, send(2, room, "again"));
}

#[test]
fn owners_archive_and_the_lobby_stays_open() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person_as(2, "Beto", Role::Moderator));
    let room = world.room(ana, create("base"));
    assert_eq!(world.refused(beto, archive(room, true)), Refusal::FORBIDDEN);
    let olga = world.person_as(9, "Olga", Role::Owner);
    world.applied(olga, archive(room, true));
    assert_eq!(world.refused(olga, archive(1, true)), Refusal::FORBIDDEN);
}
