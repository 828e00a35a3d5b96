//! A history that was filled without a network is one like any other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestServer, hello};
use tertulia_proto::{Body, MessageId, MessageText, RoomId, Send, ServerMessage, Timestamp};
use tertulia_server::{Bulk, BulkError, SystemEnv, check};

fn message(number: u64) -> Send {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let body = Body::Text(MessageText::new(&format!("word {number}")).unwrap());
    Send { message_id: MessageId(id), room: RoomId(1), reply_to: None, body }
}

#[tokio::test]
async fn it_follows_from_its_log_and_goes_on() {
    let mut server = TestServer::start().await;
    let device = server.device("ana");
    let mut ana = server.connect(&device).await;
    let account = ana.greet("ana", hello(4)).await.account;
    drop(ana);
    let data = server.dir.path().join("data");
    let busy = Bulk::open(&data, &SystemEnv).unwrap_err();
    assert!(matches!(busy, BulkError::Start(_)), "a server runs on it: {busy}");
    server.server.take().unwrap().shutdown().await;

    let mut bulk = Bulk::open(&data, &SystemEnv).unwrap();
    let person = (account, *device.fingerprint().as_bytes());
    let now = Timestamp(4_000_000_000_000);
    for number in 0..600 {
        bulk.post(person, message(number), now).unwrap();
    }
    bulk.finish(now).unwrap();
    let report = check(&data).unwrap();
    assert_eq!((report.entries, report.problems), (603, Vec::new()));
    let mut bulk = Bulk::open(&data, &SystemEnv).unwrap();
    bulk.post(person, message(7), now).unwrap();
    assert!(matches!(bulk.finish(now), Err(BulkError::Repeated)));

    server.server = Some(TestServer::run(&server.dir, 0).await);
    let mut ana = server.connect(&device).await;
    ana.greet("ana", hello(4)).await;
    let receipt = ana.post(601, "and on").await;
    assert_eq!(receipt.seq.0, 602, "one joined, 600 posted");
    let ServerMessage::Receipt(again) = ana.ask(message(599)).await else { panic!() };
    assert!(again.duplicate && again.seq.0 == 601);
}
