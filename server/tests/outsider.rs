//! What one who is outside may learn of a room that is not public: nothing, over any command.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    RawClient, TestServer, create,
    file_stream::{FileStream, content, upload},
    hello, message, resume,
};
use tertulia_proto::{
    AccountId, ArchiveRoom, ClientNotice, Command, CreateInvite, Download, EnterRoom, FileRequest,
    Handle, History, LeaveRoom, ListMembers, ListRooms, MarkRead, OpenDirect, Refusal,
    RemoveMember, RenameRoom, Role, RoomId, RoomKind, RoomListing, RoomName, Seq, ServerMessage,
    SetMember, SetTopic, Span, Topic, Typing, Upload,
};

const LOBBY: RoomId = RoomId(1);
const MISSING: RoomId = RoomId(1_000);

/// Whether a command says which room it means; a new one has to be judged here, and tried below.
fn names_a_room(command: &Command) -> bool {
    match command {
        Command::Send(_)
        | Command::EnterRoom(_)
        | Command::LeaveRoom(_)
        | Command::ListMembers(_)
        | Command::History(_)
        | Command::MarkRead(_)
        | Command::SetMember(_)
        | Command::RemoveMember(_)
        | Command::SetTopic(_)
        | Command::RenameRoom(_)
        | Command::ArchiveRoom(_) => true,
        Command::CreateRoom(_)
        | Command::ListRooms(_)
        | Command::ListUsers(_)
        | Command::CreateInvite(_)
        | Command::Rename(_)
        | Command::OpenDirect(_) => false,
    }
}

/// Everything that can be asked of a room, by its id and by its name.
fn questions(room: RoomId, name: &str, own: &str) -> Vec<Command> {
    let mut all: Vec<Command> = vec![
        message(1, room, "hello?").into(),
        tertulia_proto::Send { reply_to: Some(Seq(1)), ..message(2, room, "yes") }.into(),
        EnterRoom { name: RoomName::new(name).unwrap() }.into(),
        LeaveRoom { room }.into(),
        ListMembers { room, after: AccountId(0) }.into(),
        SetTopic { room, topic: Topic::default() }.into(),
        SetTopic { room, topic: Topic::new("mine").unwrap() }.into(),
        RenameRoom { room, name: RoomName::new("mine").unwrap() }.into(),
        RenameRoom { room, name: RoomName::new("lobby").unwrap() }.into(),
        RenameRoom { room, name: RoomName::kept("no name".into()).unwrap() }.into(),
        ArchiveRoom { room, archived: true }.into(),
        ArchiveRoom { room, archived: false }.into(),
    ];
    for span in [Span::Newest, Span::Before(Seq(2)), Span::After(Seq(0))] {
        all.push(History { room, span, limit: 5 }.into());
    }
    for seq in [0, 1, u64::MAX] {
        all.push(MarkRead { room, seq: Seq(seq) }.into());
    }
    for handle in ["ana", "beto", "nobody", own] {
        let handle = Handle::new(handle).unwrap();
        all.push(SetMember { room, handle: handle.clone(), role: None }.into());
        all.push(RemoveMember { room, handle }.into());
    }
    all
}

struct Hidden {
    server: TestServer,
    olga: RawClient,
    ana: RawClient,
    beto: RawClient,
    /// A private room, an archived one, one of two people: Ana's and Beto's.
    rooms: [RoomId; 3],
}

async fn hidden() -> Hidden {
    let server = TestServer::start().await;
    let olga = server.owner("olga").await;
    let mut ana = server.welcome("ana").await;
    let mut beto = server.welcome("beto").await;
    beto.live().await;
    let beto_handle = Handle::new("beto").unwrap();
    let mut rooms = Vec::new();
    for name in ["council", "attic"] {
        let room = ana.room(create(name, RoomKind::Private)).await.room;
        let handle = beto_handle.clone();
        ana.done(SetMember { room, handle, role: None }).await;
        beto.opened(room).await;
        rooms.push(room);
    }
    let direct = ana.room(OpenDirect { handle: beto_handle }).await.room;
    beto.opened(direct).await;
    rooms.push(direct);
    for (id, room) in (100..).zip(&rooms) {
        assert!(matches!(ana.ask(message(id, *room, "secret")).await, ServerMessage::Receipt(_)));
    }
    ana.done(ArchiveRoom { room: rooms[1], archived: true }).await;
    Hidden { server, olga, ana, beto, rooms: rooms.try_into().unwrap() }
}

impl Hidden {
    /// Somebody outside, of each role on the server, with two connections each.
    async fn outsiders(&mut self) -> Vec<(String, [RawClient; 2])> {
        let mut all = Vec::new();
        for role in [Role::Guest, Role::Member, Role::Moderator, Role::Owner] {
            let invite = CreateInvite { role, uses: 1, expires_s: 60 };
            let ServerMessage::InviteMade(made) = self.olga.ask(invite).await else {
                panic!("no invite")
            };
            let name = format!("out-{role}");
            let first = self.server.invited(&name, Some(made.token)).await;
            all.push((name.clone(), [first, self.server.welcome(&name).await]));
        }
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_room_is_answered_byte_for_byte_as_a_missing_one() {
    let mut world = hidden().await;
    let names = ["council", "attic", "council"];
    for (own, [mut near, mut far]) in world.outsiders().await {
        for (room, name) in world.rooms.into_iter().zip(names) {
            assert_is_as_missing(&own, [&mut near, &mut far], room, name).await;
        }
    }
    let tried: std::collections::BTreeSet<u64> =
        questions(MISSING, "x", "nobody").iter().map(kind_of).collect();
    let should = Command::KINDS.len() - 6;
    assert_eq!(tried.len(), should, "a command that names a room was not tried");
}

/// Asks everything of a hidden room on one connection and of a missing one on the other.
async fn assert_is_as_missing(own: &str, on: [&mut RawClient; 2], room: RoomId, name: &str) {
    let [near, far] = on;
    let of_missing = questions(MISSING, "nowhere", own);
    for (hidden, missing) in questions(room, name, own).into_iter().zip(of_missing) {
        assert!(names_a_room(&hidden));
        let what = format!("{own}: {hidden:?}");
        assert_eq!(near.request(hidden).await, far.request(missing).await);
        let frame = near.reply_frame().await;
        assert_eq!(frame.kind, 129, "{what} was not refused");
        let other = far.reply_frame().await;
        assert_eq!((frame.kind, &frame.body), (other.kind, &other.body), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_rooms_files_are_answered_byte_for_byte_as_those_of_a_missing_one() {
    let mut world = hidden().await;
    let secret = content(5_000);
    let receipt = world.ana.upload(upload(50, world.rooms[0], &secret), &secret).await;
    for (own, [near, far]) in world.outsiders().await {
        for room in world.rooms {
            let asked = |room| {
                [
                    FileRequest::from(Download { room, seq: receipt.seq, offset: 0 }),
                    Download { room, seq: Seq(1), offset: u64::MAX }.into(),
                    // Of what is there already, of what is not, and of a message that is there.
                    upload(51, room, &secret).into(),
                    upload(52, room, b"another").into(),
                    upload(50, room, &secret).into(),
                    Upload { reply_to: Some(Seq(1)), ..upload(53, room, &secret) }.into(),
                ]
            };
            for (hidden, missing) in asked(room).into_iter().zip(asked(MISSING)) {
                let what = format!("{own}: {hidden:?}");
                let frame = FileStream::open(&near, hidden).await.frame().await;
                let other = FileStream::open(&far, missing).await.frame().await;
                assert_eq!(frame.kind, 129, "{what} was not refused");
                assert_eq!((frame.kind, &frame.body), (other.kind, &other.body), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_was_put_out_is_an_outsider_as_any_other() {
    let Hidden { server, mut ana, rooms, .. } = hidden().await;
    let [mut near, mut far] = [server.welcome("beto").await, server.welcome("beto").await];
    ana.done(RemoveMember { room: rooms[0], handle: Handle::new("beto").unwrap() }).await;
    assert_is_as_missing("beto", [&mut near, &mut far], rooms[0], "council").await;
    assert_eq!(server.welcome("beto").await.live().await.len(), 3, "lobby, attic, Ana");
}

/// The frame type, read off the frame.
fn kind_of(command: &Command) -> u64 {
    let request =
        tertulia_proto::Request { req_id: tertulia_proto::ReqId(1), command: Ok(command.clone()) };
    let mut buffer = tertulia_proto::FrameBuffer::new(tertulia_proto::limits::FRAME_BYTES);
    buffer.extend(&request.encode());
    buffer.next_frame().unwrap().unwrap().kind
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_rooms_name_makes_and_names_rooms_as_any_other() {
    let mut world = hidden().await;
    for (own, [mut client, _]) in world.outsiders().await {
        let mut made = 0;
        for kind in [RoomKind::Private, RoomKind::Public] {
            for (first, second) in [("council", "chamber"), ("chamber", "council")] {
                let answer = client.ask(create(first, kind)).await;
                if own == "out-guest" {
                    let ServerMessage::Rejected(rejected) = answer else { panic!("{answer:?}") };
                    assert_eq!(rejected.refusal, Refusal::FORBIDDEN);
                    continue;
                }
                let ServerMessage::Room(info) = answer else { panic!("{own}: {answer:?}") };
                let RoomListing { room, name, .. } = info.room;
                assert_eq!(name.as_str(), first);
                // What one sees oneself is taken: the next one gets another name.
                made += 1;
                for name in [second, first, &format!("{own}-{made}")] {
                    let name = RoomName::new(name).unwrap();
                    client.done(RenameRoom { room, name }).await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_lanes_show_no_hidden_room() {
    let mut world = hidden().await;
    let mut outsiders = world.outsiders().await;
    let mut last = outsiders.pop().unwrap().1;
    for (own, [client, _]) in &mut outsiders {
        let ServerMessage::Rooms(page) = client.ask(ListRooms { after: RoomId(0) }).await else {
            panic!("no rooms")
        };
        let seen: Vec<RoomListing> = page.rooms;
        assert!(!page.more);
        assert_eq!(seen.iter().map(|room| room.room).collect::<Vec<_>>(), [LOBBY], "{own}");
    }
    // A cursor is no key.
    let device = world.server.device("out-owner");
    let mut client = world.server.connect(&device).await;
    let epoch = client.greet("out-owner", hello(0)).await.epoch;
    for room in world.rooms {
        let mut client = world.server.connect(&device).await;
        client.greet("out-owner", resume(epoch, room, Seq(0))).await;
        assert_eq!(client.live().await, [LOBBY]);
    }
    assert_eq!(last[0].live().await, [LOBBY]);
}

/// Were ids counted, a number that is not listed would tell of a hidden room.
#[tokio::test(flavor = "multi_thread")]
async fn the_ids_that_one_sees_tell_nothing_of_other_rooms() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let mut ids = Vec::new();
    for n in 0..24 {
        let room = ana.room(create(&format!("room-{n}"), RoomKind::Public)).await.room;
        ids.push(room.0);
    }
    let [beto] = [server.welcome("beto").await];
    let handle = Handle::new("beto").unwrap();
    ids.push(ana.room(OpenDirect { handle }).await.room.0);
    drop(beto);
    assert!(!ids.is_sorted(), "in order of their making: {ids:?}");
    assert!(ids.iter().all(|id| *id < 1 << 48), "48 bits, says PROTOCOL.md: {ids:?}");
    ids.sort_unstable();
    let close = ids.windows(2).find(|pair| pair[1] - pair[0] < 1 << 16);
    assert_eq!(close, None, "neighbours, one in a million by chance: {ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_in_a_hidden_room_is_told_inside_only() {
    let mut world = hidden().await;
    let outsiders = world.outsiders().await;
    for (own, [mut client, _]) in outsiders {
        client.live().await;
        for room in world.rooms.into_iter().chain([MISSING]) {
            client.connection.send_datagram(Typing { room }.encode_datagram()).unwrap();
            client.write(ClientNotice::from(Typing { room }).encode()).await;
            // In order with what went before it on the same path.
            client.done(MarkRead { room: LOBBY, seq: Seq(1) }).await;
            world.beto.connection.send_datagram(Typing { room }.encode_datagram()).unwrap();
        }
        client.connection.send_datagram(Typing { room: LOBBY }.encode_datagram()).unwrap();
        let told = world.beto.typing_datagram().await;
        assert_eq!((told.room, told.person.handle.as_str()), (LOBBY, own.as_str()));
        world.ana.connection.send_datagram(Typing { room: LOBBY }.encode_datagram()).unwrap();
        for listener in [&mut client, &mut world.beto] {
            loop {
                let told = listener.typing_datagram().await;
                assert_eq!(told.room, LOBBY, "{own}");
                if told.person.handle.as_str() == "ana" {
                    break;
                }
            }
        }
    }
}
