//! Timelines, followers, presence: nothing twice, nothing missing, in order.

use std::time::Duration;

use tertulia_client::{
    ClientEvent, Connection, Follow, Item,
    proto::{
        AccountId, Command, DisplayName, Epoch, Handle, History, LaneNotice, Person as Other,
        Presence, Refusal, Rejected, ReqId, Role, RoomClosed, RoomCursor, RoomJump, Seq, Span,
        close::CloseCode,
    },
};

use crate::{
    Person,
    fake_server::{EPOCH, FakeServer, LOBBY, Lane, Peer, posted},
    soon,
};

fn seqs(items: &[Item]) -> Vec<u64> {
    items.iter().map(|item| item.seq.unwrap().0).collect()
}

/// Collects items of the lobby until `count` are there.
async fn items(person: &Person, count: usize) -> Vec<u64> {
    let mut all = Vec::new();
    person
        .until(|event| {
            if let ClientEvent::Items { items, .. } = event {
                all.extend(seqs(items));
            }
            (all.len() >= count).then_some(())
        })
        .await;
    all
}

async fn history(peer: &mut Peer) -> (ReqId, Span) {
    match peer.request().await {
        (req_id, Command::History(History { room: LOBBY, span, .. })) => (req_id, span),
        other => panic!("{other:?}"),
    }
}

async fn followed(follow: &mut Follow, count: usize) -> Vec<u64> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(soon(follow.next()).await.unwrap().head.seq.0);
    }
    all
}

async fn opened(peer: &Peer, head: u64, next: u64) -> Lane {
    let mut lane = peer.lane().await;
    lane.open(head, next).await;
    lane
}

#[tokio::test]
async fn duplicates_are_dropped_and_a_gap_is_filled_by_a_page() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events([1, 2, 2, 1, 5, 6]).await;
    let (req_id, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(2)));
    lane.events([7]).await;
    peer.page(req_id, vec![posted(3), posted(4), posted(5)]).await;
    lane.live().await;
    assert_eq!(items(&person, 7).await, (1..=7).collect::<Vec<_>>());
    let view = person.client.snapshot().rooms.remove(0);
    assert_eq!((view.listing.head, view.listing.unread), (Seq(7), 7));
    assert_eq!(view.preview.unwrap().1, "text 7");
}

#[tokio::test]
async fn a_jump_resets_a_window() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events([1, 2]).await;
    assert_eq!(items(&person, 2).await, [1, 2]);
    lane.say(LaneNotice::RoomJump(RoomJump { room: LOBBY, next: Seq(500) })).await;
    lane.events([500]).await;
    let reset = ClientEvent::TimelineReset(LOBBY);
    person.until(|event| (*event == reset).then_some(())).await;
    assert_eq!(items(&person, 1).await, [500]);
    let shown = soon(person.client.timeline(LOBBY, None, 1)).await.unwrap();
    assert_eq!(seqs(&shown), [500], "what was before is not shown next to it");
}

#[tokio::test]
async fn a_follower_gets_everything_once_whatever_comes_between() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 60, 51).await;
    let mut follow = person.client.follow(LOBBY, Seq(0)).await.unwrap();
    let (req_id, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(0)));
    lane.events(51..=60).await;
    lane.live().await;
    peer.page(req_id, (1..=50).map(posted).collect()).await;
    assert_eq!(followed(&mut follow, 60).await, (1..=60).collect::<Vec<_>>());

    // A jump, then a cut with the page on its way, then a start with an overlap.
    lane.say(LaneNotice::RoomJump(RoomJump { room: LOBBY, next: Seq(70) })).await;
    lane.events([70]).await;
    let (_, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(60)));
    peer.cut(CloseCode::SLOW_CONSUMER);
    let mut peer = server.welcomed().await;
    assert_eq!(peer.hello().cursors, [RoomCursor { room: LOBBY, seq: Seq(70) }]);
    let mut lane = opened(&peer, 72, 69).await;
    lane.events(69..=72).await;
    let (req_id, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(60)));
    peer.page(req_id, (61..=65).map(posted).collect()).await;
    let (req_id, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(65)));
    peer.page(req_id, (66..=72).map(posted).collect()).await;
    lane.events([73]).await;
    assert_eq!(followed(&mut follow, 13).await, (61..=73).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_slow_follower_loses_nothing_and_holds_little() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    let mut follow = person.client.follow(LOBBY, Seq(0)).await.unwrap();
    lane.events(1..=3_000).await;
    lane.live().await;
    person.until(|event| (*event == ClientEvent::Connection(Connection::Live)).then_some(())).await;
    let serve = async {
        loop {
            let (req_id, span) = history(&mut peer).await;
            let Span::After(after) = span else { panic!("{span:?}") };
            let page = (after.0 + 1..=3_000).take(200).map(posted).collect();
            peer.page(req_id, page).await;
        }
    };
    tokio::select! {
        biased;
        all = followed(&mut follow, 3_000) => {
            assert_eq!(all, (1..=3_000).collect::<Vec<_>>());
        }
        () = serve => {}
    }
}

#[tokio::test]
async fn a_follower_ends_with_the_membership() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    let mut follow = person.client.follow(LOBBY, Seq(0)).await.unwrap();
    lane.events([1]).await;
    assert_eq!(followed(&mut follow, 1).await, [1]);
    lane.say(LaneNotice::RoomClosed(RoomClosed { room: LOBBY })).await;
    assert!(soon(follow.next()).await.is_none());
    person.until(|event| (*event == ClientEvent::RoomGone(LOBBY)).then_some(())).await;
}

#[tokio::test]
async fn a_room_left_elsewhere_is_gone_after_the_next_welcome() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.live().await;
    person.client.live().await.unwrap();
    peer.cut(CloseCode::INTERNAL);
    let peer = server.welcomed().await;
    peer.lane().await.live().await;
    person.until(|event| (*event == ClientEvent::RoomGone(LOBBY)).then_some(())).await;
    assert!(person.client.snapshot().rooms.is_empty());
}

#[tokio::test]
async fn another_history_begins_anew() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events([1, 2, 3]).await;
    assert_eq!(items(&person, 3).await, [1, 2, 3]);
    let mut follow = person.client.follow(LOBBY, Seq(3)).await.unwrap();
    peer.cut(CloseCode::GO_AWAY);

    let mut peer = server.accept().await;
    assert_eq!((peer.hello().epoch, peer.hello().cursors.len()), (Some(EPOCH), 1));
    peer.welcome_with(Epoch([8; 16])).await;
    let reset = ClientEvent::TimelineReset(LOBBY);
    person.until(|event| (*event == reset).then_some(())).await;
    let mut lane = opened(&peer, 1, 1).await;
    lane.events([1, 2]).await;
    assert_eq!(items(&person, 2).await, [1, 2]);
    let shown = soon(person.client.timeline(LOBBY, None, 9)).await.unwrap();
    assert_eq!(seqs(&shown), [1, 2]);
    assert_eq!(followed(&mut follow, 1).await, [2], "what the new history adds");
}

#[tokio::test]
async fn the_cache_shows_rooms_before_the_network_answers_and_goes_on_from_there() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 12, 11).await;
    lane.events([11, 12]).await;
    assert_eq!(items(&person, 2).await, [11, 12]);
    let older = person.client.timeline(LOBBY, None, 5);
    let serve = async {
        let (req_id, span) = history(&mut peer).await;
        assert_eq!(span, Span::Before(Seq(11)));
        peer.page(req_id, vec![posted(8), posted(9), posted(10)]).await;
    };
    let (shown, ()) = soon(async { tokio::join!(older, serve) }).await;
    assert_eq!(seqs(&shown.unwrap()), [8, 9, 10, 11, 12]);
    person.client.close(Duration::ZERO).await;

    let again = Person::open(dir.path()).await;
    let snapshot = again.client.snapshot();
    assert_eq!(snapshot.rooms[0].preview.as_ref().unwrap().1, "text 12");
    let shown = again.client.timeline(LOBBY, None, 5).await.unwrap();
    assert_eq!(seqs(&shown), [8, 9, 10, 11, 12]);
    let peer = server.welcomed().await;
    assert_eq!(peer.hello().cursors, [RoomCursor { room: LOBBY, seq: Seq(12) }]);
    let mut lane = opened(&peer, 13, 13).await;
    lane.events([13]).await;
    assert_eq!(items(&again, 1).await, [13]);
    let shown = again.client.timeline(LOBBY, Some(Seq(13)), 2).await.unwrap();
    assert_eq!(seqs(&shown), [11, 12]);
}

#[tokio::test]
async fn presence_is_old_while_there_is_no_connection() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let other = Other {
        account: AccountId(2),
        handle: Handle::new("beto").unwrap(),
        display: DisplayName::new("Beto").unwrap(),
        role: Role::Member,
        online: true,
    };
    peer.say(Presence { complete: true, online: 2, people: vec![other] }).await;
    let view = |event: &ClientEvent| match event {
        ClientEvent::Presence(view) => Some(view.clone()),
        _ => None,
    };
    let now = person.until(view).await;
    assert_eq!((now.online, now.people.len(), now.current), (2, 1, true));
    peer.cut(CloseCode::INTERNAL);
    let then = person.until(view).await;
    assert_eq!((then.online, then.people.len(), then.current), (2, 1, false));
}

#[tokio::test]
async fn read_markers_are_told_once_and_newest_first() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events(1..=5).await;
    assert_eq!(items(&person, 5).await.len(), 5);
    person.client.mark_read(LOBBY, Seq(2));
    let (_, first) = peer.request().await;
    person.client.mark_read(LOBBY, Seq(3));
    person.client.mark_read(LOBBY, Seq(5));
    person.client.mark_read(LOBBY, Seq(4));
    let (_, second) = peer.request().await;
    let marks = [first, second].map(|command| match command {
        Command::MarkRead(mark) => mark.seq.0,
        other => panic!("{other:?}"),
    });
    assert_eq!(marks, [2, 5], "those of a second are one");
    assert_eq!(person.client.snapshot().rooms[0].listing.unread, 0);
}

#[tokio::test]
async fn a_marker_that_was_not_stored_is_told_again() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events(1..=5).await;
    assert_eq!(items(&person, 5).await.len(), 5);
    person.client.mark_read(LOBBY, Seq(2));
    let (req_id, first) = peer.request().await;
    let refusal = Refusal::STORAGE;
    peer.say(Rejected { req_id, refusal, retry_after_ms: None, proposal: None }).await;
    let (_, second) = peer.request().await;
    assert!(matches!(&second, Command::MarkRead(mark) if mark.seq == Seq(2)), "{second:?}");
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_cache_that_missed_the_change_of_history_begins_anew() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    lane.events([1, 2, 3]).await;
    assert_eq!(items(&person, 3).await, [1, 2, 3]);
    soon(person.client.close(Duration::ZERO)).await;

    // A process without a cache is the first to hear of the other history.
    let other = Person::with(dir.path(), false, false).await;
    let mut peer = server.accept().await;
    peer.welcome_with(Epoch([8; 16])).await;
    soon(other.client.welcomed()).await.unwrap();
    soon(other.client.close(Duration::ZERO)).await;

    let again = Person::open(dir.path()).await;
    assert!(again.client.snapshot().rooms.is_empty());
    let peer = server.accept().await;
    assert_eq!((peer.hello().epoch, peer.hello().cursors.len()), (Some(Epoch([8; 16])), 0));
}

#[tokio::test]
async fn a_page_for_an_earlier_follower_is_not_the_next_ones() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 10, 11).await;
    lane.live().await;
    soon(person.client.live()).await.unwrap();
    drop(person.client.follow(LOBBY, Seq(5)).await.unwrap());
    let (first, _) = history(&mut peer).await;
    let mut follow = person.client.follow(LOBBY, Seq(0)).await.unwrap();
    let (second, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(0)));
    peer.page(first, (6..=10).map(posted).collect()).await;
    peer.page(second, (1..=10).map(posted).collect()).await;
    assert_eq!(followed(&mut follow, 10).await, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_gap_that_can_not_be_filled_is_told() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let mut lane = opened(&peer, 0, 1).await;
    // More come early than are held.
    lane.events(std::iter::once(1).chain(3..=300)).await;
    let (req_id, _) = history(&mut peer).await;
    peer.page(req_id, vec![posted(2)]).await;
    let (req_id, span) = history(&mut peer).await;
    assert_eq!(span, Span::After(Seq(258)));
    peer.page(req_id, Vec::new()).await;
    let reset = ClientEvent::TimelineReset(LOBBY);
    person.until(|event| (*event == reset).then_some(())).await;
    lane.events([301]).await;
    assert_eq!(items(&person, 1).await, [301]);
    let shown = soon(person.client.timeline(LOBBY, None, 1)).await.unwrap();
    assert_eq!(seqs(&shown), [301], "what was before is not shown next to it");
}
