//! A name is taken where one can see who has it. Of a hidden room's nothing is told.

use tertulia_proto::{HistoryPolicy, Refusal, Role, RoomId, RoomKind};

use super::world::*;
use crate::state::{Outcome, Reply};

/// The name, and one that only looks like it (Cyrillic letters).
const NAMES: [&str; 3] = ["base", "Base", "bаsе"];

#[test]
fn a_public_rooms_name_is_taken_for_everyone() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let room = world.room(ana, create("base"));
    let other = world.room(beto, create("other"));
    for name in NAMES {
        for kind in [RoomKind::Public, RoomKind::Private] {
            let wish = make(name, kind, HistoryPolicy::All);
            assert_eq!(world.refused(beto, wish), Refusal::NAME_TAKEN, "{name}");
        }
        assert_eq!(world.refused(beto, call(other, name)), Refusal::NAME_TAKEN, "{name}");
    }
    world.applied(ana, call(room, "bаsе"));
    assert_eq!(world.refused(beto, call(other, "base")), Refusal::NAME_TAKEN, "looks like it");
    assert_eq!(world.repeated(ana, call(room, "bаsе")), Reply::Done);
}

#[test]
fn a_hidden_rooms_name_is_free_to_outsiders_and_taken_to_its_members() {
    for name in NAMES {
        let mut world = World::new();
        let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
        let carla = world.person(3, "Carla");
        let hidden = world.room(ana, create_private("base"));
        world.applied(ana, set_member(hidden, "beto", Role::Member));
        for member in [ana, beto] {
            assert_eq!(world.refused(member, create(name)), Refusal::NAME_TAKEN);
            assert_eq!(world.refused(member, create_private(name)), Refusal::NAME_TAKEN);
        }
        let outside = world.room(carla, create_private(name));
        world.applied(carla, call(outside, "elsewhere"));
        world.applied(carla, call(outside, name));
        world.applied(carla, leave(outside));
        world.applied(carla, create(name));
    }
}

/// The same commands, once beside a hidden room and once without it.
#[test]
fn an_outsider_is_answered_alike_with_and_without_a_hidden_room() {
    let answers = |hidden: bool| {
        let mut world = World::new();
        let (ana, carla) = (world.person(1, "Ana"), world.person_as(3, "Carla", Role::Owner));
        world.room(carla, create("hall"));
        world.room(ana, create_private(if hidden { "base" } else { "cellar" }));
        let said = |outcome| match outcome {
            Outcome::Applied(applied) => format!("{:?}", applied.reply),
            other => format!("{other:?}"),
        };
        let mut all = Vec::new();
        for name in NAMES {
            for command in [
                enter(name),
                create_private(name),
                call(4, "away"),
                call(4, name),
                leave(4),
                create(name),
                enter(name),
                call(2, name),
            ] {
                all.push(said(world.run(carla, command)));
            }
        }
        all
    };
    assert_eq!(answers(true), answers(false));
}

#[test]
fn a_name_that_two_rooms_have_enters_the_public_one() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let hidden = world.room(ana, create_private("base"));
    assert_eq!(world.repeated(ana, enter("base")), Reply::Room(RoomId(hidden)));
    let public = world.room(beto, create("base"));
    assert_eq!(world.applied(ana, enter("base")), Reply::Room(RoomId(public)));
    assert_eq!(world.repeated(ana, enter("base")), Reply::Room(RoomId(public)));
    let later = world.room(beto, create_private("cellar"));
    let first = world.room(ana, create_private("cellar"));
    world.applied(beto, set_member(later, "ana", Role::Member));
    assert_eq!(world.repeated(ana, enter("cellar")), Reply::Room(RoomId(later.min(first))));
}

#[test]
fn adding_somebody_does_not_tell_which_rooms_they_are_in() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    let carla = world.person(3, "Carla");
    world.room(carla, create_private("base"));
    let room = world.room(ana, create_private("base"));
    for handle in ["beto", "carla"] {
        assert_eq!(world.applied(ana, set_member(room, handle, Role::Member)), Reply::Done);
    }
    assert_eq!(world.role_in(carla, room), world.role_in(beto, room));
}
