//! Who is writing, and how far one has read: what a person's devices tell the others at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::{RawClient, TestServer, create, hello, message};
use tertulia_proto::{
    ClientNotice, Features, Handle, Hello, LaneMessage, LaneNotice, LeaveRoom, ListRooms, MarkRead,
    ReadMarker, RemoveMember, RoomId, RoomKind, Seq, ServerMessage, SetMember, Typing, frame,
};

const LOBBY: RoomId = RoomId(1);

/// Connected and live, without datagrams.
async fn without_datagrams(server: &TestServer, name: &str) -> RawClient {
    let mut client = server.connect(&server.device(name)).await;
    let features = Features(0);
    let welcome = client.greet(name, Hello { features, ..hello(4) }).await;
    assert!(!welcome.features.has(Features::TYPING_DATAGRAMS));
    client.live().await;
    client
}

async fn live(server: &TestServer, name: &str) -> RawClient {
    let mut client = server.welcome(name).await;
    client.live().await;
    client
}

fn whisper(client: &RawClient, room: RoomId) {
    client.connection.send_datagram(Typing { room }.encode_datagram()).unwrap();
}

async fn say(client: &mut RawClient, room: RoomId) {
    client.write(ClientNotice::from(Typing { room }).encode()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_told_to_the_others_each_in_the_way_they_can_and_not_to_oneself() {
    let server = TestServer::start().await;
    let mut ana = live(&server, "ana").await;
    let mut other_of_ana = without_datagrams(&server, "ana").await;
    let mut beto = live(&server, "beto").await;
    let mut carla = without_datagrams(&server, "carla").await;
    whisper(&ana, LOBBY);
    let told = [beto.typing_datagram().await, carla.typing_frame().await];
    for notice in &told {
        assert_eq!((notice.room, notice.person.handle.as_str()), (LOBBY, "ana"));
    }
    say(&mut carla, LOBBY).await;
    for notice in [
        ana.typing_datagram().await,
        other_of_ana.typing_frame().await,
        beto.typing_datagram().await,
    ] {
        assert_eq!(notice.person.handle.as_str(), "carla", "one's own was told before it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_typing_is_dropped_and_the_connection_lives() {
    const FLOOD: usize = 2_000;
    let server = TestServer::start().await;
    let mut ana = without_datagrams(&server, "ana").await;
    let mut beto = without_datagrams(&server, "beto").await;
    let mut carla = without_datagrams(&server, "carla").await;
    for _ in 0..FLOOD {
        say(&mut ana, LOBBY).await;
        let _ = ana.connection.send_datagram(Typing { room: LOBBY }.encode_datagram());
    }
    ana.post(1, "still here").await;
    say(&mut carla, LOBBY).await;
    let mut told = 0;
    while beto.typing_frame().await.person.handle.as_str() == "ana" {
        told += 1;
    }
    assert!((1..FLOOD / 20).contains(&told), "{told} of {FLOOD}");
    for client in [ana, beto, carla] {
        assert!(client.connection.close_reason().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_writes_all_the_time_is_told_of_now_and_then() {
    const BURST: u64 = 16;
    let server = TestServer::start().await;
    let mut ana = without_datagrams(&server, "ana").await;
    let mut beto = without_datagrams(&server, "beto").await;
    let mut carla = without_datagrams(&server, "carla").await;
    let begun = tokio::time::Instant::now();
    let mut told = 0;
    for round in 0..50 {
        // So that no line is ever full: what is missing was not let in.
        say(&mut ana, LOBBY).await;
        ana.ask(ListRooms { after: RoomId(0) }).await;
        if round % 10 == 9 {
            // Carla's own is the mark up to which Ana's were told.
            say(&mut carla, LOBBY).await;
            while beto.typing_frame().await.person.handle.as_str() == "ana" {
                told += 1;
            }
        }
    }
    let allowed = BURST + begun.elapsed().as_secs() + 1;
    assert!((1..=allowed).contains(&told), "{told} told, {allowed} allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datagram_of_another_kind_or_of_garbage_is_no_harm() {
    let server = TestServer::start().await;
    let ana = live(&server, "ana").await;
    let mut beto = live(&server, "beto").await;
    let most = ana.connection.max_datagram_size().unwrap();
    for garbage in [
        Bytes::new(),
        Bytes::from_static(&[3]),
        Bytes::from_static(&[3, 0xff]),
        Bytes::from_static(&[0xff; 11]),
        Bytes::from_static(&[1, 1, 1, 1]),
        Bytes::from(vec![3; most]),
    ] {
        ana.connection.send_datagram(garbage).unwrap();
    }
    whisper(&ana, LOBBY);
    assert_eq!(beto.typing_datagram().await.person.handle.as_str(), "ana");
    // On the control stream a frame is what it says it is.
    let mut mallory = without_datagrams(&server, "mallory").await;
    mallory.write(frame::encode(3, &())).await;
    assert_eq!(mallory.closed().await, 2, "PROTOCOL");
    whisper(&ana, LOBBY);
    beto.typing_datagram().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_is_out_neither_tells_nor_is_told_who_writes() {
    let server = TestServer::start().await;
    let mut ana = without_datagrams(&server, "ana").await;
    let mut beto = without_datagrams(&server, "beto").await;
    let mut carla = without_datagrams(&server, "carla").await;
    let room = ana.room(create("council", RoomKind::Private)).await.room;
    ana.opened(room).await;
    for client in [("beto", &mut beto), ("carla", &mut carla)] {
        let handle = Handle::new(client.0).unwrap();
        ana.done(SetMember { room, handle, role: None }).await;
        client.1.opened(room).await;
    }
    say(&mut beto, room).await;
    for client in [&mut ana, &mut carla] {
        assert_eq!(client.typing_frame().await.room, room);
    }
    ana.done(RemoveMember { room, handle: Handle::new("beto").unwrap() }).await;
    carla.done(LeaveRoom { room }).await;
    say(&mut beto, room).await;
    say(&mut beto, LOBBY).await;
    assert_eq!(ana.typing_frame().await.room, LOBBY, "Beto's was told");
    say(&mut ana, room).await;
    say(&mut ana, LOBBY).await;
    for client in [&mut beto, &mut carla] {
        loop {
            let told = client.typing_frame().await;
            assert_eq!(told.room, LOBBY, "told to one who is out");
            if told.person.handle.as_str() == "ana" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_on_one_device_is_heard_of_on_the_accounts_other_connections_only() {
    let server = TestServer::start().await;
    let mut first = live(&server, "ana").await;
    let mut second = live(&server, "ana").await;
    let mut beto = live(&server, "beto").await;
    for (id, text) in [(1, "x"), (2, "@ana"), (3, "y")] {
        beto.post(id, text).await;
    }
    // ana joined, beto joined, three messages.
    first.done(MarkRead { room: LOBBY, seq: Seq(4) }).await;
    for client in [&mut first, &mut second] {
        let marker = next_marker(client).await;
        let expected =
            ReadMarker { room: LOBBY, read: Seq(4), head: Seq(5), unread: 1, mentions: 0 };
        assert_eq!(marker, expected);
    }
    first.done(MarkRead { room: LOBBY, seq: Seq(2) }).await;
    first.done(MarkRead { room: LOBBY, seq: Seq(5) }).await;
    assert_eq!(next_marker(&mut second).await.read, Seq(5), "never back");
    beto.done(MarkRead { room: LOBBY, seq: Seq(1) }).await;
    let other_room = beto.room(create("away", RoomKind::Public)).await.room;
    let receipt = beto.ask(message(9, other_room, "x")).await;
    assert!(matches!(receipt, ServerMessage::Receipt(_)));
    beto.post(10, "the last").await;
    loop {
        match beto.on_lane(LOBBY).await.unwrap() {
            LaneMessage::Notice(LaneNotice::ReadMarker(marker)) => panic!("told {marker:?}"),
            LaneMessage::Event(event) if common::text_of(&event) == Some("the last") => break,
            _ => {}
        }
    }
}

async fn next_marker(client: &mut RawClient) -> ReadMarker {
    loop {
        let said = client.on_lane(LOBBY).await.expect("the lane ended");
        if let LaneMessage::Notice(LaneNotice::ReadMarker(marker)) = said {
            return marker;
        }
    }
}
