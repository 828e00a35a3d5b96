//! Becoming somebody.

use tertulia_proto::{Refusal, Role};

use super::world::*;
use crate::state::{Actor, LogCommand, Outcome, RegisterDevice};

#[test]
fn an_invite_gives_its_role_its_uses_and_its_time() {
    let mut world = World::new();
    world.applied(Actor::SERVER, invite(9, Role::Moderator, 1, Some(DAY_MS)));
    let used = |world: &mut World, device, name, byte| {
        world.refused(stranger(device), register(device, name, byte))
    };
    assert_eq!(used(&mut world, 1, "Ana", Some(8)), Refusal::INVITE_UNKNOWN);
    world.applied(stranger(1), register(1, "Ana", Some(9)));
    let again = world.run(stranger(1), register(1, "Ana", Some(9)));
    assert!(matches!(again, Outcome::Repeat(_)), "a known device uses no invite up");
    assert_eq!(used(&mut world, 2, "Beto", Some(9)), Refusal::INVITE_USED_UP);
    world.applied(Actor::SERVER, invite(10, Role::Member, 5, Some(DAY_MS)));
    world.now += DAY_MS;
    assert_eq!(used(&mut world, 2, "Beto", Some(10)), Refusal::INVITE_EXPIRED);
    let LogCommand::Register(carla) = register(3, "Carla", None) else { panic!() };
    let needs = LogCommand::Register(RegisterDevice { invite_needed: true, ..carla });
    assert_eq!(world.refused(stranger(3), needs), Refusal::INVITE_NEEDED);
    let moderators =
        format!("SELECT count(*) FROM account WHERE role = {}", Role::Moderator as i64);
    assert_eq!(world.count(&moderators), 1);
}

#[test]
fn a_fresh_owner_invite_replaces_the_one_before() {
    let mut world = World::new();
    world.applied(Actor::SERVER, invite(1, Role::Owner, 1, None));
    world.applied(Actor::SERVER, invite(2, Role::Owner, 1, None));
    let refusal = world.refused(stranger(1), register(1, "Ana", Some(1)));
    assert_eq!(refusal, Refusal::INVITE_UNKNOWN);
    world.applied(stranger(1), register(1, "Ana", Some(2)));
    assert!(world.writer.has_owner().unwrap());
}

#[test]
fn a_taken_name_is_answered_with_a_free_one_and_uses_no_invite_up() {
    let mut world = World::new();
    world.person(1, "Ana María");
    world.applied(Actor::SERVER, invite(9, Role::Member, 1, None));
    let (refusal, proposal) = world.refused_with(stranger(2), register(2, "ana maría", Some(9)));
    assert_eq!((refusal, proposal.as_deref()), (Refusal::NAME_TAKEN, Some("ana.maría-2")));
    // Cyrillic letters that look like these.
    let refusal = world.refused(stranger(2), register(2, "Аna María", Some(9)));
    assert_eq!(refusal, Refusal::NAME_TAKEN);
    world.applied(stranger(2), register(2, &proposal.unwrap(), Some(9)));
}
