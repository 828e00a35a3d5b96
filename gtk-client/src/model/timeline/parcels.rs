//! Files of a room that are on their way, or lie on this computer.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use tertulia_client::{
    Item,
    proto::{FileHash, MessageId, Seq},
};

use super::Timeline;
use crate::model::{Parcel, Stage};

/// Files on their way to a room; beyond, no more are taken.
const SENT_AT_ONCE: usize = 20;
/// Fetched files that are remembered of a room; beyond, the oldest message's is not any more.
const FETCHED: usize = 200;

/// Files that lie on this computer, and are remembered; beyond, the first is not any more.
const PLACES: usize = 200;

/// A file as a line shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Carried {
    pub(crate) parcel: Parcel,
    pub(crate) stage: Stage,
}

impl Carried {
    fn of(parcel: &Parcel) -> Self {
        Self { parcel: parcel.clone(), stage: parcel.stage() }
    }
}

#[derive(Debug, Default)]
pub(super) struct Parcels {
    /// By the message, and what it tells of its file: numbers may begin anew.
    fetched: BTreeMap<Seq, (FileHash, Parcel)>,
    pub(super) sent: Vec<(Rc<Item>, Parcel)>,
    /// By their messages: they lie where they were taken from, or were saved before.
    here: VecDeque<(MessageId, Parcel)>,
}

impl Timeline {
    /// Shows a file that is about to be sent. `false`: too many are.
    pub(crate) fn send_parcel(&mut self, item: Item, parcel: &Parcel) -> bool {
        let has_room = self.parcels.sent.len() < SENT_AT_ONCE;
        if has_room {
            self.parcels.sent.push((Rc::new(item), parcel.clone()));
        }
        has_room
    }

    /// Shows with its message that its file is fetched. `false`: too many are.
    pub(crate) fn fetch_parcel(&mut self, seq: Seq, hash: FileHash, parcel: &Parcel) -> bool {
        let fetched = &mut self.parcels.fetched;
        if fetched.len() >= FETCHED && !fetched.contains_key(&seq) {
            let idle = fetched.iter().find(|(_, (_, parcel))| !parcel.is_moving());
            match idle.map(|(seq, _)| *seq) {
                Some(idle) => fetched.remove(&idle),
                None => return false,
            };
        }
        fetched.insert(seq, (hash, parcel.clone()));
        true
    }

    /// The file of this message is at its place here.
    pub(crate) fn keep_place(&mut self, id: MessageId, parcel: &Parcel) {
        self.parcels.here.retain(|(known, _)| *known != id);
        if self.parcels.here.len() >= PLACES {
            self.parcels.here.pop_front();
        }
        self.parcels.here.push_back((id, parcel.clone()));
    }

    /// A file is not on its way any more, and nothing is to be shown of that.
    pub(crate) fn drop_parcel(&mut self, id: u64) {
        self.parcels.fetched.retain(|_, (_, parcel)| parcel.id() != id);
        self.parcels.sent.retain(|(_, parcel)| parcel.id() != id);
        self.parcels.here.retain(|(_, parcel)| parcel.id() != id);
    }

    /// One of them.
    pub(crate) fn parcel(&self, id: u64) -> Option<Parcel> {
        self.parcels().find(|parcel| parcel.id() == id).cloned()
    }

    /// All of them.
    pub(crate) fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        let fetched = self.parcels.fetched.values().map(|(_, parcel)| parcel);
        fetched.chain(self.parcels.sent.iter().map(|(_, parcel)| parcel))
    }

    /// What there is to say of an item's file beside what the item tells.
    pub(crate) fn carried(&self, item: &Item) -> Option<Carried> {
        let Parcels { fetched, here, .. } = &self.parcels;
        let hash = item.file.as_ref()?.hash;
        let fetched = fetched.get(&item.seq?).filter(|(of, _)| *of == hash).map(|(_, it)| it);
        let here = || here.iter().find(|(id, _)| Some(*id) == item.message_id).map(|(_, it)| it);
        fetched.or_else(here).map(Carried::of)
    }

    /// The files that are sent, in order.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&Rc<Item>, Carried)> {
        self.parcels.sent.iter().map(|(item, parcel)| (item, Carried::of(parcel)))
    }

    /// The room tells of a file that still shows as on its way.
    pub(super) fn drop_sent(&mut self, item: &Item) {
        let Some(file) = item.file.as_ref().filter(|_| item.mine) else { return };
        let is_it = |(sent, parcel): &(Rc<Item>, Parcel)| {
            if let Some(id) = parcel.message() {
                return Some(id) == item.message_id;
            }
            // It may be told of before its upload has ended.
            let is_through = parcel.progress().done == file.size && parcel.is_moving();
            let name = sent.file.as_ref().map(|sent| &sent.name);
            is_through && parcel.progress().total == file.size && name == Some(&file.name)
        };
        if let Some(at) = self.parcels.sent.iter().position(is_it) {
            self.parcels.sent.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use tertulia_client::Progress;

    use super::*;
    use crate::model::{
        Errand, Line,
        calendar::day_of,
        testing::{file_item, text_item},
    };

    fn up() -> Parcel {
        Parcel::new(Errand::Send { path: "a.txt".into(), reply_to: None, passing: false })
    }

    fn down(seq: u64) -> Parcel {
        Parcel::new(Errand::Fetch { seq: Seq(seq), target: None })
    }

    fn shown(timeline: &Timeline) -> Vec<Option<Stage>> {
        let of = |line| match line {
            Line::Message { carried, .. } => Some(carried.map(|carried| carried.stage)),
            _ => None,
        };
        timeline.lines(day_of).into_iter().filter_map(of).collect()
    }

    #[test]
    fn a_file_on_its_way_shows_until_the_room_tells_of_it() {
        let mut timeline = Timeline::default();
        let parcel = up();
        let told = Item { mine: true, ..file_item(7, "me", "a.txt", 500) };
        let sent = Item { seq: None, message_id: None, ..told.clone() };
        assert!(timeline.send_parcel(sent, &parcel));
        parcel.set_progress(Progress { done: 200, total: 500 });
        timeline.upsert(vec![Item { mine: true, ..file_item(6, "me", "a.txt", 500) }]);
        assert_eq!(shown(&timeline), [None, Some(Stage::Moving)], "another one of that name");
        parcel.set_progress(Progress { done: 500, total: 500 });
        timeline.upsert(vec![told]);
        assert_eq!(shown(&timeline), [None, None]);
    }

    #[test]
    fn a_file_whose_upload_ended_shows_no_longer_than_until_its_own_message() {
        let mut timeline = Timeline::default();
        let parcel = up();
        let told = Item { mine: true, ..file_item(7, "me", "a.txt", 500) };
        let sent = Item { seq: None, message_id: None, ..told.clone() };
        assert!(timeline.send_parcel(sent, &parcel));
        parcel.set_message(told.message_id.unwrap());
        timeline.upsert(vec![Item { mine: true, ..file_item(6, "me", "a.txt", 500) }]);
        assert_eq!(shown(&timeline), [None, Some(Stage::Moving)]);
        // How far it got is told apart, and may be told later.
        timeline.upsert(vec![told]);
        assert_eq!(shown(&timeline), [None, None]);
    }

    #[test]
    fn what_was_fetched_shows_with_its_message_and_with_no_other_file() {
        let mut timeline = Timeline::default();
        let item = file_item(3, "ana", "a.txt", 5);
        let hash = item.file.as_ref().unwrap().hash;
        timeline.upsert(vec![item, text_item(4, "ana", "x")]);
        let parcel = down(3);
        assert!(timeline.fetch_parcel(Seq(3), hash, &parcel));
        assert_eq!(shown(&timeline), [Some(Stage::Moving), None]);
        parcel.set_stage(Stage::Here("a.txt".into()));
        assert_eq!(shown(&timeline), [Some(Stage::Here("a.txt".into())), None]);
        timeline.upsert(vec![file_item(3, "ana", "other.txt", 5)]);
        assert_eq!(shown(&timeline), [None, None]);
        timeline.drop_parcel(parcel.id());
        assert_eq!(timeline.parcels().count(), 0);
    }

    #[test]
    fn what_was_sent_from_here_is_here_as_long_as_it_is_remembered() {
        let mut timeline = Timeline::default();
        let item = |seq| Item { mine: true, ..file_item(seq, "me", "a.txt", 500) };
        timeline.upsert(vec![item(7), item(8)]);
        let parcel = up();
        parcel.set_stage(Stage::Here("a.txt".into()));
        timeline.keep_place(item(8).message_id.unwrap(), &parcel);
        assert_eq!(shown(&timeline), [None, Some(Stage::Here("a.txt".into()))]);
        for n in 0..PLACES {
            timeline.keep_place(MessageId((n as u128).to_be_bytes()), &up());
        }
        assert_eq!(timeline.parcels.here.len(), PLACES);
        assert_eq!(timeline.carried(&item(8)), None, "too long ago");
        timeline.keep_place(item(8).message_id.unwrap(), &parcel);
        timeline.drop_parcel(parcel.id());
        assert_eq!(timeline.carried(&item(8)), None, "it is gone from its place");
    }

    #[test]
    fn no_more_are_sent_or_remembered_than_the_bounds_say() {
        let mut timeline = Timeline::default();
        let item = || Item { seq: None, message_id: None, ..file_item(1, "me", "a.txt", 5) };
        for _ in 0..SENT_AT_ONCE {
            assert!(timeline.send_parcel(item(), &up()));
        }
        assert!(!timeline.send_parcel(item(), &up()));
        for seq in 1..=FETCHED as u64 {
            assert!(timeline.fetch_parcel(Seq(seq), FileHash([0; 32]), &down(seq)));
        }
        assert!(!timeline.fetch_parcel(Seq(999), FileHash([0; 32]), &down(999)), "all move");
        timeline.parcels.fetched[&Seq(9)].1.set_stage(Stage::Failed("x".into()));
        assert!(timeline.fetch_parcel(Seq(999), FileHash([0; 32]), &down(999)));
        assert_eq!(timeline.parcels.fetched.len(), FETCHED);
        assert!(!timeline.parcels.fetched.contains_key(&Seq(9)));
    }
}
