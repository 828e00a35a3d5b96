//! A server that breaks the protocol is left, never obeyed, and never the end of the program.

use std::time::Duration;

use quinn::VarInt;
use tertulia_client::{
    ClientEvent, Connection, RequestError, Trouble,
    proto::{
        Command, Done, LaneMessage, LaneNotice, Presence, Refusal, Rejected, ReqId, RoomId,
        RoomListing, RoomOpened, RoomPage, Seq, StreamKind,
        close::{CloseCode, STREAM_CANCELLED, STREAM_UNKNOWN_KIND},
        frame, limits,
    },
};

use crate::{
    Person,
    fake_server::{FakeServer, LOBBY, Peer, listing, posted},
    soon, text,
};

fn lost(event: &ClientEvent) -> Option<String> {
    match event {
        ClientEvent::Connection(Connection::Offline { trouble: Trouble::Lost(why), .. }) => {
            Some(why.clone())
        }
        _ => None,
    }
}

/// What a breach on the control stream leads to: the code, and a client that comes back.
async fn breach(bytes: Vec<u8>) -> CloseCode {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say_bytes(&bytes).await;
    let code = peer.ended().await;
    let why = person.until(lost).await;
    assert!(why.contains("broke the protocol"), "{why}");
    let _peer = server.welcomed().await;
    soon(person.client.welcomed()).await.unwrap();
    code
}

#[tokio::test]
async fn nonsense_on_the_control_stream_ends_the_connection() {
    // A receipt whose body is one byte; an endless length; a second welcome is no answer.
    assert_eq!(breach(frame::encode(128, &7u8).to_vec()).await, CloseCode::PROTOCOL);
    assert_eq!(breach(vec![0xff; 11]).await, CloseCode::PROTOCOL);
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_before_it_comes() {
    let mut header = Vec::new();
    frame::put_varint(&mut header, limits::REPLY_BYTES as u64 + 1);
    assert_eq!(breach(header).await, CloseCode::FRAME_TOO_LARGE);
}

#[tokio::test]
async fn frames_of_unknown_types_are_skipped() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say_bytes(&frame::encode(250, &"of the future")).await;
    peer.say(Done { req_id: ReqId(77) }).await;
    let mut lane = peer.lane().await;
    lane.open(0, 1).await;
    lane.send.write_all(&frame::encode(499, &"of the future")).await.unwrap();
    lane.events([1]).await;
    lane.live().await;
    soon(person.client.live()).await.unwrap();
    assert_eq!(person.client.snapshot().rooms[0].listing.head.0, 1);
}

#[tokio::test]
async fn a_stream_of_an_unknown_kind_is_refused_and_the_connection_lives() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut stream = peer.quic.open_uni().await.unwrap();
    stream.write_all(&[0x30, 1, 2, 3]).await.unwrap();
    let code = soon(stream.stopped()).await.unwrap();
    assert_eq!(code, Some(VarInt::from_u32(STREAM_UNKNOWN_KIND)));
    peer.lane().await.live().await;
    soon(person.client.live()).await.unwrap();
}

/// A page that is asked for and then written by `write`: how the question ends.
async fn page<F: Future<Output = Peer>>(
    write: impl FnOnce(Peer, ReqId) -> F,
) -> Result<usize, RequestError> {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let ask = person.client.history(LOBBY, tertulia_client::proto::Span::Newest, 10);
    let serve = async {
        let (req_id, _) = peer.request().await;
        write(peer, req_id).await
    };
    let (answer, _peer) = soon(async { tokio::join!(ask, serve) }).await;
    answer.map(|events| events.len())
}

#[tokio::test]
async fn a_page_is_checked_before_it_is_believed() {
    let whole = page(async |peer: Peer, req_id| {
        peer.page(req_id, vec![posted(1), posted(2)]).await;
        peer
    });
    assert_eq!(whole.await.unwrap(), 2);

    let descending = page(async |peer: Peer, req_id| {
        peer.page(req_id, vec![posted(2), posted(1)]).await;
        assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
        peer
    });
    assert!(matches!(descending.await, Err(RequestError::Lost)));

    let unasked = page(async |peer: Peer, req_id| {
        peer.page(req_id, (1..=11).map(posted).collect()).await;
        assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
        peer
    });
    assert!(matches!(unasked.await, Err(RequestError::Lost)), "more than were asked for");

    let headless = page(async |peer: Peer, req_id| {
        let mut stream = peer.quic.open_uni().await.unwrap();
        stream.write_all(&StreamKind::Page(req_id).encode()).await.unwrap();
        stream.write_all(&LaneMessage::Event(posted(1)).encode()).await.unwrap();
        assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
        peer
    });
    assert!(matches!(headless.await, Err(RequestError::Lost)));
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_none() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let serve = async {
        let (req_id, _) = peer.request().await;
        peer.say(Done { req_id }).await;
    };
    let (rooms, ()) = soon(async { tokio::join!(person.client.rooms(), serve) }).await;
    assert!(matches!(rooms, Err(RequestError::Lost)), "{rooms:?}");
}

#[tokio::test]
async fn requests_end_with_the_connection() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let serve = async {
        peer.request().await;
        peer.cut(CloseCode::INTERNAL);
    };
    let (rooms, ()) = soon(async { tokio::join!(person.client.rooms(), serve) }).await;
    assert!(matches!(rooms, Err(RequestError::Lost)), "{rooms:?}");
    drop(server);
    let offline = person.client.users().await;
    assert!(matches!(offline, Err(RequestError::Offline)), "{offline:?}");
}

#[tokio::test]
async fn holes_in_every_room_keep_nobody_waiting() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = peer.lane().await;
    for n in 1..=460 {
        let room = RoomListing { room: RoomId(n), ..listing(0) };
        lane.say(LaneNotice::RoomOpened(RoomOpened { room, next: Seq(1) })).await;
        let mut event = posted(5);
        event.head.room = RoomId(n);
        lane.say_message(LaneMessage::Event(event)).await;
    }
    lane.live().await;
    soon(person.client.live()).await.unwrap();
    let ask = person.client.rooms();
    let serve = async {
        let mut pages = 0;
        loop {
            match peer.request().await {
                (_, Command::History(_)) => pages += 1,
                (req_id, Command::ListRooms(_)) => {
                    peer.say(RoomPage { req_id, rooms: Vec::new(), more: false }).await;
                    return pages;
                }
                (_, other) => panic!("{other:?}"),
            }
        }
    };
    let (rooms, pages) = soon(async { tokio::join!(ask, serve) }).await;
    rooms.unwrap();
    assert!((1..=8).contains(&pages), "{pages} unanswered");
    soon(person.client.send(LOBBY, text("x"), None)).await.unwrap();
    soon(person.client.close(Duration::ZERO)).await;
}

#[tokio::test]
async fn unanswered_questions_do_not_freeze_the_handle() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..2_000 {
        let client = person.client.clone();
        asking.spawn(async move { client.users().await });
    }
    soon(person.client.send(LOBBY, text("x"), None)).await.unwrap();
    soon(person.client.close(Duration::ZERO)).await;
    for answer in soon(asking.join_all()).await {
        answer.unwrap_err();
    }
}

#[tokio::test]
async fn a_page_that_is_broken_off_ends_the_wait_for_it() {
    let broken_off = page(async |peer: Peer, req_id| {
        let mut stream = peer.quic.open_uni().await.unwrap();
        stream.write_all(&StreamKind::Page(req_id).encode()).await.unwrap();
        stream.reset(VarInt::from_u32(STREAM_CANCELLED)).unwrap();
        peer
    });
    assert!(matches!(broken_off.await, Err(RequestError::Lost)));
}

#[tokio::test]
async fn a_lane_that_ends_is_the_end_of_the_connection() {
    for resets in [true, false] {
        let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
        let (person, peer) = Person::joined(dir.path(), &server).await;
        let mut lane = peer.lane().await;
        lane.open(0, 1).await;
        lane.live().await;
        soon(person.client.live()).await.unwrap();
        match resets {
            true => lane.send.reset(VarInt::from_u32(STREAM_CANCELLED)).unwrap(),
            false => lane.send.finish().unwrap(),
        }
        let peer = server.welcomed().await;
        peer.lane().await.live().await;
        soon(person.client.live()).await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_for_pages_ends_with_the_connection() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = peer.lane().await;
    lane.open(10, 11).await;
    lane.live().await;
    soon(person.client.live()).await.unwrap();
    let _follow = person.client.follow(LOBBY, Seq(5)).await.unwrap();
    let (req_id, _) = peer.request().await;
    let (refusal, retry_after_ms) = (Refusal::RATE, Some(u32::MAX));
    peer.say(Rejected { req_id, refusal, retry_after_ms, proposal: None }).await;
    peer.say(Presence { complete: true, online: 77, people: Vec::new() }).await;
    let heard = |event: &ClientEvent| matches!(event, ClientEvent::Presence(_)).then_some(());
    person.until(heard).await;
    peer.cut(CloseCode::GO_AWAY);
    let mut peer = server.welcomed().await;
    let mut lane = peer.lane().await;
    lane.open(10, 11).await;
    assert!(matches!(peer.request().await, (_, Command::History(_))));
}

#[tokio::test]
async fn a_receipt_for_another_message_is_none() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    for message in ["one", "two"] {
        person.client.send(LOBBY, text(message), None).await.unwrap();
    }
    let (first, _) = peer.message().await;
    let (_, second) = peer.message().await;
    peer.receipt(first, second.message_id, 1).await;
    assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
    let mut peer = server.welcomed().await;
    peer.message().await;
    assert_eq!(peer.message().await.1, second, "both go again");
}
