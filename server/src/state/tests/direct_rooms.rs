//! Rooms of two people.

use tertulia_proto::{Refusal, Role, RoomId, RoomName};

use super::world::*;
use crate::state::{Effect, LogCommand, Reply};

#[test]
fn whoever_opens_it_and_however_often_two_people_have_one_room() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let carla = world.person(3, "Carla");
    let (reply, effects) = world.effects(ana, direct("beto"));
    assert_eq!(reply, Reply::Room(RoomId(2)));
    for account in [ana.account, beto.account] {
        assert!(effects.contains(&Effect::Entered { account, room: RoomId(2) }));
    }
    assert_eq!(world.repeated(ana, direct("beto")), reply);
    assert_eq!(world.repeated(beto, direct("ana")), reply);
    world.applied(beto, send(1, 2, "hi"));
    assert_eq!(world.refused(carla, send(1, 2, "hi")), Refusal::NO_SUCH_ROOM);
    assert_eq!(world.applied(carla, direct("ana")), Reply::Room(RoomId(3)));
}

#[test]
fn it_has_its_two_for_good_and_nobody_has_a_say_in_it() {
    let mut world = World::new();
    let (ana, _) = (world.person_as(1, "Ana", Role::Owner), world.person(2, "Beto"));
    world.person(3, "Carla");
    world.applied(ana, direct("beto"));
    for command in [
        leave(2),
        remove(2, "ana"),
        remove(2, "beto"),
        set_member(2, "carla", Role::Member),
        set_member(2, "beto", Role::Guest),
        topic(2, "us"),
        call(2, "us"),
        archive(2, true),
    ] {
        assert_eq!(world.refused(ana, command.clone()), Refusal::FORBIDDEN, "{command:?}");
    }
}

#[test]
fn it_is_not_entered_by_any_name() {
    let mut world = World::new();
    let (ana, _) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let carla = world.person_as(3, "Carla", Role::Owner);
    world.applied(ana, direct("beto"));
    let sql = "SELECT name FROM room WHERE id = 2";
    let name: String = world.database().query_row(sql, [], |row| row.get(0)).unwrap();
    let name = RoomName::kept(name).unwrap();
    assert!(name.judged().is_err(), "somebody could call a room that");
    for actor in [ana, carla] {
        let by_name = LogCommand::EnterRoom(tertulia_proto::EnterRoom { name: name.clone() });
        assert_eq!(world.refused(actor, by_name), Refusal::NO_SUCH_ROOM);
    }
}

#[test]
fn it_takes_another_person_and_more_than_a_guest() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let guest = world.person_as(2, "Gast", Role::Guest);
    assert_eq!(world.refused(ana, direct("ana")), Refusal::INVALID);
    assert_eq!(world.refused(ana, direct("nobody")), Refusal::NO_SUCH_ACCOUNT);
    assert_eq!(world.refused(guest, direct("ana")), Refusal::FORBIDDEN);
    world.applied(ana, direct("gast"));
    assert_eq!(world.refused(guest, send(1, 2, "hi")), Refusal::FORBIDDEN, "guests read");
}
