//! What one account, and a server, may have.

use tertulia_proto::{Refusal, Role, limits as wire};

use super::world::*;
use crate::limits;

/// So many rooms that somebody who is not there made.
fn crowd(world: &World, kind: u32, count: u32) {
    let insert = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO room (name, skeleton, kind, flags, topic, head, members, created, created_by)
        SELECT ?2 || n, ?2 || n, ?2, 0, '', 0, 0, 0, 999 FROM n";
    world.database().execute(insert, [count, kind]).unwrap();
}

#[test]
fn one_account_makes_a_bounded_number_of_rooms() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    for n in 0..limits::ROOMS_MADE_BY_ONE {
        let name = format!("room-{n}");
        let room = world.room(ana, if n % 2 == 0 { create(&name) } else { create_private(&name) });
        world.applied(ana, leave(room));
    }
    assert_eq!(world.refused(ana, create("one-more")), Refusal::LIMIT);
    assert_eq!(world.refused(ana, create_private("one-more")), Refusal::LIMIT);
    world.person(2, "Beto");
    world.applied(ana, direct("beto"));
}

#[test]
fn a_server_has_a_bounded_number_of_rooms_direct_ones_apart() {
    let mut world = World::new();
    let (ana, _) = (world.person(1, "Ana"), world.person(2, "Beto"));
    crowd(&world, 1, limits::ROOMS - 2);
    world.applied(ana, create("the-last"));
    assert_eq!(world.refused(ana, create_private("one-more")), Refusal::LIMIT);
    world.applied(ana, direct("beto"));
}

#[test]
fn a_server_has_a_bounded_number_of_direct_rooms_others_apart() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    world.person(2, "Beto");
    world.person(3, "Carla");
    crowd(&world, 2, limits::DIRECT_ROOMS - 1);
    world.applied(ana, direct("beto"));
    assert_eq!(world.refused(ana, direct("carla")), Refusal::LIMIT);
    world.repeated(ana, direct("beto"));
    world.applied(ana, create("base"));
}

#[test]
fn one_account_is_in_a_bounded_number_of_rooms_however_it_gets_in() {
    let mut world = World::new();
    let (ana, beto) = (world.person(1, "Ana"), world.person(2, "Beto"));
    world.applied(beto, create("base"));
    crowd(&world, 0, wire::ROOMS_PER_ACCOUNT as u32 - 1);
    let join = "INSERT INTO member (account, room, role, since, read)
        SELECT 1, id, 1, 0, 0 FROM room WHERE created_by = 999";
    world.database().execute(join, []).unwrap();
    let before = world.count("SELECT count(*) FROM event");
    for command in [create("mine"), enter("base"), send(1, 2, "hi"), direct("beto")] {
        assert_eq!(world.refused(ana, command.clone()), Refusal::LIMIT, "{command:?}");
    }
    for command in [set_member(2, "ana", Role::Member), direct("ana")] {
        assert_eq!(world.refused(beto, command.clone()), Refusal::LIMIT, "{command:?}");
    }
    assert_eq!(world.count("SELECT count(*) FROM event"), before, "a refusal leaves no event");
    world.applied(ana, leave(1));
    world.applied(ana, enter("base"));
}
