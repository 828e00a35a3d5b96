//! A server of before, with its rooms and messages, under today's program.

use rusqlite::{Connection, params};
use tertulia_proto::{Body, Change, Event, History, LogPosition, ReqId, RoomId, Seq, Span};

use super::{
    records::{first_room, first_send},
    world::*,
};
use crate::state::{LogCommand, Reply, digest::digest, record::Record};

const FIRST: &str = include_str!("../../store/migrations/0001_first.sql");
const SECOND: &str = include_str!("../../store/migrations/fixtures/schema-2.sql");

/// A database as schema 2's program left it.
fn database_of_schema_2() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let db = Connection::open(dir.path().join("tertulia.db")).unwrap();
    db.execute_batch(SECOND).unwrap();
    dir
}

#[tokio::test]
async fn one_of_schema_2_opens_with_its_history_and_goes_on() {
    let mut world = World::on(database_of_schema_2());
    assert_eq!(world.writer.epoch().unwrap().0[..4], [0x26, 0x87, 0x5d, 0xe8]);
    assert_eq!(world.count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(world.writer.head(), LogPosition(21));
    let [(_, ana, _), (_, beto, _)] = [7, 9].map(|at| log_of(world.database()).remove(at - 1));
    let (garden, shed, pair) = (2, 3, 4);
    let readers = world.readers();
    for (room, head, texts) in [
        (1, 4, &["Good morning, @ana", "And to you"][..]),
        (garden, 8, &["Who waters the tomatoes?", "I do, @ana"]),
        (shed, 4, &["Here"]),
        (pair, 3, &["Between you and me"]),
    ] {
        let query = History { room: RoomId(room), span: Span::Newest, limit: 50 };
        let page = readers.page(&world.account(ana), ReqId(1), query).await;
        let (page, events) = page.unwrap().unwrap();
        assert_eq!((page.head, page.oldest), (Seq(head), Seq(1)));
        assert_eq!(texts_of(&events), texts);
    }
    assert_eq!(world.mentions_of(ana, garden), [4]);
    world.now = 1_795_753_940_000;
    world.refused(beto, send(9, shed, "he was put out"));
    world.refused(ana, send(9, garden, "it is archived"));
    world.repeated(beto, direct("ana"));
    let Reply::Posted { seq, .. } = world.applied(beto, send(9, 1, "On we go")) else { panic!() };
    assert_eq!(seq, Seq(5));
    let problems = crate::store::verify::whole(world.database(), world.writer.head());
    assert_eq!(problems.unwrap(), [""; 0]);
}

/// A database as schema 1's program left it: Ana made `#base` and said two things, the second
/// an answer; Beto came, said one and left the lobby, and Ana named him.
fn database_of_schema_1() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let db = Connection::open(dir.path().join("tertulia.db")).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.execute("INSERT INTO meta VALUES ('schema_version', ?1)", [1u32.to_be_bytes().as_slice()])
        .unwrap();
    db.execute("INSERT INTO meta VALUES ('epoch', ?1)", [[5u8; 16].as_slice()]).unwrap();
    let lobby = Record { payload: postcard_room("lobby"), ..first_room("lobby") };
    let log = [
        (0, 0, lobby),
        (0, 1, register(1, "Ana", None).to_record().unwrap()),
        (0, 2, register(2, "Beto", None).to_record().unwrap()),
        (1, 1, first_room("base")),
        (1, 1, first_send(1, 2, None, "@beto, look")),
        (1, 1, first_send(2, 2, Some(2), "well?")),
        (2, 2, LogCommand::to_record(&enter("base")).unwrap()),
        (1, 1, LogCommand::to_record(&mark(1, 2)).unwrap()),
        (2, 2, first_send(1, 2, None, "here")),
        (2, 2, LogCommand::to_record(&leave(1)).unwrap()),
        (1, 1, first_send(3, 2, None, "see, @beto?")),
    ];
    for (position, (account, device, record)) in (1..).zip(log) {
        let device = if device == 0 { Vec::new() } else { vec![device as u8; 32] };
        let insert = "INSERT INTO log (position, time, account, device, kind, payload, body_hash)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let body_hash = record.body.as_ref().map(|body| {
            use sha2::Digest;
            sha2::Sha256::digest(body).to_vec()
        });
        let row = params![
            position,
            1_000 + position,
            account,
            device,
            record.kind,
            record.payload,
            body_hash
        ];
        db.execute(insert, row).unwrap();
        if let Some(body) = record.body {
            db.execute("INSERT INTO body VALUES (?1, ?2)", params![position, body]).unwrap();
        }
    }
    db.execute_batch(
        "INSERT INTO account VALUES (1, 'ana', 'ana', 'Ana', 1, 1002),
                                    (2, 'beto', 'beto', 'Beto', 1, 1003);
         INSERT INTO device VALUES (unhex(replace(hex(zeroblob(32)), '00', '01')), 1, 1002),
                                   (unhex(replace(hex(zeroblob(32)), '00', '02')), 2, 1003);
         INSERT INTO room VALUES (1, 'lobby', 'lobby', 0, 0, '', 3, 1, 1001, 0),
                                 (2, 'base', 'base', 0, 0, 'a topic', 6, 2, 1004, 1);
         INSERT INTO member VALUES (1, 1, 1, 1, 2), (1, 2, 3, 1, 6), (2, 2, 1, 4, 5);
         INSERT INTO event VALUES
             (1, 1, 2, 1002, 1, 260, NULL, NULL, NULL),
             (1, 2, 3, 1003, 2, 260, NULL, NULL, NULL),
             (1, 3, 10, 1010, 2, 261, NULL, NULL, NULL),
             (2, 1, 4, 1004, 1, 260, NULL, NULL, NULL),
             (2, 2, 5, 1005, 1, 256, x'01010101010101010101010101010101', NULL, NULL),
             (2, 3, 6, 1006, 1, 256, x'02020202020202020202020202020202', 2, NULL),
             (2, 4, 7, 1007, 2, 260, NULL, NULL, NULL),
             (2, 5, 9, 1009, 2, 256, x'01010101010101010101010101010101', NULL, NULL),
             (2, 6, 11, 1011, 1, 256, x'03030303030303030303030303030303', NULL, NULL);",
    )
    .unwrap();
    dir
}

/// The lobby had no topic.
fn postcard_room(name: &str) -> Vec<u8> {
    let mut payload = first_room(name).payload;
    payload.truncate(payload.len() - b"\x07a topic".len());
    payload.push(0);
    payload
}

#[tokio::test]
async fn it_opens_with_its_history_and_goes_on() {
    let mut world = World::on(database_of_schema_1());
    assert_eq!(world.writer.epoch().unwrap().0, [5; 16]);
    assert_eq!(world.count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(world.count("PRAGMA foreign_keys"), 1, "watched again");
    let readers = world.readers();
    let query = History { room: RoomId(2), span: Span::Newest, limit: 50 };
    let ana = log_of(world.database())[3].1;
    let page = readers.page(&world.account(ana), ReqId(1), query).await;
    let (head, events) = page.unwrap().unwrap();
    assert_eq!((head.oldest, head.head), (Seq(1), Seq(6)));
    assert_eq!(texts_of(&events), ["@beto, look", "well?", "here", "see, @beto?"]);

    world.now = 5_000;
    let [(_, ana, _), (_, beto, _)] = [4, 7].map(|at| log_of(world.database()).remove(at - 1));
    world.repeated(ana, send(1, 2, "@beto, look"));
    let Reply::Posted { seq, .. } = world.applied(ana, send(9, 2, "@beto, now")) else { panic!() };
    assert_eq!(seq, Seq(7));
    assert_eq!(world.mentions_of(beto, 2), [7], "none of the time before");
    world.applied(beto, create_private("base-2"));
    world.repeated(beto, enter("base"));
}

#[test]
fn their_logs_replay_to_the_same() {
    for (dir, entries) in [(database_of_schema_1(), 11), (database_of_schema_2(), 21)] {
        let world = World::on(dir);
        let log = log_of(world.database());
        assert_eq!(log.len(), entries);
        let again = replay(log);
        // A replay writes today's records; what follows from them is the same.
        let same = |world: &World| {
            world.database().execute("UPDATE log SET kind = 0, payload = x''", []).unwrap();
            digest(world.database()).unwrap()
        };
        assert_eq!(same(&world), same(&again), "of {entries} entries");
    }
}

fn texts_of(events: &[Event]) -> Vec<String> {
    let body = |event: &Event| match &event.change {
        Change::Posted(posted) => posted.body.clone(),
        _ => None,
    };
    let text = |body| match body {
        Body::Text(text) => text.as_str().to_owned(),
        Body::Opaque { .. } => panic!("an opaque one"),
    };
    events.iter().filter_map(body).map(text).collect()
}

#[test]
fn a_copy_of_before_is_kept_beside_it() {
    let dir = database_of_schema_1();
    let copy = dir.path().join("tertulia.schema-1.db");
    let _world = World::on(dir);
    let copy = Connection::open(copy).unwrap();
    let version: Vec<u8> = copy
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1u32.to_be_bytes());
    let events: i64 = copy.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 9);
}
