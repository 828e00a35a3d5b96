//! What well-behaved clients get.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{PATIENCE, RawClient, TestServer, create, hello, message, resume, text_of};
use tertulia_proto::{
    AccountId, EnterRoom, History, LaneMessage, LaneNotice, LeaveRoom, ListMembers, ListRooms,
    ListUsers, Refusal, RoomId, RoomKind, RoomName, Seq, ServerMessage, Span,
};
use tokio::time::timeout;

const LOBBY: RoomId = RoomId(1);

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_and_everyone_sees_the_same_order() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let mut beto = server.welcome("beto").await;
    ana.take_lanes(4).await;
    beto.take_lanes(4).await;
    for n in 0..20 {
        ana.request(message(n, LOBBY, &format!("ana {n}"))).await;
        beto.request(message(n, LOBBY, &format!("beto {n}"))).await;
    }
    let mut seen = [Vec::new(), Vec::new()];
    for (client, seen) in [&mut ana, &mut beto].into_iter().zip(&mut seen) {
        while seen.len() < 40 {
            let event = client.event(LOBBY).await;
            if let Some(text) = text_of(&event) {
                seen.push((event.head.seq, text.to_owned()));
            }
        }
    }
    assert_eq!(seen[0], seen[1]);
    let seqs: Vec<u64> = seen[0].iter().map(|(seq, _)| seq.0).collect();
    assert_eq!(seqs, (3..43).collect::<Vec<_>>(), "two joined, then without a gap");
    let ana_said: Vec<_> = seen[0].iter().filter(|(_, text)| text.starts_with("ana")).collect();
    let in_order = (0..20).map(|n| format!("ana {n}"));
    assert!(ana_said.iter().map(|(_, text)| text.clone()).eq(in_order));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_again_on_another_connection_gets_the_same_receipt() {
    let server = TestServer::start().await;
    let mut first = server.welcome("ana").await;
    let receipt = first.post(7, "hola").await;
    drop(first);
    let mut second = server.connect(&server.device("ana")).await;
    second.greet("ana", hello(0)).await;
    let again = second.post(7, "hola").await;
    assert!(again.duplicate && !receipt.duplicate);
    assert_eq!((again.seq, again.position), (receipt.seq, receipt.position));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_receipted_is_there_after_a_restart_and_a_cursor_goes_on_from_there() {
    let mut server = TestServer::start().await;
    let mut ana = server.connect(&server.device("ana")).await;
    let epoch = ana.greet("ana", hello(0)).await.epoch;
    for n in 0..5 {
        ana.post(n, &format!("message {n}")).await;
    }
    server.restart().await;
    let mut ana = server.connect(&server.device("ana")).await;
    let welcome = ana.greet("ana", resume(epoch, LOBBY, Seq(4))).await;
    assert_eq!(welcome.epoch, epoch);
    ana.take_lanes(4).await;
    for n in 3..5 {
        let event = ana.event(LOBBY).await;
        assert_eq!(event.head.seq, Seq(n + 2));
        assert_eq!(text_of(&event), Some(format!("message {n}").as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_fell_off_the_ring_gets_every_event_from_the_store() {
    const MESSAGES: u64 = 1_500;
    let server = TestServer::start().await;
    let mut ana = server.connect(&server.device("ana")).await;
    let epoch = ana.greet("ana", hello(0)).await.epoch;
    for n in 0..MESSAGES {
        ana.request(message(n, LOBBY, "x")).await;
    }
    for _ in 0..MESSAGES {
        assert!(matches!(ana.reply().await, ServerMessage::Receipt(_)));
    }
    let mut late = server.connect(&server.device("ana")).await;
    late.greet("ana", resume(epoch, LOBBY, Seq(0))).await;
    late.take_lanes(4).await;
    for seq in 1..=MESSAGES + 1 {
        assert_eq!(late.event(LOBBY).await.head.seq, Seq(seq));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_the_newest_events_and_is_told_that_there_are_older_ones() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    for n in 0..80 {
        ana.post(n, "x").await;
    }
    let mut beto = server.welcome("beto").await;
    beto.take_lanes(4).await;
    let Some(LaneMessage::Notice(LaneNotice::RoomOpened(opened))) = beto.on_lane(LOBBY).await
    else {
        panic!("a lane begins with its rooms")
    };
    assert_eq!((opened.room.head, opened.next), (Seq(82), Seq(33)));
    assert_eq!(beto.event(LOBBY).await.head.seq, Seq(33));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_on_streams_of_its_own() {
    let server = TestServer::start().await;
    let mut ana = server.connect(&server.device("ana")).await;
    ana.greet("ana", hello(0)).await;
    for n in 0..30 {
        ana.post(n, &format!("{n}")).await;
    }
    let seqs = |events: &[tertulia_proto::Event]| {
        events.iter().map(|event| event.head.seq.0).collect::<Vec<_>>()
    };
    for (span, limit, expected) in [
        (Span::Newest, 3, 29..32),
        (Span::Before(Seq(10)), 4, 6..10),
        (Span::Before(Seq(3)), 50, 1..3),
        (Span::After(Seq(20)), 5, 21..26),
        (Span::After(Seq(u64::MAX)), 5, 1..1),
    ] {
        let asked = ana.request(History { room: LOBBY, span, limit }).await;
        let (head, events, answered) = ana.page().await;
        assert_eq!((answered, head.req_id), (asked, asked));
        assert_eq!(seqs(&events), expected.collect::<Vec<_>>(), "{span:?}");
        assert_eq!((head.oldest, head.head), (Seq(1), Seq(31)));
    }
    let missing = ana.ask(History { room: RoomId(9), span: Span::Newest, limit: 5 }).await;
    let ServerMessage::Rejected(rejected) = missing else { panic!("{missing:?}") };
    assert_eq!(rejected.refusal, Refusal::NO_SUCH_ROOM);
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_open_and_close_on_lanes_as_one_enters_and_leaves() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let mut beto = server.welcome("beto").await;
    beto.take_lanes(4).await;
    let name = RoomName::new("música").unwrap();
    let room = ana.room(create("música", RoomKind::Public)).await.room;
    let entered = beto.ask(EnterRoom { name }).await;
    assert!(matches!(entered, ServerMessage::Room(info) if info.room.is_entered()));
    beto.opened(room).await;
    beto.ask(LeaveRoom { room }).await;
    let mut left_seen = false;
    loop {
        match beto.on_lane(room).await.expect("the lane ended") {
            LaneMessage::Event(event) if event.head.room == room => {
                left_seen = event.kind_name() == Some("left");
            }
            LaneMessage::Notice(LaneNotice::RoomClosed(closed)) => {
                assert_eq!(closed.room, room);
                break;
            }
            _ => {}
        }
    }
    assert!(left_seen, "one sees oneself leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_connected_is_told_at_once_and_asked_for_at_any_time() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    assert!(matches!(ana.said().await, ServerMessage::Presence(all) if all.online == 1));
    let beto = server.welcome("beto").await;
    let ServerMessage::Presence(came) = ana.said().await else { panic!("no presence") };
    assert_eq!((came.online, came.people[0].handle.as_str()), (2, "beto"));
    let ServerMessage::Users(users) = ana.ask(ListUsers { after: AccountId(0) }).await else {
        panic!("no users")
    };
    assert_eq!(users.people.len(), 2);
    beto.connection.close(0u32.into(), b"bye");
    let gone = loop {
        if let ServerMessage::Presence(gone) = timeout(PATIENCE, ana.said()).await.unwrap() {
            break gone;
        }
    };
    assert!(!gone.people[0].online && gone.online == 1);
    let members = ana.ask(ListMembers { room: LOBBY, after: AccountId(0) }).await;
    let ServerMessage::Members(members) = members else { panic!("no members") };
    let online: Vec<bool> = members.people.iter().map(|person| person.online).collect();
    assert_eq!(online, [true, false], "membership stays");
    let ServerMessage::Rooms(rooms) = ana.ask(ListRooms { after: RoomId(0) }).await else {
        panic!("no rooms")
    };
    assert_eq!((rooms.rooms.len(), rooms.rooms[0].members), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_tells_clients_to_come_back_and_commits_what_it_took() {
    let mut server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    for n in 0..50 {
        ana.request(message(n, LOBBY, "x")).await;
    }
    let ana_device = server.device("ana");
    let stopping = tokio::spawn(server.server.take().unwrap().shutdown());
    let mut receipts = 0;
    let told = loop {
        match ana.said().await {
            ServerMessage::GoAway(go) => break go,
            ServerMessage::Receipt(_) => receipts += 1,
            _ => {}
        }
    };
    assert!(told.retry_after_ms < 2_000);
    assert_eq!(ana.closed().await, 1, "GO_AWAY");
    timeout(PATIENCE, stopping).await.unwrap().unwrap();
    drop(ana);
    let server = TestServer::run(&server.dir, 0).await;
    let mut ana = RawClient::connect(&server, &ana_device).await;
    ana.greet("ana", hello(0)).await;
    ana.request(History { room: LOBBY, span: Span::Newest, limit: 1 }).await;
    let (head, ..) = ana.page().await;
    assert!(head.head.0 > receipts, "{receipts} receipts, then a head of {}", head.head);
}
