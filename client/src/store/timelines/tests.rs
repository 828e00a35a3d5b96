use super::*;
use crate::core::room::tests::{listing, posted};

const ROOM: RoomId = RoomId(1);
const EPOCH: Epoch = Epoch([7; 16]);

fn open(dir: &Path) -> Timelines {
    Timelines::open(dir, Some(EPOCH)).unwrap().unwrap().0
}

impl Timelines {
    fn rooms(&self) -> rusqlite::Result<Vec<Kept>> {
        rooms(&self.connection)
    }
}

fn seqs(timelines: &Timelines, before: Option<u64>, limit: u16) -> Vec<u64> {
    let events = timelines.newest(ROOM, before.map(Seq), limit).unwrap();
    events.iter().map(|event| event.head.seq.0).collect()
}

fn events(seqs: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    seqs.map(posted).collect()
}

fn filled(dir: &Path) -> Timelines {
    let mut timelines = open(dir);
    let room = Change::Room { listing: listing(12, 0, 0), have: Seq(9) };
    timelines.apply(vec![room, Change::Append(ROOM, events(10..=12))]).unwrap();
    timelines
}

#[test]
fn a_run_grows_at_both_ends_and_survives() {
    let dir = tempfile::tempdir().unwrap();
    let mut timelines = filled(dir.path());
    timelines.apply(vec![Change::Prepend(ROOM, events(5..=9))]).unwrap();
    timelines.apply(vec![Change::Prepend(ROOM, events(1..=2))]).unwrap();
    drop(timelines);
    let timelines = open(dir.path());
    assert_eq!(seqs(&timelines, None, 100), (5..=12).collect::<Vec<_>>());
    assert_eq!(seqs(&timelines, Some(8), 2), [6, 7]);
    assert_eq!(timelines.oldest(ROOM).unwrap(), Some(Seq(5)));
    assert_eq!(timelines.newest(ROOM, Some(Seq(6)), 1).unwrap(), [posted(5)]);
    let rooms = timelines.rooms().unwrap();
    assert_eq!(rooms[0].have, Seq(12));
    assert_eq!(rooms[0].view.listing, listing(12, 0, 0));
    assert_eq!(rooms[0].view.preview.as_ref().unwrap().1, "text 12");
}

#[test]
fn a_room_told_again_keeps_its_place_and_a_reset_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut timelines = filled(dir.path());
    timelines.apply(vec![Change::Room { listing: listing(99, 0, 9), have: Seq(0) }]).unwrap();
    assert_eq!(timelines.rooms().unwrap()[0].have, Seq(12));
    timelines.apply(vec![Change::Reset { room: ROOM, have: Seq(49) }]).unwrap();
    assert_eq!((seqs(&timelines, None, 9), timelines.rooms().unwrap()[0].have), (vec![], Seq(49)));
    timelines.apply(vec![Change::Append(ROOM, events(50..=51)), Change::Forget(ROOM)]).unwrap();
    assert!(seqs(&timelines, None, 9).is_empty() && timelines.rooms().unwrap().is_empty());
}

#[test]
fn only_the_newest_are_kept_over_a_start_and_the_rest_goes_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut timelines = open(dir.path());
    let room = Change::Room { listing: listing(0, 0, 0), have: Seq(0) };
    timelines.apply(vec![room, Change::Append(ROOM, events(1..=7_010))]).unwrap();
    assert!(!timelines.has_surplus(), "what came since is kept until the next start");
    drop(timelines);
    let mut timelines = open(dir.path());
    let mut gone = vec![];
    while timelines.has_surplus() {
        timelines.trim().unwrap();
        gone.push(timelines.oldest(ROOM).unwrap().unwrap().0 - 1);
    }
    assert_eq!(gone, [1_000, 2_000, 2_010, 2_010]);
    drop(timelines);
    assert!(!open(dir.path()).has_surplus());
}

#[test]
fn a_room_that_begins_anew_loses_nothing_to_what_was_too_much_before() {
    for anew in [Change::Reset { room: ROOM, have: Seq(0) }, Change::Clear(EPOCH)] {
        let dir = tempfile::tempdir().unwrap();
        let room = || Change::Room { listing: listing(0, 0, 0), have: Seq(0) };
        let mut timelines = open(dir.path());
        timelines.apply(vec![room(), Change::Append(ROOM, events(1..=6_000))]).unwrap();
        drop(timelines);
        let mut timelines = open(dir.path());
        assert!(timelines.has_surplus());
        timelines.apply(vec![anew, room(), Change::Append(ROOM, events(1..=9))]).unwrap();
        timelines.trim().unwrap();
        assert_eq!((timelines.has_surplus(), seqs(&timelines, None, 99).len()), (false, 9));
    }
}

#[test]
fn a_damaged_one_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let path = dir.path().join(FILE);
    std::fs::write(&path, "no database at all, but long enough to be looked at ".repeat(99))
        .unwrap();
    assert!(open(dir.path()).rooms().unwrap().is_empty());
    assert!(dir.path().join("timeline.db.broken").exists());
}

/// Overwrites the pages between the first few and the last, which are what a start reads.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let page = 4_096;
    let (first, last) = (bytes.len() / page / 3 * page, bytes.len() / page / 2 * page);
    bytes[first..last].fill(0x5A);
    std::fs::write(path, bytes).unwrap();
}

fn long(dir: &Path) -> Timelines {
    let mut timelines = open(dir);
    let room = Change::Room { listing: listing(0, 0, 0), have: Seq(0) };
    timelines.apply(vec![room, Change::Append(ROOM, events(1..=4_000))]).unwrap();
    timelines
}

#[test]
fn damage_is_found_at_the_start_where_the_last_one_was_cut_short() {
    let (dir, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(long(dir.path()));
    let mut timelines = open(dir.path());
    timelines.apply(vec![Change::Append(ROOM, events(4_001..=4_002))]).unwrap();
    for name in [FILE, "timeline.db-wal"] {
        std::fs::copy(dir.path().join(name), killed.path().join(name)).unwrap();
    }
    drop(timelines);
    damage(&killed.path().join(FILE));
    assert!(open(killed.path()).rooms().unwrap().is_empty());
    assert!(killed.path().join("timeline.db.broken").exists());
    assert_eq!(seqs(&open(dir.path()), None, 1), [4_002]);
}

#[test]
fn damage_that_somebody_meets_is_dealt_with_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(long(dir.path()));
    damage(&dir.path().join(FILE));
    let timelines = open(dir.path());
    assert_eq!(seqs(&timelines, None, 1), [4_000], "a good start is not looked through");
    let error = timelines.newest(ROOM, None, 4_000).unwrap_err();
    timelines.failed(&error);
    drop(timelines);
    assert!(seqs(&open(dir.path()), None, 1).is_empty());
    assert!(dir.path().join("timeline.db.broken").exists());
    drop(long(dir.path()));
    assert_eq!(seqs(&open(dir.path()), None, 1), [4_000]);
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    assert!(Timelines::open(dir.path(), Some(EPOCH)).unwrap().is_none());
    drop(first);
    open(dir.path());
}

#[test]
fn only_what_belongs_to_the_profiles_history_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    assert_eq!(open(dir.path()).rooms().unwrap().len(), 1);
    let (other, none) = (Some(Epoch([8; 16])), None);
    for epoch in [other, none] {
        let mut timelines = Timelines::open(dir.path(), epoch).unwrap().unwrap().0;
        assert!(timelines.rooms().unwrap().is_empty() && seqs(&timelines, None, 9).is_empty());
        let room = Change::Room { listing: listing(12, 0, 0), have: Seq(12) };
        timelines.apply(vec![Change::Clear(EPOCH), room]).unwrap();
        drop(timelines);
        assert_eq!(open(dir.path()).rooms().unwrap().len(), 1, "the clearing said whose it is");
    }
}
