//! Files that were on their way to rooms when the window ended: they go on with the next start.

use std::{
    cell::RefCell,
    mem,
    path::{Path, PathBuf},
};

use gtk::subclass::prelude::*;
use serde::{Deserialize, Serialize};
use tertulia_client::proto::Seq;

use super::{Room, Session};
use crate::{kept, model::Errand};

/// Where they are kept, within the account's folder.
pub(crate) const FILE: &str = "sending.json";
/// Files that are kept; beyond, the last ones are not.
const ERRANDS: usize = 100;

/// What is being sent, as it was kept last, and where; `None` in tests.
#[derive(Debug, Default)]
pub(super) struct Errands(RefCell<Vec<KeptErrand>>, RefCell<Option<PathBuf>>);

/// A file, and where it is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptErrand {
    room: u64,
    /// Numbers may begin anew, and no file is to go to others than it was meant for.
    title: String,
    path: PathBuf,
    reply_to: Option<u64>,
    passing: bool,
}

impl Session {
    /// Sends on what was under way, and keeps in this folder what will be. To be called once the
    /// rooms are there.
    pub(crate) fn resume_files(&self, folder: &Path) {
        let path = folder.join(FILE);
        let mut errands: Vec<KeptErrand> = kept::load(&path);
        self.imp().errands.1.replace(Some(path));
        errands.truncate(ERRANDS);
        for KeptErrand { room, title, path, reply_to, passing } in errands {
            let room = self.iter_rooms().find(|known| known.id().0 == room);
            match room.filter(|room| room.title() == title) {
                Some(room) => {
                    self.send_file(&room, path, reply_to.map(Seq), passing);
                }
                None => eprintln!("tertulia: a file for {title} has no room to go to any more"),
            }
        }
        self.keep_errands();
    }

    /// What is to be sent is not what it was.
    pub(super) fn keep_errands(&self) {
        let Errands(known, kept_at) = &self.imp().errands;
        let Some(path) = &*kept_at.borrow() else { return };
        let errands: Vec<KeptErrand> =
            self.iter_rooms().flat_map(|room| errands_of(&room)).take(ERRANDS).collect();
        let before = mem::replace(&mut *known.borrow_mut(), errands.clone());
        if before != errands {
            kept::save(path, &errands);
        }
    }
}

fn errands_of(room: &Room) -> Vec<KeptErrand> {
    let kept = |errand: Errand| match errand {
        // What is no text can't be written down, and is sent by this window alone.
        Errand::Send { path, reply_to, passing } if path.to_str().is_some() => Some(KeptErrand {
            room: room.id().0,
            title: room.title(),
            path,
            reply_to: reply_to.map(|seq| seq.0),
            passing,
        }),
        _ => None,
    };
    room.with_timeline(|timeline| {
        let unsent = timeline.parcels().filter(|parcel| parcel.message().is_none());
        unsent.map(|parcel| parcel.errand()).filter_map(kept).collect()
    })
}
