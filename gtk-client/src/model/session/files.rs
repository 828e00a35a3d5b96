//! Files: sent to rooms one after the other, fetched to this computer's disk.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use gtk::{glib, subclass::prelude::*};
use tertulia_client::{
    Client, Content, Item, Transfer, TransferError, Uploaded,
    proto::{Attachment, FileHash, FileName, MessageText, Seq},
};

use super::{Room, Session, requests::unsent};
use crate::{
    bridge::{Bridge, Carried, settle},
    model::{Errand, Parcel, Stage},
    sentences,
};

/// Files of one account that go up at a time; the others wait for their turn.
pub(super) const UP_AT_ONCE: usize = 1;
/// Names that are tried for a file where others of its name are.
const NAMES: u32 = 100;

impl Session {
    /// Sends a file to a room; it shows there at once. `false`: too many are on their way.
    pub(crate) fn send_file(
        &self,
        room: &Room,
        path: PathBuf,
        reply_to: Option<Seq>,
        passing: bool,
    ) -> bool {
        let (Some(_), Some(account)) = (self.bridge(), self.account()) else {
            return false;
        };
        let name = FileName::tamed(&path.file_name().unwrap_or_default().to_string_lossy());
        let file = Attachment { name, size: 0, hash: FileHash([0; 32]) };
        // A name of at most 200 bytes fits, and is no empty text.
        let Ok(text) = MessageText::new(&file.as_text()) else { return false };
        let item = Item { file: Some(file), ..unsent(account, text, reply_to) };
        let parcel = Parcel::new(Errand::Send { path, reply_to, passing });
        let is_taken = room.change(|timeline| {
            timeline.set_new_after(None);
            timeline.send_parcel(item, &parcel)
        });
        if is_taken {
            self.keep_errands();
            self.run(room, parcel);
        }
        is_taken
    }

    /// Fetches the file of a message, to this place or to the folder for such. `false`: it is on
    /// its way, or too many are.
    pub(crate) fn fetch_file(&self, room: &Room, item: &Item, target: Option<PathBuf>) -> bool {
        let (Some(_), Some(seq), Some(file)) = (self.bridge(), item.seq, &item.file) else {
            return false;
        };
        let present = room.with_timeline(|timeline| timeline.carried(item));
        if present.is_some_and(|carried| carried.stage == Stage::Moving) {
            return false;
        }
        let parcel = Parcel::new(Errand::Fetch { seq, target });
        let hash = file.hash;
        let is_taken = room.change(|timeline| timeline.fetch_parcel(seq, hash, &parcel));
        if is_taken {
            self.run(room, parcel);
        }
        is_taken
    }

    /// Once more what failed.
    pub(crate) fn retry_file(&self, room: &Room, id: u64) {
        let parcel = room.with_timeline(|timeline| timeline.parcel(id));
        if let Some(parcel) = parcel.filter(|parcel| matches!(parcel.stage(), Stage::Failed(_))) {
            room.change(|_| parcel.set_stage(Stage::Moving));
            self.run(room, parcel);
        }
    }

    /// A file is not to be sent or fetched after all, or no more to be told of.
    pub(crate) fn drop_file(&self, room: &Room, id: u64) {
        if let Some(parcel) = room.with_timeline(|timeline| timeline.parcel(id)) {
            let is_moving = parcel.is_moving();
            parcel.take_back();
            room.change(|timeline| timeline.drop_parcel(id));
            self.keep_errands();
            if !is_moving {
                forget_passing(&parcel);
            }
        }
    }

    /// Files on their way to rooms.
    pub(crate) fn files_on_their_way(&self) -> usize {
        let moving = |room: Room| {
            room.with_timeline(|timeline| timeline.parcels().filter(|p| p.is_moving()).count())
        };
        self.iter_rooms().map(moving).sum()
    }

    /// What is on its way tells whether it waits for a connection.
    pub(super) fn tell_parcels(&self) {
        let held = !self.is_live();
        for room in self.iter_rooms() {
            room.with_timeline(|timeline| timeline.parcels().for_each(|p| p.set_held(held)));
        }
    }

    fn run(&self, room: &Room, parcel: Parcel) {
        let Some(bridge) = self.bridge() else { return };
        parcel.set_held(!self.is_live());
        let (session, room) = (self.clone(), room.clone());
        glib::spawn_future_local(async move {
            let end = match parcel.errand() {
                Errand::Send { path, reply_to, .. } => {
                    let sent = session.carry_up(&bridge, &room, &parcel, path, reply_to).await;
                    sent.map(End::Sent)
                }
                Errand::Fetch { seq, target } => {
                    fetch(&bridge, &room, &parcel, seq, target).await.map(End::Here)
                }
            };
            let mut sent = None;
            match end {
                Ok(End::Sent(transfer)) => {
                    sent = Some(transfer);
                    // The room tells of it, if it did not yet; one further back would not.
                    if room.is_detached() || room.is_empty() {
                        room.change(|timeline| timeline.drop_parcel(parcel.id()));
                    }
                }
                Ok(End::Here(place)) => session.arrived_here(&room, &parcel, place),
                Err(TransferError::Cancelled) => {
                    room.change(|timeline| timeline.drop_parcel(parcel.id()));
                }
                Err(error) => {
                    let words = sentences::transfer_error(&error);
                    room.change(|_| parcel.set_stage(Stage::Failed(words)));
                    return;
                }
            }
            session.keep_errands();
            forget_passing(&parcel);
            // Not before: a window that is killed sends on what is kept.
            if let Some(transfer) = sent {
                settle(transfer);
            }
        });
    }

    async fn carry_up(
        &self,
        bridge: &Bridge,
        room: &Room,
        parcel: &Parcel,
        path: PathBuf,
        reply_to: Option<Seq>,
    ) -> Result<Transfer<Uploaded>, TransferError> {
        let turns = Rc::clone(&self.imp().up_turns);
        // It is never closed.
        let _turn = turns.acquire().await.map_err(|_| TransferError::Closed)?;
        let id = room.id();
        let (sent, transfer) =
            carry(bridge, parcel, |client| client.upload(id, reply_to, path)).await?;
        parcel.set_message(sent.message_id);
        if let Errand::Send { path, passing: false, .. } = parcel.errand() {
            // It stays at its place, to be opened there.
            self.keep_place(room, sent.message_id, path, true);
        }
        if room.item(sent.message_id).is_some() {
            room.change(|timeline| timeline.drop_parcel(parcel.id()));
        }
        Ok(transfer)
    }

    fn arrived_here(&self, room: &Room, parcel: &Parcel, place: PathBuf) {
        room.change(|_| parcel.set_stage(Stage::Here(place.clone())));
        if let Errand::Fetch { seq, .. } = parcel.errand()
            && let Some(id) = room.with_timeline(|timeline| timeline.placed(seq)?.message_id)
        {
            self.keep_place(room, id, place, false);
        }
    }
}

/// How it ended well.
enum End {
    Sent(Transfer<Uploaded>),
    Here(PathBuf),
}

async fn fetch(
    bridge: &Bridge,
    room: &Room,
    parcel: &Parcel,
    seq: Seq,
    target: Option<PathBuf>,
) -> Result<PathBuf, TransferError> {
    let file = room.with_timeline(|timeline| timeline.placed(seq).and_then(|i| i.file.clone()));
    let file = file.ok_or(TransferError::Differs)?;
    let id = room.id();
    let begin = |target: PathBuf, overwrite| {
        let file = file.clone();
        move |client: &Client| client.download((id, seq), file, target, overwrite)
    };
    if let Some(target) = target {
        // Who chose the place was asked whether to replace what is there.
        return carry(bridge, parcel, begin(target, true)).await.map(|(place, _)| place);
    }
    let folder = downloads().ok_or_else(|| TransferError::Local(String::new()))?;
    for nth in 1..NAMES {
        let target = nth_place(&Client::place_in(&folder, &file), nth);
        match carry(bridge, parcel, begin(target, false)).await {
            Err(TransferError::Exists(_)) => {}
            end => return end.map(|(place, _)| place),
        }
    }
    Err(TransferError::Exists(Client::place_in(&folder, &file)))
}

/// One transfer, shown by the parcel.
async fn carry<T: Send + 'static>(
    bridge: &Bridge,
    parcel: &Parcel,
    begin: impl FnOnce(&Client) -> Transfer<T>,
) -> Carried<T> {
    if parcel.is_taken_back() {
        return Err(TransferError::Cancelled);
    }
    let (cancel, course, end) = bridge.carry(begin);
    parcel.set_cancel(cancel);
    let shown = parcel.clone();
    glib::spawn_future_local(async move {
        course.follow(|progress| shown.set_progress(progress)).await;
    });
    end.await
}

/// Where files go that are fetched; `None`: the person has no folder for such.
pub(crate) fn downloads() -> Option<PathBuf> {
    glib::user_special_dir(glib::UserDirectory::Downloads)
}

/// The same name with a number, where others of that name are: `a.txt`, `a (2).txt`.
fn nth_place(place: &Path, nth: u32) -> PathBuf {
    if nth == 1 {
        return place.to_owned();
    }
    let stem = place.file_stem().unwrap_or_default().to_string_lossy();
    let ending = place.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
    place.with_file_name(format!("{stem} ({nth}){}", ending.unwrap_or_default()))
}

/// What was written to the disk only to be sent has no other use.
fn forget_passing(parcel: &Parcel) {
    if let Errand::Send { path, passing: true, .. } = parcel.errand() {
        // What can't go is a picture in a folder for what may go.
        let _ = std::fs::remove_file(path);
    }
}

/// Whether a message brought a file that can be fetched.
pub(crate) fn has_file(item: &Item) -> bool {
    item.file.is_some() && matches!(item.content, Content::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number_before_its_ending() {
        let nth = |place: &str, nth| nth_place(Path::new(place), nth).display().to_string();
        assert_eq!(nth("d/a.txt", 1), "d/a.txt");
        assert_eq!(nth("d/a.txt", 2), "d/a (2).txt");
        assert_eq!(nth("d/a.tar.gz", 3), "d/a.tar (3).gz");
        assert_eq!(nth("d/a", 2), "d/a (2)");
    }
}
