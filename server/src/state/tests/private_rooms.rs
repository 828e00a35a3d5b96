//! Rooms that only their members know of, and who has a say in them.

use tertulia_proto::{Added, Change, Left, Refusal, Removed, Role, RoleChanged, RoomId, Seq};

use super::world::*;
use crate::state::{Actor, Effect, Reply};

/// Ana's private room 2, with Beto as a member; Carla is outside.
fn with_beto() -> (World, [Actor; 3]) {
    let mut world = World::new();
    let people = [world.person(1, "Ana"), world.person(2, "Beto"), world.person(3, "Carla")];
    assert_eq!(world.room(people[0], create_private("council")), 2);
    world.applied(people[0], set_member(2, "beto", Role::Member));
    (world, people)
}

#[test]
fn one_who_is_added_is_a_member_and_nobody_else_comes_in() {
    let (mut world, [ana, beto, carla]) = with_beto();
    assert_eq!(world.role_in(ana, 2), Some(Role::Owner));
    assert_eq!(world.role_in(beto, 2), Some(Role::Member));
    world.applied(beto, send(1, 2, "hi"));
    assert_eq!(world.repeated(beto, enter("council")), Reply::Room(RoomId(2)));
    for command in [enter("council"), send(2, 2, "hi"), set_member(2, "carla", Role::Member)] {
        assert_eq!(world.refused(carla, command), Refusal::NO_SUCH_ROOM);
    }
    let (_, effects) = world.effects(ana, set_member(2, "carla", Role::Guest));
    let Effect::Happened(added) = &effects[0] else { panic!("{effects:?}") };
    let Change::Added(Added { member, role }) = &added.change else { panic!("{added:?}") };
    assert_eq!((member.account, *role), (carla.account, Role::Guest));
    assert_eq!(effects[1], Effect::Entered { account: carla.account, room: RoomId(2) });
    world.repeated(ana, set_member(2, "carla", Role::Guest));
    assert_eq!(world.refused(carla, send(2, 2, "hi")), Refusal::FORBIDDEN, "guests read");
}

#[test]
fn one_who_is_removed_is_outside_and_everyone_inside_is_told() {
    let (mut world, [ana, beto, _]) = with_beto();
    let (_, effects) = world.effects(ana, remove(2, "beto"));
    let Effect::Happened(event) = &effects[0] else { panic!("{effects:?}") };
    let Change::Removed(Removed { member }) = &event.change else { panic!("{event:?}") };
    assert_eq!((member.account, event.head.author.account), (beto.account, ana.account));
    let left = Effect::Left { account: beto.account, room: RoomId(2), after: Seq(3) };
    assert_eq!(effects[1..], [left]);
    assert_eq!(world.role_in(beto, 2), None);
    assert_eq!(world.refused(beto, send(1, 2, "hi")), Refusal::NO_SUCH_ROOM);
    world.repeated(ana, remove(2, "beto"));
}

#[test]
fn a_role_in_the_room_is_given_and_taken_by_those_above() {
    let (mut world, [ana, beto, _]) = with_beto();
    assert_eq!(world.refused(beto, set_member(2, "carla", Role::Guest)), Refusal::FORBIDDEN);
    let changes = world.changes(ana, set_member(2, "beto", Role::Moderator));
    let [Change::RoleChanged(RoleChanged { member, role })] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!((member.account, *role), (beto.account, Role::Moderator));
    world.applied(beto, set_member(2, "carla", Role::Moderator));
    for command in [
        set_member(2, "beto", Role::Owner),
        set_member(2, "carla", Role::Owner),
        set_member(2, "carla", Role::Member),
        set_member(2, "ana", Role::Guest),
        remove(2, "ana"),
        remove(2, "carla"),
        call(2, "mine"),
        archive(2, true),
    ] {
        assert_eq!(world.refused(beto, command.clone()), Refusal::FORBIDDEN, "{command:?}");
    }
    world.applied(ana, set_member(2, "carla", Role::Member));
    world.applied(beto, remove(2, "carla"));
}

#[test]
fn who_owns_the_server_has_a_say_in_the_rooms_they_are_in_only() {
    let (mut world, [ana, ..]) = with_beto();
    let olga = world.person_as(9, "Olga", Role::Owner);
    for command in [topic(2, "x"), remove(2, "ana"), archive(2, true), send(1, 2, "x")] {
        assert_eq!(world.refused(olga, command), Refusal::NO_SUCH_ROOM);
    }
    world.applied(ana, set_member(2, "olga", Role::Member));
    world.applied(olga, topic(2, "x"));
    world.applied(olga, set_member(2, "beto", Role::Owner));
}

#[test]
fn where_the_last_owner_leaves_the_highest_then_the_oldest_member_owns() {
    let (mut world, [ana, beto, carla]) = with_beto();
    world.applied(ana, set_member(2, "carla", Role::Member));
    let dora = world.person(4, "Dora");
    world.applied(ana, set_member(2, "dora", Role::Guest));
    let changes = world.changes(ana, leave(2));
    let [Change::Left(Left {}), Change::RoleChanged(RoleChanged { member, role })] = &changes[..]
    else {
        panic!("{changes:?}")
    };
    assert_eq!((member.account, *role), (beto.account, Role::Owner), "in longer than Carla");
    world.applied(beto, set_member(2, "dora", Role::Moderator));
    world.applied(beto, leave(2));
    assert_eq!(world.role_in(dora, 2), Some(Role::Owner), "higher than Carla");
    world.applied(dora, leave(2));
    assert_eq!(world.role_in(carla, 2), Some(Role::Owner));
    assert_eq!(world.changes(carla, leave(2)), [Change::Left(Left {})], "nobody is left");
}

#[test]
fn where_the_last_owner_is_removed_the_next_owns_and_with_another_owner_nobody_does() {
    let (mut world, [ana, beto, carla]) = with_beto();
    world.applied(ana, set_member(2, "carla", Role::Owner));
    assert_eq!(world.changes(ana, remove(2, "carla")).len(), 1);
    let olga = world.person_as(9, "Olga", Role::Owner);
    world.applied(ana, set_member(2, "olga", Role::Guest));
    let changes = world.changes(olga, remove(2, "ana"));
    assert!(matches!(changes[..], [Change::Removed(_), Change::RoleChanged(_)]), "{changes:?}");
    assert_eq!(world.role_in(beto, 2), Some(Role::Owner));
    assert_eq!(world.role_in(carla, 2), None);
}

#[test]
fn a_guest_of_the_server_owns_a_room_only_where_nobody_else_is_left() {
    let (mut world, [ana, beto, _]) = with_beto();
    world.applied(ana, set_member(2, "beto", Role::Guest));
    let guest = world.person_as(9, "Gast", Role::Guest);
    world.applied(ana, set_member(2, "gast", Role::Moderator));
    world.applied(ana, leave(2));
    assert_eq!(world.role_in(beto, 2), Some(Role::Owner));
    assert_eq!(world.role_in(guest, 2), Some(Role::Moderator));
}

#[test]
fn the_last_owner_of_a_private_room_stays_one_until_there_is_another() {
    let (mut world, [ana, ..]) = with_beto();
    for role in [Role::Guest, Role::Member, Role::Moderator] {
        assert_eq!(world.refused(ana, set_member(2, "ana", role)), Refusal::FORBIDDEN);
    }
    world.applied(ana, set_member(2, "beto", Role::Owner));
    world.applied(ana, set_member(2, "ana", Role::Member));
    // A public room is looked after by those who keep order on the server.
    let room = world.room(ana, create("square"));
    world.applied(ana, set_member(room, "ana", Role::Member));
}

#[test]
fn removing_oneself_is_leaving() {
    let (mut world, [ana, beto, _]) = with_beto();
    world.applied(ana, archive(2, true));
    assert_eq!(world.changes(beto, remove(2, "beto")), [Change::Left(Left {})]);
    assert_eq!(world.changes(ana, remove(2, "ana")), [Change::Left(Left {})]);
    assert_eq!(world.refused(ana, remove(2, "ana")), Refusal::NO_SUCH_ROOM);
    let room = world.room(ana, create("square"));
    world.repeated(beto, remove(room, "beto"));
}

#[test]
fn a_name_that_nobody_has_is_told_to_keepers_only() {
    let (mut world, [ana, beto, carla]) = with_beto();
    for command in [set_member(2, "nobody", Role::Member), remove(2, "nobody")] {
        assert_eq!(world.refused(ana, command.clone()), Refusal::NO_SUCH_ACCOUNT);
        assert_eq!(world.refused(beto, command.clone()), Refusal::FORBIDDEN);
        assert_eq!(world.refused(carla, command), Refusal::NO_SUCH_ROOM);
    }
}
