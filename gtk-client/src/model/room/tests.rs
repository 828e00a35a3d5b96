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
    assert_eq!(room.begin_load(), Some((Some(Seq(2_701)), 0)));
}

#[test]
fn a_followed_room_drops_old_items_many_at_a_time() {
    let room = Room::new(room_view(1, "garden"));
    room.open();
    room.set_followed(true);
    let many =
        |from: u64, to: u64| items((from..=to).map(|seq| text_item(seq, "ana", "hi")).collect());
    room.apply(many(1, 600));
    assert_eq!(room.lines().n_items(), 601);
    let changes = Rc::new(RefCell::new(Vec::new()));
    room.lines().connect_items_changed({
        let changes = changes.clone();
        move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
    });
    room.apply(many(601, 601));
    // The group's end moves on; then three hundred go from the front, and a group begins there.
    assert_eq!(*changes.borrow(), [(600, 1, 2), (1, 302, 1)]);
    room.apply(many(602, 602));
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
    room.read_to(Seq(4));
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

fn with_unread(read: u64, head: u64) -> Room {
    let mut view = room_view(1, "garden");
    (view.listing.read, view.listing.head) = (Seq(read), Seq(head));
    view.listing.unread = (head - read) as u32;
    Room::new(view)
}

/// The texts from the line "new" on; `None`: it is not there.
fn new_ones(room: &Room) -> Option<Vec<String>> {
    let lines: Vec<TimelineLine> = room.lines().iter().filter_map(Result::ok).collect();
    let place = room.new_place()? as usize;
    assert!(matches!(lines[place].line(), Line::New));
    let texts = lines[place..].iter().filter_map(|line| match line.line() {
        Line::Message { item, .. } => match &item.content {
            tertulia_client::Content::Text(text) => Some(text.as_str().to_owned()),
            _ => None,
        },
        _ => None,
    });
    Some(texts.collect())
}

fn texts(seqs: std::ops::RangeInclusive<u64>) -> RoomChanges {
    items(seqs.map(|seq| text_item(seq, "ana", &format!("m{seq}"))).collect())
}

#[test]
fn what_is_new_stays_so_while_one_reads_and_more_comes() {
    let room = with_unread(2, 4);
    room.open();
    room.apply(texts(1..=4));
    assert_eq!(new_ones(&room).unwrap(), ["m3", "m4"]);
    assert_eq!(room.new_count(), Some(2));
    room.read_to(Seq(4));
    room.apply(texts(5..=5));
    assert_eq!(new_ones(&room).unwrap(), ["m3", "m4", "m5"], "read, and the line stays");
    assert_eq!(room.new_count(), Some(2));
}

#[test]
fn a_room_left_and_opened_again_says_nothing_is_new_once_it_was_read() {
    let room = with_unread(2, 4);
    room.open();
    room.apply(texts(1..=4));
    room.read_to(Seq(4));
    room.rest();
    assert_eq!((new_ones(&room), room.new_count()), (None, None));
    room.open();
    assert_eq!(new_ones(&room), None);
}

#[test]
fn what_came_while_nobody_looked_is_new_when_one_looks_again() {
    let room = with_unread(4, 4);
    room.open();
    room.apply(texts(1..=4));
    assert!(!room.mark_new(), "there is nothing new");
    let mut view = room_view(1, "garden");
    (view.listing.read, view.listing.head, view.listing.unread) = (Seq(4), Seq(6), 2);
    room.apply(RoomChanges { view: Some(view), ..texts(5..=6) });
    assert_eq!(new_ones(&room), None, "nobody has looked");
    assert!(room.mark_new());
    assert_eq!(new_ones(&room).unwrap(), ["m5", "m6"]);
}

#[test]
fn a_draft_is_told_in_one_line() {
    let room = Room::new(room_view(1, "garden"));
    assert_eq!(room.draft_line(), None);
    room.set_draft("two\n  lines");
    assert_eq!(room.draft_line().unwrap(), "Draft: two lines");
    room.set_draft(" \n");
    assert_eq!(room.draft_line(), None);
}

/// The texts that are loaded.
fn shown(room: &Room) -> Vec<String> {
    let lines = room.lines().iter::<TimelineLine>().filter_map(Result::ok);
    let text = |line: TimelineLine| match &line.message()?.content {
        tertulia_client::Content::Text(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    lines.filter_map(text).collect()
}

fn piece(seqs: std::ops::RangeInclusive<u64>) -> Vec<Item> {
    seqs.map(|seq| text_item(seq, "ana", &format!("m{seq}"))).collect()
}

#[test]
fn far_back_only_what_is_there_is_shown_until_the_newest_are_reached() {
    let room = with_unread(9, 9);
    room.open();
    room.apply(texts(8..=9));
    assert!(room.leap(room.generation(), piece(2..=3)));
    assert!(room.is_detached());
    assert_eq!(shown(&room), ["m2", "m3"]);
    let mut view = room_view(1, "garden");
    view.listing.head = Seq(10);
    room.apply(RoomChanges { view: Some(view), ..texts(10..=10) });
    assert_eq!(shown(&room), ["m2", "m3"], "there would be a gap before it");
    let (after, generation) = room.begin_load_newer().unwrap();
    assert_eq!(after, Seq(3));
    assert_eq!(room.begin_load_newer(), None, "one is under way");
    room.end_load_newer(generation, Some(piece(4..=9)));
    assert!(room.is_detached(), "one more came meanwhile");
    let (_, generation) = room.begin_load_newer().unwrap();
    room.end_load_newer(generation, Some(piece(10..=10)));
    assert!(!room.is_detached());
    assert_eq!(room.begin_load_newer(), None);
    room.apply(texts(11..=11));
    assert_eq!(shown(&room).len(), 10, "from the second to the last");
}

#[test]
fn what_one_writes_far_back_shows_until_it_has_its_place_elsewhere() {
    let room = with_unread(9, 9);
    room.open();
    room.leap(room.generation(), piece(2..=3));
    room.apply(items(vec![waiting_item(5, "mine")]));
    assert_eq!(shown(&room), ["m2", "m3", "mine"]);
    room.apply(items(vec![Item { seq: Some(Seq(10)), ..waiting_item(5, "mine") }]));
    assert_eq!(shown(&room), ["m2", "m3"]);
}

#[test]
fn a_room_that_was_left_far_back_begins_at_its_end_again() {
    let room = with_unread(9, 9);
    room.open();
    room.leap(room.generation(), piece(2..=3));
    room.rest();
    assert!(!room.is_detached() && room.is_empty());
    let stale = room.generation() - 1;
    assert!(!room.leap(stale, piece(2..=3)), "asked for before");
}
