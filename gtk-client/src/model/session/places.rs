//! Where files of messages lie on this computer, sent from it or fetched to it: with the next start
//! they are opened there still.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use gtk::subclass::prelude::*;
use serde::{Deserialize, Serialize};
use tertulia_client::proto::{MessageId, Seq};

use super::{Room, Session};
use crate::{
    kept,
    model::{Errand, Parcel, Stage},
};

/// Where they are kept, within the account's folder.
pub(crate) const FILE: &str = "files.json";
/// Files that are remembered; beyond, the first are not any more.
const PLACES: usize = 500;

/// Where a message's file lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    room: u64,
    message: String,
    path: PathBuf,
    /// It was sent from there.
    own: bool,
}

/// All of them, as they are kept, and where; `None` in tests.
#[derive(Debug, Default)]
pub(super) struct Places(RefCell<Vec<Place>>, RefCell<Option<PathBuf>>);

impl Session {
    /// Takes up where files lie, and keeps in this folder where others will. To be called once the
    /// rooms are there. Whether a file is still there shows when it is opened.
    pub(crate) fn load_places(&self, folder: &Path) {
        let Places(places, kept_at) = &self.imp().places;
        let path = folder.join(FILE);
        let mut known: Vec<Place> = kept::load(&path);
        known.drain(..known.len().saturating_sub(PLACES));
        for room in self.iter_rooms() {
            let here = known.iter().filter(|place| place.room == room.id().0);
            let here = here.filter_map(|place| Some((place.message.parse().ok()?, place.parcel())));
            let here: Vec<(MessageId, Parcel)> = here.collect();
            if !here.is_empty() {
                room.change(|timeline| {
                    here.iter().for_each(|(id, parcel)| timeline.keep_place(*id, parcel));
                });
            }
        }
        places.replace(known);
        kept_at.replace(Some(path));
    }

    /// A message's file lies there now. `own`: it was sent from there.
    pub(super) fn keep_place(&self, room: &Room, id: MessageId, path: PathBuf, own: bool) {
        let place = Place { room: room.id().0, message: id.to_string(), path, own };
        room.change(|timeline| timeline.keep_place(id, &place.parcel()));
        // What is no text can't be written down, and is known to this window alone.
        if place.path.to_str().is_none() {
            return;
        }
        self.change_places(|places| {
            places.retain(|known| known.message != place.message);
            let too_many = (places.len() + 1).saturating_sub(PLACES);
            places.drain(..too_many);
            places.push(place);
        });
    }

    /// It does not any more: it can be fetched again.
    pub(crate) fn forget_place(&self, room: &Room, id: MessageId) {
        room.change(|timeline| {
            // As one that was fetched just now, too.
            while let Some(carried) = timeline.item(id).and_then(|item| timeline.carried(item)) {
                timeline.drop_parcel(carried.parcel.id());
            }
        });
        let message = id.to_string();
        self.change_places(|places| places.retain(|known| known.message != message));
    }

    fn change_places(&self, change: impl FnOnce(&mut Vec<Place>)) {
        let Places(places, kept_at) = &self.imp().places;
        change(&mut places.borrow_mut());
        if let Some(path) = &*kept_at.borrow() {
            kept::save(path, &*places.borrow());
        }
    }
}

impl Place {
    /// As if it had just been sent or fetched.
    fn parcel(&self) -> Parcel {
        let path = self.path.clone();
        let parcel = Parcel::new(if self.own {
            Errand::Send { path, reply_to: None, passing: false }
        } else {
            // Which number it has is of no use any more: it is here.
            Errand::Fetch { seq: Seq(0), target: Some(path) }
        });
        parcel.set_stage(Stage::Here(self.path.clone()));
        parcel
    }
}

#[cfg(test)]
mod tests {
    use tertulia_client::proto::RoomId;

    use super::*;
    use crate::model::testing::{file_item, snapshot};

    #[test]
    fn where_files_lie_is_known_after_the_next_start_until_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let session = Session::default();
            session.restore(snapshot(&[(1, "lobby"), (2, "garden")]));
            session.load_places(folder.path());
            let garden = session.room(RoomId(2)).unwrap();
            (session, garden)
        };
        let (mine, theirs) = (file_item(7, "me", "a.txt", 500), file_item(8, "ana", "b.txt", 5));
        let (mine_id, theirs_id) = (mine.message_id.unwrap(), theirs.message_id.unwrap());
        let (session, garden) = open();
        session.keep_place(&garden, mine_id, "/there/a.txt".into(), true);
        session.keep_place(&garden, theirs_id, "/there/b.txt".into(), false);

        let (session, garden) = open();
        let carried = |room: &Room, item| room.with_timeline(|timeline| timeline.carried(item));
        let of_mine = carried(&garden, &mine).unwrap();
        assert_eq!(of_mine.stage, Stage::Here("/there/a.txt".into()));
        assert!(matches!(of_mine.parcel.errand(), Errand::Send { .. }));
        let of_theirs = carried(&garden, &theirs).unwrap();
        assert!(matches!(of_theirs.parcel.errand(), Errand::Fetch { .. }));
        assert_eq!(carried(&session.room(RoomId(1)).unwrap(), &mine), None);
        garden.change(|timeline| {
            timeline.upsert(vec![mine.clone()]);
            let hash = mine.file.as_ref().unwrap().hash;
            let again = Parcel::new(of_mine.parcel.errand());
            again.set_stage(Stage::Here("/here/a.txt".into()));
            assert!(timeline.fetch_parcel(mine.seq.unwrap(), hash, &again));
        });
        session.forget_place(&garden, mine_id);
        assert_eq!(carried(&garden, &mine), None);

        let (_, garden) = open();
        assert_eq!(carried(&garden, &mine), None, "it is gone");
        assert!(carried(&garden, &theirs).is_some());
    }

    #[test]
    fn no_more_are_remembered_than_the_bound_says() {
        let session = Session::default();
        session.restore(snapshot(&[(1, "lobby")]));
        let room = session.room(RoomId(1)).unwrap();
        let id = |n: usize| MessageId((n as u128).to_be_bytes());
        for n in 0..=PLACES {
            session.keep_place(&room, id(n), "/a".into(), false);
        }
        session.keep_place(&room, id(PLACES), "/b".into(), false);
        let known = session.imp().places.0.borrow();
        assert_eq!(known.len(), PLACES);
        assert_eq!(known.first().unwrap().message, id(1).to_string());
        assert_eq!(known.last().unwrap().path, Path::new("/b"));
    }
}
