//! The rules as a whole: random commands against what must always hold.

use proptest::prelude::*;
use rusqlite::Connection;
use tertulia_proto::{
    AccountId, Body, DisplayName, EnterRoom, Epoch, Handle, LeaveRoom, MarkRead, MessageId,
    MessageText, Refusal, Role, RoomId, RoomKind, RoomName, Send, Seq, Timestamp, Topic, skeleton,
};

use super::{
    Actor, LogCommand, MakeRoom, Outcome, RegisterDevice, Reply, StoreInvite, digest::digest,
    entry::Record,
};
use crate::store::Writer;

const DAY_MS: u64 = 24 * 3600 * 1000;

struct World {
    _dir: tempfile::TempDir,
    writer: Writer,
    now: u64,
}

impl World {
    /// A server with its lobby, and nobody.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::open(&dir.path().join("tertulia.db"), Epoch([1; 16])).unwrap();
        let mut world = Self { _dir: dir, writer, now: 1_000 };
        world.applied(Actor::SERVER, create("lobby"));
        world
    }

    fn run(&mut self, actor: Actor, command: LogCommand) -> Outcome {
        self.now += 1;
        let batch = [(actor, command)];
        self.writer.commit(Timestamp(self.now), &batch).unwrap().pop().unwrap()
    }

    fn applied(&mut self, actor: Actor, command: LogCommand) -> Reply {
        match self.run(actor, command) {
            Outcome::Applied(applied) => applied.reply,
            other => panic!("not applied: {other:?}"),
        }
    }

    fn refused(&mut self, actor: Actor, command: LogCommand) -> (Refusal, Option<String>) {
        match self.run(actor, command) {
            Outcome::Refused { refusal, proposal } => (refusal, proposal),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Registers without an invite.
    fn person(&mut self, device: u8, name: &str) -> Actor {
        let Reply::Registered(account) =
            self.applied(stranger(device), register(device, name, None))
        else {
            panic!("no account")
        };
        Actor { account, device: Some([device; 32]) }
    }
}

fn stranger(device: u8) -> Actor {
    Actor { account: AccountId(0), device: Some([device; 32]) }
}

fn register(device: u8, name: &str, invite: Option<u8>) -> LogCommand {
    LogCommand::Register(RegisterDevice {
        device: [device; 32],
        name: DisplayName::new(name).unwrap(),
        handle: handle(name),
        skeleton: skeleton(handle(name).as_str()),
        invite_hash: invite.map(|byte| [byte; 32]),
        invite_needed: invite.is_some(),
    })
}

fn handle(name: &str) -> Handle {
    DisplayName::new(name).unwrap().handle().unwrap()
}

fn invite(byte: u8, role: Role, uses: u32, expires_ms: Option<u64>) -> LogCommand {
    LogCommand::StoreInvite(StoreInvite { token_hash: [byte; 32], role, uses, expires_ms })
}

fn create(name: &str) -> LogCommand {
    let name = RoomName::new(name).unwrap();
    LogCommand::CreateRoom(MakeRoom::new(name, RoomKind::Public, Topic::default()))
}

fn send(id: u8, room: u64, text: &str) -> LogCommand {
    LogCommand::Send(Send {
        message_id: MessageId([id; 16]),
        room: RoomId(room),
        reply_to: None,
        body: Body::Text(MessageText::new(text).unwrap()),
    })
}

fn enter(name: &str) -> LogCommand {
    LogCommand::EnterRoom(EnterRoom { name: RoomName::new(name).unwrap() })
}

fn leave(room: u64) -> LogCommand {
    LogCommand::LeaveRoom(LeaveRoom { room: RoomId(room) })
}

fn count(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_message_sent_again_is_one_message_with_the_same_receipt() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let first = world.applied(ana, send(7, 1, "hola"));
    let Outcome::Repeat(again) = world.run(ana, send(7, 1, "hola")) else { panic!("a second one") };
    assert_eq!(first, again);
    let beto = world.person(2, "Beto");
    let other = world.applied(beto, send(7, 1, "the same id of another author"));
    assert_ne!(first, other);
    let sql = "SELECT count(*) FROM event WHERE message_id IS NOT NULL";
    assert_eq!(count(world.writer.database(), sql), 2);
}

#[test]
fn an_invite_gives_its_role_its_uses_and_its_time() {
    let mut world = World::new();
    world.applied(Actor::SERVER, invite(9, Role::Moderator, 1, Some(DAY_MS)));
    let used = |world: &mut World, device, name, byte| {
        world.refused(stranger(device), register(device, name, byte)).0
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
    assert_eq!(world.refused(stranger(3), needs).0, Refusal::INVITE_NEEDED);
    let moderators =
        format!("SELECT count(*) FROM account WHERE role = {}", Role::Moderator as i64);
    assert_eq!(count(world.writer.database(), &moderators), 1);
}

#[test]
fn a_fresh_owner_invite_replaces_the_one_before() {
    let mut world = World::new();
    world.applied(Actor::SERVER, invite(1, Role::Owner, 1, None));
    world.applied(Actor::SERVER, invite(2, Role::Owner, 1, None));
    let (refusal, _) = world.refused(stranger(1), register(1, "Ana", Some(1)));
    assert_eq!(refusal, Refusal::INVITE_UNKNOWN);
    world.applied(stranger(1), register(1, "Ana", Some(2)));
    assert!(world.writer.has_owner().unwrap());
}

#[test]
fn a_taken_name_is_answered_with_a_free_one_and_uses_no_invite_up() {
    let mut world = World::new();
    world.person(1, "Ana María");
    world.applied(Actor::SERVER, invite(9, Role::Member, 1, None));
    let (refusal, proposal) = world.refused(stranger(2), register(2, "ana maría", Some(9)));
    assert_eq!((refusal, proposal.as_deref()), (Refusal::NAME_TAKEN, Some("ana.maría-2")));
    // Cyrillic letters that look like these.
    let (refusal, _) = world.refused(stranger(2), register(2, "Аna María", Some(9)));
    assert_eq!(refusal, Refusal::NAME_TAKEN);
    world.applied(stranger(2), register(2, &proposal.unwrap(), Some(9)));
}

#[test]
fn sending_to_a_public_room_enters_it_and_leaving_ends_it() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    world.applied(ana, create("música"));
    assert_eq!(world.refused(beto, create("Música")).0, Refusal::NAME_TAKEN);
    let Reply::Posted { room, seq, .. } = world.applied(beto, send(1, 2, "hi")) else { panic!() };
    assert_eq!((room, seq), (RoomId(2), Seq(3)), "ana joined, beto joined, beto posted");
    world.applied(beto, leave(2));
    assert!(matches!(world.run(beto, leave(2)), Outcome::Repeat(_)));
    world.applied(beto, enter("música"));
    assert!(matches!(world.run(beto, enter("#Música")), Outcome::Repeat(Reply::Room(RoomId(2)))));
    assert_eq!(world.refused(beto, enter("nowhere")).0, Refusal::NO_SUCH_ROOM);
    assert_eq!(world.refused(beto, send(2, 99, "hi")).0, Refusal::NO_SUCH_ROOM);
}

#[test]
fn an_answer_is_to_a_message_that_is_there() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let answer = |id, target| {
        let LogCommand::Send(send) = send(id, 1, "yes") else { panic!() };
        LogCommand::Send(Send { reply_to: Some(Seq(target)), ..send })
    };
    for target in [0, 2, 1 << 63, u64::MAX] {
        assert_eq!(world.refused(ana, answer(9, target)).0, Refusal::INVALID, "{target}");
    }
    world.applied(ana, answer(9, 1));
}

#[test]
fn one_account_makes_a_bounded_number_of_rooms() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    for n in 0..crate::limits::ROOMS_MADE_BY_ONE {
        let Reply::Room(room) = world.applied(ana, create(&format!("room-{n}"))) else { panic!() };
        world.applied(ana, leave(room.0));
    }
    assert_eq!(world.refused(ana, create("one-more")).0, Refusal::LIMIT);
}

#[test]
fn read_markers_only_move_forward_and_not_past_the_head() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let beto = world.person(2, "Beto");
    for id in 1..=5 {
        world.applied(beto, send(id, 1, "x"));
    }
    let mark = |seq| LogCommand::MarkRead(MarkRead { room: RoomId(1), seq: Seq(seq) });
    world.applied(ana, mark(4));
    assert!(matches!(world.run(ana, mark(2)), Outcome::Repeat(_)));
    world.applied(ana, mark(1_000));
    let sql = "SELECT read FROM member WHERE account = 1 AND room = 1";
    assert_eq!(count(world.writer.database(), sql), 7);
}

#[test]
fn time_in_the_log_never_goes_back() {
    let mut world = World::new();
    world.now = 50_000;
    let ana = world.person(1, "Ana");
    world.now = 10;
    world.applied(ana, send(1, 1, "after the clock was set back"));
    let sql =
        "SELECT count(*) FROM log a JOIN log b ON b.position = a.position + 1 AND b.time < a.time";
    assert_eq!(count(world.writer.database(), sql), 0);
}

#[test]
fn a_refusal_takes_no_place_and_leaves_no_trace() {
    let mut world = World::new();
    let ana = world.person(1, "Ana");
    let before = digest(world.writer.database()).unwrap();
    world.refused(ana, invite(1, Role::Member, 1, None));
    world.refused(stranger(5), send(1, 1, "who?"));
    world.refused(stranger(2), register(2, "Ana", None));
    assert_eq!(digest(world.writer.database()).unwrap(), before);
}

/// What anyone may do, in any order.
#[derive(Debug, Clone)]
enum Step {
    Register(u8),
    Send { device: u8, id: u8, room: u64 },
    Create { device: u8, name: u8 },
    Enter { device: u8, name: u8 },
    Leave { device: u8, room: u64 },
    Mark { device: u8, room: u64, seq: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let device = || 1..5u8;
    let room = || 1..5u64;
    prop_oneof![
        device().prop_map(Step::Register),
        (device(), 0..12u8, room()).prop_map(|(device, id, room)| Step::Send { device, id, room }),
        (device(), 0..3u8).prop_map(|(device, name)| Step::Create { device, name }),
        (device(), 0..4u8).prop_map(|(device, name)| Step::Enter { device, name }),
        (device(), room()).prop_map(|(device, room)| Step::Leave { device, room }),
        (device(), room(), 0..20u64).prop_map(|(device, room, seq)| Step::Mark {
            device,
            room,
            seq
        }),
    ]
}

impl Step {
    fn command(&self) -> (u8, LogCommand) {
        match *self {
            Self::Register(device) => (device, register(device, &format!("Person {device}"), None)),
            Self::Send { device, id, room } => (device, send(id, room, "text")),
            Self::Create { device, name } => (device, create(&format!("room-{name}"))),
            Self::Enter { device, name } => (device, enter(&format!("room-{name}"))),
            Self::Leave { device, room } => (device, leave(room)),
            Self::Mark { device, room, seq } => {
                (device, LogCommand::MarkRead(MarkRead { room: RoomId(room), seq: Seq(seq) }))
            }
        }
    }
}

fn actor(world: &World, device: u8) -> Actor {
    let found = super::account_by_device(world.writer.database(), &[device; 32]).unwrap();
    found.map_or_else(
        || stranger(device),
        |row| Actor { account: row.id, device: Some([device; 32]) },
    )
}

fn log_of(world: &World) -> Vec<(Timestamp, Actor, LogCommand)> {
    let mut statement = world
        .writer
        .database()
        .prepare(
            "SELECT time, account, device, kind, payload, bytes
             FROM log LEFT JOIN body USING (position) ORDER BY position",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let device: Vec<u8> = row.get(2)?;
        let record = Record { kind: row.get(3)?, payload: row.get(4)?, body: row.get(5)? };
        let account = AccountId(row.get::<_, i64>(1)? as u64);
        let actor = Actor { account, device: device.try_into().ok() };
        let time = Timestamp(row.get::<_, i64>(0)? as u64);
        Ok((time, actor, LogCommand::from_record(&record).unwrap()))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Invariants 2, 3 and 4 of the architecture.
    #[test]
    fn whatever_is_asked_seqs_are_dense_messages_unique_and_a_replay_the_same(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new();
        for step in &steps {
            let (device, command) = step.command();
            let actor = actor(&world, device);
            world.run(actor, command);
        }
        let db = world.writer.database();
        let gaps = "SELECT count(*) FROM room WHERE head <>
            (SELECT count(*) FROM event WHERE room = id)
            OR head <> coalesce((SELECT max(seq) FROM event WHERE room = id), 0)";
        prop_assert_eq!(count(db, gaps), 0, "a gap");
        let twice = "SELECT count(*) FROM (SELECT 1 FROM event WHERE message_id IS NOT NULL
            GROUP BY account, message_id HAVING count(*) > 1)";
        prop_assert_eq!(count(db, twice), 0, "a message twice");
        let counts = "SELECT count(*) FROM room WHERE members <>
            (SELECT count(*) FROM member WHERE room = id)";
        prop_assert_eq!(count(db, counts), 0, "members miscounted");

        let mut replayed = World::new();
        let log = log_of(&world);
        for (time, actor, command) in log.iter().skip(1) {
            replayed.now = time.0 - 1;
            replayed.applied(*actor, command.clone());
        }
        prop_assert_eq!(digest(db).unwrap(), digest(replayed.writer.database()).unwrap());
    }
}
