//! What clients that break the rules get: a code, and everyone else goes on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::{BufMut, Bytes, BytesMut};
use common::{PATIENCE, RawClient, TestServer, hello, message};
use quinn::ConnectionError;
use tertulia_proto::{
    ClientMessage, Command, Hello, ListUsers, Refusal, ReqId, Request, RoomCursor, RoomId, Seq,
    ServerMessage, StreamKind, Unreadable, VersionRange, frame, limits,
};
use tokio::time::timeout;

const PROTOCOL: u64 = 2;
const FRAME_TOO_LARGE: u64 = 3;
const VERSION: u64 = 10;

/// A frame that announces more than it has.
fn announcing(length: u64) -> Bytes {
    let mut out = BytesMut::new();
    frame::put_varint(&mut out, length);
    out.put_u8(1);
    out.freeze()
}

/// Whatever happened to others, the server still serves.
async fn assert_alive(server: &TestServer) {
    let mut witness = server.welcome("witness").await;
    witness.post(rand_id(), "still here").await;
}

/// So many of them at once.
async fn futures_of<T, F: Future<Output = T>>(count: usize, make: impl Fn() -> F) -> Vec<T> {
    let mut running: Vec<_> = (0..count).map(|_| Box::pin(make())).collect();
    let mut done: Vec<Option<T>> = (0..count).map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in running.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

fn rand_id() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_welcome_each_wrong_step_has_its_code() {
    let server = TestServer::start().await;
    let too_old = VersionRange { min: 7, max: 9 };
    let crowd = vec![RoomCursor { room: RoomId(1), seq: Seq(1) }; limits::ROOMS_PER_ACCOUNT + 1];
    let cases: Vec<(&str, Bytes, u64)> = vec![
        (
            "a frame over the limit",
            announcing(limits::FRAME_BYTES_BEFORE_WELCOME as u64 + 1),
            FRAME_TOO_LARGE,
        ),
        ("an enormous length", announcing(u64::MAX), FRAME_TOO_LARGE),
        ("a length that does not end", Bytes::from_static(&[0xff; 11]), PROTOCOL),
        ("an empty frame", Bytes::from_static(&[0]), PROTOCOL),
        ("a hello of garbage", frame::encode(1, &[0xffu8; 7]), PROTOCOL),
        (
            "a version that nobody speaks",
            ClientMessage::from(Hello { versions: too_old, ..hello(4) }).encode(),
            VERSION,
        ),
        (
            "more cursors than rooms",
            ClientMessage::from(Hello { cursors: crowd, ..hello(4) }).encode(),
            PROTOCOL,
        ),
    ];
    for (what, bytes, code) in cases {
        let mut client = server.connect(&server.device("mallory")).await;
        client.write(bytes).await;
        assert_eq!(client.closed().await, code, "{what}");
    }
    assert_alive(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_of_stream_is_no_control_stream() {
    let server = TestServer::start().await;
    for kind in [
        StreamKind::Live(0).encode(),
        StreamKind::Page(ReqId(1)).encode(),
        Bytes::from_static(&[0x20]),
    ] {
        let client = RawClient::connect_as(server.server(), &server.device("mallory"), kind).await;
        assert_eq!(client.closed().await, PROTOCOL);
    }
    let mut client = server.connect(&server.device("mallory")).await;
    client.write(Bytes::from_static(&[3, 0x1f, 0x7f, 0x7f])).await;
    client.write(ClientMessage::from(hello(0)).encode()).await;
    assert!(
        matches!(client.said().await, ServerMessage::Unregistered(_)),
        "an unknown type is skipped"
    );
    client.write(ClientMessage::from(hello(0)).encode()).await;
    assert_eq!(client.closed().await, PROTOCOL, "a second hello");

    let mut client = server.connect(&server.device("mallory")).await;
    client.write(ClientMessage::from(hello(0)).encode()).await;
    let command = Ok(message(1, RoomId(1), "x").into());
    client.write(Request { req_id: ReqId(1), command }.encode()).await;
    assert_eq!(client.closed().await, PROTOCOL, "a request of one who is nobody yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_welcome_too() {
    let server = TestServer::start().await;
    let gap = Request {
        req_id: ReqId(2 + limits::EARLY_REQUESTS as u64),
        command: Err(Unreadable::Unknown),
    };
    let cases: Vec<(&str, Bytes, u64)> = vec![
        ("a frame over the limit", announcing(limits::FRAME_BYTES as u64 + 1), FRAME_TOO_LARGE),
        ("a request without a number", frame::encode(32, &()), PROTOCOL),
        ("a request number far ahead", gap.encode(), PROTOCOL),
    ];
    for (what, bytes, code) in cases {
        let mut client = server.welcome("mallory").await;
        client.write(bytes).await;
        assert_eq!(client.closed().await, code, "{what}");
    }
    assert_alive(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_request_is_refused_and_the_connection_lives() {
    let server = TestServer::start().await;
    let mut client = server.welcome("ana").await;
    client.write(frame::encode(126, &ReqId(1))).await;
    let ServerMessage::Rejected(rejected) = client.reply().await else { panic!("not refused") };
    assert_eq!((rejected.req_id, rejected.refusal), (ReqId(1), Refusal::UNSUPPORTED));
    let list = ListUsers { after: tertulia_proto::AccountId(0) };
    let next = Request { req_id: ReqId(2), command: Ok(Command::from(list)) };
    client.write(next.encode()).await;
    assert!(matches!(client.reply().await, ServerMessage::Users(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_breaks_a_bound_is_refused_and_the_connection_lives() {
    let server = TestServer::start().await;
    let mut client = server.welcome("ana").await;
    let mut asked = 0;
    let mut number = || {
        asked += 1;
        ReqId(asked)
    };
    let (id, no_reply) = ([7u8; 16], None::<u64>);
    let too_long = "x".repeat(limits::TEXT_BYTES + 1);
    let too_long_topic = "x".repeat(limits::TOPIC_BYTES + 1);
    let cases = [
        ("garbage", frame::encode(32, &(number(), [0xffu8; 9]))),
        ("an empty text", frame::encode(32, &(number(), id, 1u8, no_reply, 0u8, ""))),
        ("a text too long", frame::encode(32, &(number(), id, 1u8, no_reply, 0u8, too_long))),
        ("a body of a kind to come", frame::encode(32, &(number(), id, 1u8, no_reply, 9u8))),
        ("a kind of room to come", frame::encode(33, &(number(), "x", 9u8, "", 0u8))),
        ("a history to come", frame::encode(33, &(number(), "x", 0u8, "", 9u8))),
        ("a role to come", frame::encode(44, &(number(), 1u8, "ana", 9u8))),
        ("a topic too long", frame::encode(46, &(number(), 1u8, too_long_topic))),
        ("a name too long", frame::encode(47, &(number(), 1u8, "x".repeat(200)))),
        ("neither closed nor open", frame::encode(48, &(number(), 1u8, 2u8))),
        (
            "an answer to nothing",
            frame::encode(32, &(number(), id, 1u8, Some(1u64 << 63), 0u8, "x")),
        ),
    ];
    for (what, bytes) in cases {
        client.write(bytes).await;
        let ServerMessage::Rejected(rejected) = client.reply().await else { panic!("{what}") };
        assert_eq!(rejected.refusal, Refusal::INVALID, "{what}");
    }
    client.write(frame::encode(33, &(number(), "\u{202e}x", 0u8, "", 0u8))).await;
    let ServerMessage::Rejected(rejected) = client.reply().await else { panic!("a name") };
    assert_eq!(rejected.refusal, Refusal::NAME_UNUSABLE);
    client.write(frame::encode(34, &(number(), "\u{202e}x"))).await;
    let ServerMessage::Rejected(rejected) = client.reply().await else { panic!("entered") };
    assert_eq!(rejected.refusal, Refusal::NO_SUCH_ROOM, "what can't be a room is none");
}

/// Some scripts fold to letters that the profile refuses: such a name must not get in, and names
/// that are in must stay readable.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_would_not_read_back_poisons_nobody() {
    let server = TestServer::start().await;
    let mut client = server.connect(&server.device("mallory")).await;
    client.write(ClientMessage::from(hello(0)).encode()).await;
    assert!(matches!(client.said().await, ServerMessage::Unregistered(_)));
    client.write(frame::encode(2, &("ᏣᎳᎩ", None::<[u8; 16]>))).await;
    let ServerMessage::Rejected(rejected) = client.said().await else { panic!("let in") };
    assert_eq!(rejected.refusal, Refusal::NAME_UNUSABLE);
    assert_alive(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_out_of_order_are_executed_in_order_and_repeats_dropped() {
    let server = TestServer::start().await;
    let mut client = server.welcome("ana").await;
    let request = |n: u64| Request {
        req_id: ReqId(n),
        command: Ok(message(n, RoomId(1), &format!("{n}")).into()),
    };
    for n in [3, 1, 1, 2, 3, 4] {
        client.write(request(n).encode()).await;
    }
    for n in 1..=4 {
        let ServerMessage::Receipt(receipt) = client.reply().await else { panic!("no receipt") };
        assert_eq!((receipt.req_id, receipt.seq), (ReqId(n), Seq(n + 1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_open_no_more_streams_than_its_control_stream_and_two_for_files() {
    let server = TestServer::start().await;
    let client = server.welcome("ana").await;
    let patience = std::time::Duration::from_millis(300);
    let mut files = Vec::new();
    for _ in 0..limits::FILES_AT_ONCE {
        files.push(timeout(PATIENCE, client.connection.open_bi()).await.unwrap().unwrap());
    }
    assert!(timeout(patience, client.connection.open_bi()).await.is_err(), "a third for files");
    assert!(timeout(patience, client.connection.open_uni()).await.is_err(), "a stream of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ninth_connection_of_a_device_takes_the_oldest_ones_place() {
    const REPLACED: u64 = 12;
    let server = TestServer::start().await;
    let mut clients = Vec::new();
    for _ in 0..9 {
        clients.push(server.welcome("ana").await);
    }
    // A packet that says so can get lost; the server forgets the connection three PTOs later
    // (RFC 9000, 10.2) and answers by a reset from then on.
    match timeout(PATIENCE, clients[0].connection.closed()).await.unwrap() {
        ConnectionError::ApplicationClosed(close) => {
            assert_eq!(close.error_code.into_inner(), REPLACED);
        }
        other => assert_eq!(other, ConnectionError::Reset),
    }
    // However fast they come: a burst leaves no more than the newest.
    let device = server.device("burst");
    let mut first = server.connect(&device).await;
    first.greet("burst", hello(0)).await;
    let burst: Vec<_> = futures_of(30, || async {
        // Not waiting for the welcome: it may be replaced before.
        let mut client = server.connect(&device).await;
        client.write(ClientMessage::from(hello(0)).encode()).await;
        client
    })
    .await;
    let open = || burst.iter().filter(|c| c.connection.close_reason().is_none()).count();
    timeout(PATIENCE, async {
        while open() > 8 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("more connections than a device may have");
    assert_eq!(first.closed().await, REPLACED);
    for client in &mut clients[1..] {
        let list = ListUsers { after: tertulia_proto::AccountId(0) };
        assert!(matches!(client.ask(list).await, ServerMessage::Users(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_never_reads_blocks_nobody() {
    let server = TestServer::start().await;
    let deaf = server.welcome("deaf").await;
    let mut ana = server.welcome("ana").await;
    ana.take_lanes(4).await;
    let text = "x".repeat(8_000);
    for n in 0..400 {
        ana.request(message(n, RoomId(1), &text)).await;
    }
    let mut posted = 0;
    while posted < 400 {
        let event = timeout(PATIENCE, ana.event(RoomId(1))).await.expect("blocked");
        posted += u64::from(event.kind_name() == Some("posted"));
    }
    assert!(deaf.connection.close_reason().is_none());
}
