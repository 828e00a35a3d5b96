use std::{rc::Rc, time::Duration};

use gtk::glib::clone;
use tertulia_client::{ClientEvent, Trouble, proto::Seq};

use super::*;
use crate::model::testing::{person, room_view, snapshot, text_item};

fn batch(events: Vec<ClientEvent>) -> Batch {
    let mut batch = Batch::default();
    events.into_iter().for_each(|event| batch.fold(event));
    batch
}

#[test]
fn rooms_come_change_and_go() {
    let session = Session::default();
    session.restore(snapshot(&[(1, "lobby"), (2, "garden")]));
    assert_eq!(session.rooms().n_items(), 2);
    let mut view = room_view(2, "garden");
    view.listing.unread = 5;
    session.apply(batch(vec![
        ClientEvent::Room(view),
        ClientEvent::Room(room_view(3, "music")),
        ClientEvent::RoomGone(RoomId(1)),
    ]));
    assert_eq!(session.room(RoomId(2)).unwrap().unread(), 5);
    assert_eq!(session.room(RoomId(3)).unwrap().title(), "#music");
    assert!(session.room(RoomId(1)).is_none());
}

#[test]
fn a_fresh_snapshot_takes_away_rooms_that_are_gone() {
    let session = Session::default();
    session.restore(snapshot(&[(1, "lobby"), (2, "garden")]));
    let room = session.room(RoomId(1)).unwrap();
    session.open_room(&room);
    session.restore(snapshot(&[(2, "garden")]));
    assert_eq!(session.rooms().n_items(), 1);
    assert_eq!(session.current(), None);
}

#[test]
fn items_reach_the_room_in_sight() {
    let session = Session::default();
    session.restore(snapshot(&[(1, "lobby"), (2, "garden")]));
    let (lobby, garden) = (session.room(RoomId(1)).unwrap(), session.room(RoomId(2)).unwrap());
    session.open_room(&lobby);
    let items = |room, seq| ClientEvent::Items {
        room: RoomId(room),
        items: vec![text_item(seq, "beto", "hi")],
    };
    session.apply(batch(vec![items(1, 1), items(2, 1), items(1, 2)]));
    assert_eq!(lobby.lines().n_items(), 3);
    assert_eq!(garden.lines().n_items(), 0);
}

#[test]
fn offline_since_is_when_it_began() {
    let session = Session::default();
    let changes = Rc::new(Cell::new(0));
    session.connect_connection_changed({
        let changes = changes.clone();
        move |_| changes.set(changes.get() + 1)
    });
    let offline = |retry_in| {
        let trouble = Trouble::GoingAway;
        ClientEvent::Connection(Connection::Offline { trouble, retry_in })
    };
    session.apply(batch(vec![offline(Duration::from_secs(1))]));
    let since = session.offline_since();
    assert!(since.is_some());
    session.apply(batch(vec![ClientEvent::Connection(Connection::Connecting { doubt: None })]));
    session.apply(batch(vec![offline(Duration::from_secs(2))]));
    assert_eq!(session.offline_since(), since);
    session.apply(batch(vec![ClientEvent::Connection(Connection::Live)]));
    assert_eq!(session.offline_since(), None);
    assert_eq!(changes.get(), 4);
}

#[test]
fn members_here_come_first_and_follow_presence() {
    let session = Session::default();
    session.restore(snapshot(&[(1, "lobby")]));
    session.set_members(vec![person("caro"), person("ana"), person("beto")]);
    session.apply(batch(vec![ClientEvent::Presence(PresenceView {
        online: 1,
        people: vec![person("beto")],
        current: true,
    })]));
    let shown: Vec<_> = session
        .iter_members()
        .map(|member| (member.person().display.to_string(), member.person().online, member.is_me()))
        .collect();
    let expected = [("beto", true, false), ("ana", false, true), ("caro", false, false)];
    assert_eq!(shown, expected.map(|(name, here, me)| (name.to_owned(), here, me)));
}

#[test]
fn what_others_say_is_told_once_and_what_is_read_is_not() {
    let session = Session::default();
    let mut view = room_view(1, "garden");
    view.listing.read = Seq(2);
    let told = Rc::new(RefCell::new(Vec::new()));
    session.connect_arrived(clone!(
        #[strong]
        told,
        move |room, arrival| told.borrow_mut().push((room.id(), arrival.newest.seq))
    ));
    let items = |seqs: std::ops::RangeInclusive<u64>| ClientEvent::Items {
        room: RoomId(1),
        items: seqs.map(|seq| text_item(seq, "Ana", "x")).collect(),
    };
    let tell = |events: Vec<ClientEvent>| {
        session.apply(batch(events));
        told.take()
    };
    assert_eq!(tell(vec![ClientEvent::Room(view), items(1..=2)]), []);
    assert_eq!(tell(vec![items(2..=4)]), [(RoomId(1), Some(Seq(4)))]);
    assert_eq!(tell(vec![items(3..=4)]), [], "told already");
    assert_eq!(tell(vec![ClientEvent::TimelineReset(RoomId(1)), items(1..=2)]), [], "read before");
    assert_eq!(tell(vec![items(3..=3)]), [(RoomId(1), Some(Seq(3)))], "numbers began anew");
}
