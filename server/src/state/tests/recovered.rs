//! Rooms keep their ids when a damaged log is applied again, be they counted or drawn.

use super::world::*;
use crate::{admin::recover, system::SystemEnv};

/// A server of when rooms were counted, and went on when they were drawn: `#base` 2, `#garden` 3,
/// Ana and Beto 4, then `#shed` and Ana and Carla. Something was said in each.
fn two_times() -> World {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    world.person(3, "Carla");
    let rooms = [
        world.room(ana, create("base")),
        world.room(beto, create("garden")),
        world.room(ana, direct("beto")),
        world.room(beto, drawn(create_private("shed"), Some(70_000_000))),
        world.room(ana, drawn(direct("carla"), Some(5_000_000))),
    ];
    assert_eq!(rooms, [2, 3, 4, 70_000_000, 5_000_000]);
    for (id, (who, room)) in (1..).zip([ana, beto, ana, beto, ana].into_iter().zip(rooms)) {
        world.applied(who, send(id, room, &format!("in {room}")));
    }
    world
}

/// Each room, and who said what there.
fn shown(world: &World) -> Vec<(i64, String, i64, Vec<u8>)> {
    let mut statement = world
        .database()
        .prepare(
            "SELECT room.id, name, account, bytes FROM room
             LEFT JOIN event ON event.room = room.id AND event.kind = 256
             LEFT JOIN body USING (position) ORDER BY room.id, seq",
        )
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let account: Option<i64> = row.get(2)?;
        let body: Option<Vec<u8>> = row.get(3)?;
        Ok((row.get(0)?, row.get(1)?, account.unwrap_or_default(), body.unwrap_or_default()))
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

fn recovered(world: &World) -> World {
    let dir = tempfile::tempdir().unwrap();
    recover(dir.path(), &world.file(), &SystemEnv).unwrap();
    World::on(dir)
}

/// The nth entry that made a room, the lobby's apart.
fn forget_making(world: &World, n: usize) {
    let sql = "DELETE FROM log WHERE position = (SELECT position FROM log
               WHERE kind IN (10, 11, 17, 18) LIMIT 1 OFFSET ?1)";
    assert_eq!(world.database().execute(sql, [n as i64]).unwrap(), 1);
}

#[test]
fn whichever_rooms_making_is_lost_every_room_keeps_its_id_and_what_was_said() {
    let whole = shown(&two_times());
    assert_eq!(whole.len(), 6);
    for lost in 0..=5 {
        let world = two_times();
        forget_making(&world, lost);
        assert_eq!(shown(&recovered(&world)), whole, "without entry {lost} of those");
    }
    let world = two_times();
    (0..=5).for_each(|_| forget_making(&world, 0));
    assert_eq!(shown(&recovered(&world)), whole, "without all of them");
}

#[test]
fn without_their_table_rooms_are_as_their_entries_say() {
    let world = two_times();
    let whole = shown(&world);
    world.database().execute_batch("PRAGMA foreign_keys = 0; DELETE FROM room").unwrap();
    assert_eq!(shown(&recovered(&world)), whole);
}

#[test]
fn a_room_of_which_nothing_is_left_takes_nobody_elses_id() {
    let world = two_times();
    let whole = shown(&world);
    forget_making(&world, 4);
    world
        .database()
        .execute_batch("PRAGMA foreign_keys = 0; DELETE FROM room WHERE id = 70000000")
        .unwrap();
    let left: Vec<_> = whole.into_iter().filter(|room| room.0 != 70_000_000).collect();
    let mut after = recovered(&world);
    assert_eq!(shown(&after), left);
    let owner = after.person_as(9, "Olga", tertulia_proto::Role::Owner);
    assert_eq!(after.room(owner, drawn(create("den"), Some(70_000_000))), 70_000_000);
}
