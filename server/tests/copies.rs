//! Requests that come once more as datagrams: each is done once, in its turn.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::{PATIENCE, RawClient, TestServer, message, text_of};
use tertulia_proto::{
    AccountId, DatagramKind, Features, ListUsers, Receipt, ReqId, Request, RoomId, ServerMessage,
    copies,
};
use tokio::time::timeout;

const LOBBY: RoomId = RoomId(1);

fn sending(n: u64) -> Bytes {
    Request { req_id: ReqId(n), command: Ok(message(n, LOBBY, &format!("text {n}")).into()) }
        .encode()
}

fn copy(client: &RawClient, frames: &[Bytes]) {
    let datagram = copies::encode(DatagramKind::ControlCopy, frames);
    client.connection.send_datagram(datagram).unwrap();
}

async fn receipt(client: &mut RawClient) -> Receipt {
    match timeout(PATIENCE, client.reply()).await.unwrap() {
        ServerMessage::Receipt(receipt) => receipt,
        other => panic!("no receipt: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_done_once_by_whichever_way_it_comes_first() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    ana.live().await;
    copy(&ana, &[sending(1)]);
    let first = receipt(&mut ana).await;
    assert_eq!((first.req_id, first.duplicate), (ReqId(1), false));
    copy(&ana, &[sending(1)]);
    ana.write(sending(1)).await;
    ana.write(sending(2)).await;
    copy(&ana, &[sending(1), sending(2)]);
    let second = receipt(&mut ana).await;
    assert_eq!(
        (second.req_id, second.duplicate),
        (ReqId(2), false),
        "no second answer to the first"
    );
    assert_eq!(second.seq.0, first.seq.0 + 1);
    for n in 1..=2 {
        let event = timeout(PATIENCE, async {
            loop {
                let event = ana.event(LOBBY).await;
                if text_of(&event).is_some() {
                    return event;
                }
            }
        });
        assert_eq!(text_of(&event.await.unwrap()).unwrap(), format!("text {n}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_overtake_the_stream_wait_for_their_turn() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    copy(&ana, &[sending(3)]);
    copy(&ana, &[sending(2)]);
    ana.write(sending(1)).await;
    for n in 1..=3 {
        let receipt = receipt(&mut ana).await;
        assert_eq!((receipt.req_id, receipt.duplicate), (ReqId(n), false));
        if n == 1 {
            // They may have been lost, as datagrams are.
            ana.write(sending(2)).await;
            ana.write(sending(3)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_comes_as_a_copy_does_no_harm() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    for n in [100, 1_000, u64::MAX] {
        copy(&ana, &[sending(n)]);
    }
    for garbage in [&[1][..], &[1, 255], &[1, 2, 99], &[2, 3, 0, 0, 0], &[1, 0, 0], &[9; 500]] {
        ana.connection.send_datagram(Bytes::copy_from_slice(garbage)).unwrap();
    }
    for _ in 0..2_000 {
        let _ =
            ana.connection.send_datagram(copies::encode(DatagramKind::ControlCopy, &[sending(2)]));
    }
    let users = ana.ask(ListUsers { after: AccountId(0) }).await;
    assert!(matches!(users, ServerMessage::Users(_)), "{users:?}");
    assert!(ana.connection.close_reason().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_ask_for_copies_is_not_heard_by_them() {
    let server = TestServer::start().await;
    let device = server.device("ana");
    let mut ana = server.connect(&device).await;
    let mut hello = common::hello(0);
    hello.features = Features::TYPING_DATAGRAMS;
    let welcome = ana.greet("ana", hello).await;
    assert!(!welcome.features.has(Features::COPIES));
    copy(&ana, &[sending(1)]);
    let users = ana.ask(ListUsers { after: AccountId(0) }).await;
    assert!(matches!(users, ServerMessage::Users(_)), "the first request: {users:?}");
}
