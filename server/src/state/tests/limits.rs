//! What one account, and a server, may have.

use tertulia_proto::Refusal;

use super::world::*;
use crate::{limits, state::Reply};

#[test]
fn one_account_makes_a_bounded_number_of_rooms() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    for n in 0..limits::ROOMS_MADE_BY_ONE {
        let Reply::Room(room) = world.applied(ana, create(&format!("room-{n}"))) else { panic!() };
        world.applied(ana, leave(room.0));
    }
    assert_eq!(world.refused(ana, create("one-more")), Refusal::LIMIT);
}
