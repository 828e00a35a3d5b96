//! Read markers and mentions.

use super::world::*;

#[test]
fn read_markers_only_move_forward_and_not_past_the_head() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    for id in 1..=5 {
        world.applied(beto, send(id, 1, "x"));
    }
    world.applied(ana, mark(1, 4));
    world.repeated(ana, mark(1, 2));
    world.applied(ana, mark(1, 1_000));
    let sql = "SELECT read FROM member WHERE account = 1 AND room = 1";
    assert_eq!(world.count(sql), 7);
}
