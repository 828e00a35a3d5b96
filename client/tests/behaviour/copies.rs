//! What follows once more as datagrams: it only makes things faster.

use bytes::Bytes;
use tertulia_client::{
    ClientEvent,
    proto::{
        Command, DatagramKind, Event, EventHead, LogPosition, MessageId, Receipt, ReqId, RoomId,
        Seq, ServerMessage, Timestamp, copies,
    },
};

use crate::{
    Person,
    fake_server::{FakeServer, LOBBY, Peer, posted},
    soon, text,
};

fn copy(peer: &Peer, kind: DatagramKind, frames: &[Bytes]) {
    peer.quic.send_datagram(copies::encode(kind, frames)).unwrap();
}

fn copy_events(peer: &Peer, events: impl IntoIterator<Item = Event>) {
    let frames: Vec<Bytes> = events.into_iter().map(|event| event.encode()).collect();
    copy(peer, DatagramKind::LaneCopy, &frames);
}

#[tokio::test]
async fn copied_events_count_once_in_their_turn_and_nothing_is_asked_for_because_of_them() {
    let (dir, server) = (tempfile::tempdir().unwrap(), FakeServer::start());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let elsewhere = |seq| {
        let event = posted(seq);
        Event { head: EventHead { room: RoomId(9), ..event.head }, ..event }
    };
    copy_events(&peer, [posted(1), elsewhere(1)]);
    let mut lane = peer.lane().await;
    lane.open(0, 1).await;
    lane.live().await;
    copy_events(&peer, [posted(2), posted(4), elsewhere(1)]);
    copy_events(&peer, [posted(1)]);
    lane.events([1, 2]).await;
    copy_events(&peer, [posted(2), posted(3)]);
    lane.events([3, 4, 5]).await;
    let mut seqs = Vec::new();
    person
        .until(|event| {
            if let ClientEvent::Items { room, items } = event {
                assert_eq!(*room, LOBBY);
                seqs.extend(items.iter().map(|item| item.seq.unwrap().0));
            }
            (seqs.len() >= 5).then_some(())
        })
        .await;
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    // The first that the server is asked.
    let asked = tokio::spawn({
        let client = person.client.clone();
        async move { client.rooms().await }
    });
    assert!(matches!(soon(peer.request()).await, (ReqId(1), Command::ListRooms(_))));
    asked.abort();
}

#[tokio::test]
async fn a_receipt_counts_by_whichever_way_it_comes_first() {
    let (dir, server) = (tempfile::tempdir().unwrap(), FakeServer::start());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    for seq in 1..=2 {
        let queued = person.client.queue(LOBBY, text("hello"), None).await.unwrap();
        let (req_id, send) = soon(peer.message()).await;
        copy(&peer, DatagramKind::ControlCopy, &[receipt(req_id, send.message_id, seq)]);
        let sent = soon(queued.outcome()).await.unwrap();
        assert_eq!(sent.seq, Seq(seq));
        peer.receipt(req_id, send.message_id, seq).await;
    }
    assert_eq!(person.client.snapshot().queued, 0);
}

#[tokio::test]
async fn what_is_no_copy_that_counts_does_no_harm() {
    let (dir, server) = (tempfile::tempdir().unwrap(), FakeServer::start());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = peer.lane().await;
    lane.open(0, 1).await;
    lane.live().await;
    for datagram in [&[1][..], &[2], &[2, 255, 255], &[1, 3, 0, 0, 0], &[4, 1], &[], &[7; 900]] {
        peer.quic.send_datagram(Bytes::copy_from_slice(datagram)).unwrap();
    }
    // Answers to nothing, and far ahead.
    copy(&peer, DatagramKind::ControlCopy, &[receipt(ReqId(77), MessageId([7; 16]), 3)]);
    for seq in 2..300 {
        copy_events(&peer, [posted(seq)]);
    }
    lane.events([1]).await;
    lane.events(2..=300).await;
    let mut newest = 0;
    person
        .until(|event| {
            if let ClientEvent::Items { items, .. } = event {
                for item in items {
                    assert_eq!(item.seq, Some(Seq(newest + 1)));
                    newest += 1;
                }
            }
            (newest == 300).then_some(())
        })
        .await;
}

fn receipt(req_id: ReqId, message_id: MessageId, seq: u64) -> Bytes {
    ServerMessage::from(Receipt {
        req_id,
        message_id,
        room: LOBBY,
        seq: Seq(seq),
        position: LogPosition(seq),
        time: Timestamp(1_000 + seq),
        duplicate: false,
    })
    .encode()
}
