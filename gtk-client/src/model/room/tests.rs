use std::rc::Rc;

use tertulia_client::{
    Item,
    proto::{Seq, Topic},
};

use super::{contents::ITEMS_AT_REST, *};
use crate::{
    bridge::{RoomChanges, TimelineChange},
    model::testing::{direct_view, joined_item, person, room_view, text_item, waiting_item},
};

fn items(change: Vec<Item>) -> RoomChanges {
    RoomChanges { timeline: vec![TimelineChange::Items(change)], ..RoomChanges::default() }
}

#[test]
fn an_unopened_room_keeps_no_items() {
    let room = Room::new(room_view(1, "garden"));
    room.apply(items(vec![text_item(1, "ana", "hi")]));
    assert_eq!(room.lines().n_items(), 0);
    assert!(room.open());
    room.apply(items(vec![text_item(2, "ana", "hi")]));
    assert_eq!(room.lines().n_items(), 2, "a day and a message");
}

#[test]
fn one_page_is_loaded_at_a_time_until_the_first_item() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    let (before, generation) = room.begin_load().unwrap();
    assert_eq!(before, None);
    assert_eq!(room.begin_load(), None, "one is under way");
    room.end_load(generation, Some(vec![text_item(7, "ana", "hi")]));
    let (before, generation) = room.begin_load().unwrap();
    assert_eq!(before, Some(Seq(7)));
    room.end_load(generation, None);
    let (_, generation) = room.begin_load().unwrap();
    room.end_load(generation, Some(vec![text_item(1, "ana", "first")]));
    assert_eq!(room.begin_load(), None, "there is nothing before the first");
}

#[test]
fn a_page_asked_for_before_a_reset_is_dropped() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    let (_, generation) = room.begin_load().unwrap();
    room.apply(RoomChanges { reset: true, ..RoomChanges::default() });
    room.end_load(generation, Some(vec![text_item(7, "ana", "stale")]));
    assert!(room.is_empty());
    assert!(room.begin_load().is_some());
}

#[test]
fn changed_lines_are_one_change_of_the_list() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    let changes = Rc::new(RefCell::new(Vec::new()));
    room.lines().connect_items_changed({
        let changes = changes.clone();
        move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
    });
    room.apply(items((1..=100).map(|seq| text_item(seq, "ana", "hi")).collect()));
    room.apply(items(vec![waiting_item(5, "mine")]));
    room.apply(items(vec![waiting_item(5, "mine")]));
    assert_eq!(*changes.borrow(), [(0, 0, 101), (101, 0, 1)]);
}

#[test]
fn a_room_at_rest_is_small_and_can_load_again() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    let many = (1..=3_000).map(|seq| text_item(seq, "ana", "hi"));
    room.apply(items(many.collect()));
    room.rest();
    assert_eq!(room.lines().n_items() as usize, ITEMS_AT_REST + 1);
    assert_eq!(room.begin_load(), Some((Some(Seq(2_001)), 0)));
}

#[test]
fn a_followed_room_drops_old_items_many_at_a_time() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    room.set_followed(true);
    let many =
        |from: u64, to: u64| items((from..=to).map(|seq| text_item(seq, "ana", "hi")).collect());
    room.apply(many(1, 2_000));
    assert_eq!(room.lines().n_items(), 2_001);
    let changes = Rc::new(RefCell::new(Vec::new()));
    room.lines().connect_items_changed({
        let changes = changes.clone();
        move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
    });
    room.apply(many(2_001, 2_001));
    // The group's end moves on; then a thousand go from the front, and a group begins there.
    assert_eq!(*changes.borrow(), [(2_000, 1, 2), (1, 1_002, 1)]);
    room.apply(many(2_002, 2_002));
    assert_eq!(changes.borrow().len(), 3);
}

#[test]
fn a_preview_is_one_line() {
    let mut view = room_view(1, "garden");
    view.preview = Some(("Ana".into(), "two\n  lines".into(), Timestamp(0)));
    let room = Room::new(view);
    assert_eq!(room.title(), "#garden");
    assert_eq!(room.preview(), "Ana: two lines");
}

#[test]
fn a_direct_room_is_called_by_the_other_one_and_all_of_it_is_to_the_reader() {
    let mut view = direct_view(1, "Ana María");
    (view.listing.unread, view.listing.mentions) = (3, 1);
    view.preview = Some(("Ana María".into(), "hello".into(), Timestamp(0)));
    let room = Room::new(view);
    assert_eq!(room.title(), "Ana María");
    assert_eq!(room.preview(), "hello", "who else would have said it");
    assert_eq!((room.unread(), room.mentions()), (3, 3));
    room.clear_unread();
    assert_eq!((room.unread(), room.mentions()), (0, 0));
}

#[test]
fn the_other_one_is_here_or_not() {
    let room = Room::new(direct_view(1, "beto"));
    let here = |people| PresenceView { online: 1, people, current: true };
    room.set_presence(&here(vec![person("ana"), person("beto")]));
    assert!(room.online());
    room.set_presence(&here(vec![person("ana")]));
    assert!(!room.online());
}

#[test]
fn a_topic_is_shown_as_one_line() {
    let mut view = room_view(1, "garden");
    view.listing.topic = Topic::new("beds\n and  seeds").unwrap();
    assert_eq!(Room::new(view).topic(), "beds and seeds");
}

#[test]
fn a_room_of_two_is_silent_until_somebody_speaks() {
    let mut view = direct_view(1, "beto");
    view.listing.head = Seq(2);
    let room = Room::new(view);
    room.open();
    let (_, generation) = room.begin_load().unwrap();
    assert!(!room.is_silent(), "it is not known yet");
    room.end_load(generation, Some(vec![joined_item(1, "ana"), joined_item(2, "beto")]));
    assert!(room.is_silent());
    room.apply(items(vec![text_item(3, "beto", "hi")]));
    assert!(!room.is_silent());
}
