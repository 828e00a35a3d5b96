//! From `send` to the receipt, whatever happens in between.

use std::time::Duration;

use tertulia_client::{
    ClientEvent, Content, Delivery, Item, Unsent,
    proto::{
        Body, Epoch, Features, MessageId, Presence, Refusal, Rejected, ReqId, Send,
        close::CloseCode,
    },
};

use crate::{
    Person,
    fake_server::{FakeServer, LOBBY, ME, Peer, posted, posted_as},
    soon, text,
};

fn content(send: &Send) -> &str {
    match &send.body {
        Body::Text(text) => text.as_str(),
        Body::Opaque { .. } => panic!("opaque"),
    }
}

async fn messages(peer: &mut Peer, count: usize) -> Vec<(ReqId, Send)> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(peer.message().await);
    }
    all
}

fn item(event: &ClientEvent, id: MessageId, delivery: Delivery) -> Option<Item> {
    match event {
        ClientEvent::Items { items, .. } => items
            .iter()
            .find(|item| item.message_id == Some(id) && item.delivery == delivery)
            .cloned(),
        _ => None,
    }
}

fn rejected(req_id: ReqId, refusal: Refusal, retry_after_ms: Option<u32>) -> Rejected {
    Rejected { req_id, refusal, retry_after_ms, proposal: None }
}

#[tokio::test]
async fn unreceipted_messages_go_again_in_order_before_newer_ones() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    for message in ["one", "two", "three"] {
        person.client.send(LOBBY, text(message), None).await.unwrap();
    }
    let first = messages(&mut peer, 3).await;
    assert_eq!(first.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2, 3]);
    peer.receipt(first[0].0, first[0].1.message_id, 1).await;
    person.until(|event| item(event, first[0].1.message_id, Delivery::Sent)).await;
    peer.cut(CloseCode::INTERNAL);
    person.client.send(LOBBY, text("four"), None).await.unwrap();

    let mut peer = server.welcomed().await;
    let second = messages(&mut peer, 3).await;
    let texts: Vec<_> = second.iter().map(|(_, send)| content(send)).collect();
    assert_eq!(texts, ["two", "three", "four"]);
    assert_eq!(second[0].1, first[1].1, "the same id, so that it is one message");
    assert_eq!(second[1].1, first[2].1);
    for (i, (req_id, send)) in second.iter().enumerate() {
        peer.receipt(*req_id, send.message_id, 2 + i as u64).await;
    }
    let last = person.until(|event| item(event, second[2].1.message_id, Delivery::Sent)).await;
    assert_eq!((last.seq.unwrap().0, last.time.0), (4, 1_004));
    assert_eq!(soon(person.client.close(Duration::from_secs(9))).await.waiting, 0);
}

#[tokio::test]
async fn what_was_taken_outlives_the_process() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    drop(server);
    peer.cut(CloseCode::GO_AWAY);
    soon(person.client.interrupted()).await;
    let id = person.client.send(LOBBY, text("kept"), None).await.unwrap();
    assert_eq!(person.client.close(Duration::ZERO).await.waiting, 1);

    // Another process of the profile, on another address of the server.
    let again = Person::open(dir.path()).await;
    let waiting = again.client.waiting().await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].0, waiting[0].1.message_id), (LOBBY, Some(id)));
    assert_eq!(again.client.snapshot().queued, 1);
    assert!(again.client.cancel(id).await.unwrap());
    assert!(!again.client.cancel(id).await.unwrap());
    again.client.close(Duration::ZERO).await;
    assert!(Person::open(dir.path()).await.client.waiting().await.is_empty());
}

#[tokio::test]
async fn a_refusal_for_now_holds_back_all_that_follows() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    for message in ["one", "two", "three"] {
        person.client.send(LOBBY, text(message), None).await.unwrap();
    }
    let sent = messages(&mut peer, 3).await;
    peer.receipt(sent[0].0, sent[0].1.message_id, 1).await;
    peer.say(rejected(sent[1].0, Refusal::STORAGE, Some(20))).await;
    peer.say(rejected(sent[2].0, Refusal::STORAGE, Some(20))).await;
    let again = messages(&mut peer, 2).await;
    assert_eq!(again[0].1, sent[1].1);
    assert_eq!(again[1].1, sent[2].1);
    assert_eq!((again[0].0, again[1].0), (ReqId(4), ReqId(5)));
}

#[tokio::test]
async fn a_final_refusal_fails_one_message_which_can_be_tried_anew() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let queued = person.client.queue(LOBBY, text("no"), None).await.unwrap();
    let (req_id, send) = peer.message().await;
    peer.say(rejected(req_id, Refusal::FORBIDDEN, None)).await;
    let refused = soon(queued.outcome()).await.unwrap_err();
    let Unsent::Refused { message_id, refusal } = refused else { panic!("{refused:?}") };
    assert_eq!((message_id, refusal), (send.message_id, Refusal::FORBIDDEN));
    let failed = Delivery::Failed(Refusal::FORBIDDEN);
    person.until(|event| item(event, message_id, failed)).await;
    let serve = async {
        let (req_id, _) = peer.request().await;
        peer.page(req_id, vec![posted(1)]).await;
    };
    let shown = person.client.timeline(LOBBY, None, 9);
    let (shown, ()) = soon(async { tokio::join!(shown, serve) }).await;
    let shown = shown.unwrap();
    assert_eq!(
        shown.iter().map(|item| item.delivery).collect::<Vec<_>>(),
        [Delivery::Sent, failed]
    );

    person.client.retry(message_id).await.unwrap();
    person
        .until(|event| {
            let gone = ClientEvent::ItemGone { room: LOBBY, message_id };
            (*event == gone).then_some(())
        })
        .await;
    let (_, again) = peer.message().await;
    assert_ne!(again.message_id, message_id);
    assert_eq!(content(&again), "no");
}

#[tokio::test]
async fn the_echo_counts_as_the_receipt() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = peer.lane().await;
    lane.open(0, 1).await;
    let id = person.client.send(LOBBY, text("hello"), None).await.unwrap();
    let pending = person.until(|event| item(event, id, Delivery::Pending)).await;
    assert!(pending.mine && pending.seq.is_none());
    let (req_id, _) = peer.message().await;
    let echo = posted_as(1, ME, id);
    lane.say_message(tertulia_client::proto::LaneMessage::Event(echo)).await;
    let sent = person.until(|event| item(event, id, Delivery::Sent)).await;
    assert_eq!(sent.seq.unwrap().0, 1);
    assert!(person.client.waiting().await.is_empty());
    // Late, and of no more use.
    peer.receipt(req_id, id, 1).await;
    assert_eq!(soon(person.client.close(Duration::from_secs(9))).await.waiting, 0);
}

#[tokio::test]
async fn closing_waits_for_receipts_and_ends_the_stream_before_the_connection() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let id = person.client.send(LOBBY, text("last words"), None).await.unwrap();
    let serve = async {
        let (req_id, send) = peer.message().await;
        assert_eq!(send.message_id, id);
        peer.receipt(req_id, id, 1).await;
        assert!(peer.is_finished().await);
        peer.ended().await
    };
    let close = person.client.close(Duration::from_secs(60));
    let (closed, code) = soon(async { tokio::join!(close, serve) }).await;
    assert_eq!((closed.waiting, code), (0, CloseCode::OK));
    assert!(person.client.send(LOBBY, text("too late"), None).await.is_err());
}

#[tokio::test]
async fn a_thousand_messages_at_once_keep_their_order() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let client = person.client.clone();
    let write = async move {
        let mut all = Vec::new();
        for n in 0..1_000 {
            all.push(client.queue(LOBBY, text(&n.to_string()), None).await.unwrap());
        }
        for (n, queued) in all.into_iter().enumerate() {
            assert_eq!(queued.outcome().await.unwrap().seq.0, n as u64 + 1);
        }
    };
    let serve = async {
        for n in 0..1_000 {
            let (req_id, send) = peer.message().await;
            assert_eq!(content(&send), n.to_string());
            peer.receipt(req_id, send.message_id, n + 1).await;
        }
    };
    soon(async { tokio::join!(write, serve) }).await;
    assert_eq!(person.client.snapshot().queued, 0);
}

#[tokio::test]
async fn what_may_be_at_the_server_is_not_taken_out() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    for message in ["one", "two"] {
        person.client.send(LOBBY, text(message), None).await.unwrap();
    }
    let sent = messages(&mut peer, 2).await;
    peer.say(rejected(sent[0].0, Refusal::STORAGE, Some(60_000))).await;
    heard(&person, &mut peer).await;
    assert!(!person.client.cancel(sent[1].1.message_id).await.unwrap(), "on its way");
    assert!(person.client.cancel(sent[0].1.message_id).await.unwrap(), "refused for now");
}

#[tokio::test]
async fn what_an_earlier_process_may_have_sent_is_not_taken_out() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let sent = person.client.send(LOBBY, text("sent"), None).await.unwrap();
    messages(&mut peer, 1).await;
    peer.cut(CloseCode::INTERNAL);
    let mut peer = server.welcomed().await;
    messages(&mut peer, 1).await;
    drop(server);
    peer.cut(CloseCode::INTERNAL);
    soon(person.client.interrupted()).await;
    let unsent = person.client.send(LOBBY, text("never sent"), None).await.unwrap();
    assert_eq!(person.client.close(Duration::ZERO).await.waiting, 2);

    let again = Person::open(dir.path()).await;
    assert!(!again.client.cancel(sent).await.unwrap(), "the server may have it");
    assert!(again.client.cancel(unsent).await.unwrap());
    let waiting = again.client.waiting().await;
    assert_eq!(waiting.iter().map(|(_, item)| item.message_id).collect::<Vec<_>>(), [Some(sent)]);
}

#[tokio::test]
async fn what_is_sent_late_is_marked_before_it_leaves() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    peer.cut(CloseCode::INTERNAL);
    soon(person.client.interrupted()).await;
    let id = person.client.send(LOBBY, text("late"), None).await.unwrap();
    let outbox = rusqlite::Connection::open(dir.path().join("outbox.db")).unwrap();
    let is_marked = || {
        let row = outbox.query_row("SELECT may_be_sent FROM outbox", [], |row| row.get(0));
        row.unwrap_or(false)
    };
    assert!(!is_marked());
    let mut peer = server.welcomed().await;
    let (req_id, message) = peer.message().await;
    assert_eq!(message.message_id, id);
    assert!(is_marked());
    peer.say(rejected(req_id, Refusal::STORAGE, Some(60_000))).await;
    heard(&person, &mut peer).await;
    person.client.close(Duration::ZERO).await;
    assert!(!is_marked(), "the server has said that it has not taken it");
}

#[tokio::test]
async fn a_message_to_a_room_of_another_history_is_for_a_person_to_decide() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    peer.cut(CloseCode::GO_AWAY);
    let id = person.client.send(LOBBY, text("to whom?"), None).await.unwrap();
    // What it says behind its hello counts nothing here, as the hello named another history.
    let other = Epoch([8; 16]);
    let mut peer = server.accept().await;
    peer.welcome_as(other, Features::OURS).await;
    let mut peer = server.accept().await;
    assert_eq!(peer.hello().epoch, Some(other));
    peer.welcome_as(other, Features::OURS).await;
    person.until(|event| item(event, id, Delivery::Failed(Refusal::NO_SUCH_ROOM))).await;
    person.client.retry(id).await.unwrap();
    let (_, send) = peer.message().await;
    assert_eq!(content(&send), "to whom?");
    assert_ne!(send.message_id, id, "the first that the server gets is the one decided on");
}

#[tokio::test]
async fn what_waits_goes_out_right_behind_the_hello() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    peer.cut(CloseCode::INTERNAL);
    let id = person.client.send(LOBBY, text("early"), None).await.unwrap();
    let mut peer = server.accept().await;
    let (req_id, send) = peer.message().await;
    assert_eq!((req_id, content(&send)), (ReqId(1), "early"), "nobody said welcome yet");
    peer.welcome().await;
    peer.receipt(req_id, id, 1).await;
    person.until(|event| item(event, id, Delivery::Sent)).await;
    person.client.send(LOBBY, text("later"), None).await.unwrap();
    let (req_id, send) = peer.message().await;
    assert_eq!((req_id, content(&send)), (ReqId(2), "later"));
}

#[tokio::test]
async fn a_retry_in_a_full_outbox_loses_nothing() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let id = person.client.send(LOBBY, text("precious"), None).await.unwrap();
    let (req_id, _) = peer.message().await;
    peer.say(rejected(req_id, Refusal::FORBIDDEN, None)).await;
    person.until(|event| item(event, id, Delivery::Failed(Refusal::FORBIDDEN))).await;
    peer.cut(CloseCode::INTERNAL);
    drop((peer, server));
    let fill = async {
        let mut newest = None;
        for _ in 0..10_000 {
            newest = Some(person.client.queue(LOBBY, text("y"), None).await.unwrap());
        }
        newest.unwrap().outcome().await
    };
    let last = soon(fill).await;
    assert!(matches!(last, Err(Unsent::NotStored(_))), "it is not full: {last:?}");
    soon(person.client.retry(id)).await.unwrap();
    soon(person.client.close(Duration::ZERO)).await;

    let again = Person::with(dir.path(), false, false).await;
    let waiting = soon(again.client.waiting()).await;
    assert_eq!(waiting.len(), 10_000);
    let precious = Content::Text(text("precious"));
    assert!(waiting.iter().any(|(_, item)| item.content == precious));
}

/// Waits until the client has read everything that the server said so far.
async fn heard(person: &Person, peer: &mut Peer) {
    peer.say(Presence { complete: true, online: 77, people: Vec::new() }).await;
    let seen = |event: &ClientEvent| match event {
        ClientEvent::Presence(view) => (view.online == 77).then_some(()),
        _ => None,
    };
    person.until(seen).await;
}
