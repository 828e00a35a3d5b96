//! Random commands against what must always hold.

use proptest::prelude::*;
use tertulia_proto::{HistoryPolicy, Role, RoomKind};

use super::world::*;
use crate::state::{Actor, LogCommand, account_by_device, digest::digest};

const DEVICES: std::ops::Range<u8> = 1..6;

/// What anyone may do, in any order.
#[derive(Debug, Clone)]
enum Step {
    Register,
    Send { id: u8, room: u64, named: u8 },
    Attach { id: u8, room: u64, content: u8 },
    Create { name: u8, private: bool, since_joined: bool, id: Option<u64> },
    Enter { name: u8 },
    Leave { room: u64 },
    Mark { room: u64, seq: u64 },
    Direct { other: u8, id: Option<u64> },
    SetMember { room: u64, other: u8, role: Role },
    Remove { room: u64, other: u8 },
    Topic { room: u64, topic: u8 },
    Call { room: u64, name: u8 },
    Archive { room: u64, archived: bool },
}

fn step() -> impl Strategy<Value = (u8, Step)> {
    let room = || 1..7u64;
    // Drawn so closely that many are taken.
    let id = || prop::option::of(2..7u64);
    let name = || 0..4u8;
    let role = prop::sample::select(vec![Role::Guest, Role::Member, Role::Moderator, Role::Owner]);
    let what = prop_oneof![
        3 => Just(Step::Register),
        4 => (0..40u8, room(), DEVICES)
            .prop_map(|(id, room, named)| Step::Send { id, room, named }),
        1 => (0..40u8, room(), 0..3u8)
            .prop_map(|(id, room, content)| Step::Attach { id, room, content }),
        3 => (name(), any::<bool>(), any::<bool>(), id()).prop_map(
            |(name, private, since_joined, id)| Step::Create { name, private, since_joined, id }
        ),
        2 => name().prop_map(|name| Step::Enter { name }),
        2 => room().prop_map(|room| Step::Leave { room }),
        2 => (room(), 0..20u64).prop_map(|(room, seq)| Step::Mark { room, seq }),
        1 => (DEVICES, id()).prop_map(|(other, id)| Step::Direct { other, id }),
        4 => (room(), DEVICES, role)
            .prop_map(|(room, other, role)| Step::SetMember { room, other, role }),
        2 => (room(), DEVICES).prop_map(|(room, other)| Step::Remove { room, other }),
        1 => (room(), 0..3u8).prop_map(|(room, topic)| Step::Topic { room, topic }),
        1 => (room(), name()).prop_map(|(room, name)| Step::Call { room, name }),
        1 => (room(), any::<bool>()).prop_map(|(room, archived)| Step::Archive { room, archived }),
    ];
    (DEVICES, what)
}

impl Step {
    fn command(&self, device: u8) -> LogCommand {
        let handle = |device: u8| format!("person.{device}");
        let called = |name: u8| format!("room-{name}");
        match *self {
            // Somebody of every rank on the server.
            Self::Register if device == 1 => register(device, "Person 1", Some(OWNERS)),
            Self::Register if device == 2 => register(device, "Person 2", Some(GUESTS)),
            Self::Register => register(device, &format!("Person {device}"), None),
            Self::Send { id, room, named } => send(id, room, &format!("@{} look", handle(named))),
            Self::Attach { id, room, content } => attach(id, room, content),
            Self::Create { name, private, since_joined, id } => {
                let kind = if private { RoomKind::Private } else { RoomKind::Public };
                let history =
                    if since_joined { HistoryPolicy::SinceJoined } else { HistoryPolicy::All };
                drawn(make(&called(name), kind, history), id)
            }
            Self::Enter { name } => enter(&called(name)),
            Self::Leave { room } => leave(room),
            Self::Mark { room, seq } => mark(room, seq),
            Self::Direct { other, id } => drawn(direct(&handle(other)), id),
            Self::SetMember { room, other, role } => set_member(room, &handle(other), role),
            Self::Remove { room, other } => remove(room, &handle(other)),
            Self::Topic { room, topic: text } => topic(room, &format!("about {text}")),
            Self::Call { room, name } => call(room, &called(name)),
            Self::Archive { room, archived } => archive(room, archived),
        }
    }
}

const OWNERS: u8 = 100;
const GUESTS: u8 = 101;

fn actor(world: &World, device: u8) -> Actor {
    let found = account_by_device(world.database(), &[device; 32]).unwrap();
    found.map_or_else(
        || stranger(device),
        |row| Actor { account: row.id, device: Some([device; 32]) },
    )
}

/// Each selects what must not be there.
const NEVER: [(&str, &str); 9] = [
    (
        "a gap",
        "SELECT 1 FROM room WHERE head <> (SELECT count(*) FROM event WHERE room = id)
         OR head <> coalesce((SELECT max(seq) FROM event WHERE room = id), 0)",
    ),
    (
        "a message twice",
        "SELECT 1 FROM event WHERE message_id IS NOT NULL
         GROUP BY account, message_id HAVING count(*) > 1",
    ),
    (
        "members miscounted",
        "SELECT 1 FROM room WHERE members <> (SELECT count(*) FROM member WHERE room = id)",
    ),
    (
        "a mention that was read",
        "SELECT 1 FROM mention JOIN member USING (account, room) WHERE seq <= read",
    ),
    (
        "a mention of one who is no member",
        "SELECT 1 FROM mention WHERE NOT EXISTS (
             SELECT 1 FROM member
             WHERE member.account = mention.account AND member.room = mention.room)",
    ),
    (
        "a mention by oneself, or of no message",
        "SELECT 1 FROM mention LEFT JOIN event
         ON event.room = mention.room AND event.seq = mention.seq AND kind = 256
         WHERE event.account IS NULL OR event.account = mention.account",
    ),
    (
        "a marker out of its bounds",
        "SELECT 1 FROM member JOIN room ON id = room WHERE read < since OR read > head",
    ),
    (
        "a private room that nobody owns",
        "SELECT 1 FROM room WHERE kind = 1 AND members > 0 AND NOT EXISTS (
             SELECT 1 FROM member WHERE room = id AND role = 3)",
    ),
    ("a direct room of other than two", "SELECT 1 FROM room WHERE kind = 2 AND members <> 2"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Invariants 2, 3 and 4 of the architecture.
    #[test]
    fn whatever_is_asked_seqs_are_dense_messages_unique_and_a_replay_the_same(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new();
        world.applied(Actor::SERVER, invite(OWNERS, Role::Owner, 1, Some(DAY_MS)));
        world.applied(Actor::SERVER, invite(GUESTS, Role::Guest, 1, Some(DAY_MS)));
        for (device, step) in &steps {
            let actor = actor(&world, *device);
            world.run(actor, step.command(*device));
        }
        for (what, sql) in NEVER {
            prop_assert!(!world.database().prepare(sql).unwrap().exists([]).unwrap(), "{}", what);
        }
        let again = replay(log_of(world.database()));
        prop_assert_eq!(digest(world.database()).unwrap(), digest(again.database()).unwrap());
    }
}
