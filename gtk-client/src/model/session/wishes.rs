//! What this profile's person wishes about being told, kept in the profile.

use std::path::Path;

use gtk::{glib, prelude::*, subclass::prelude::*};

use super::{Room, Session};
use crate::{
    kept,
    model::notices::{Arrival, Wishes},
};

/// Where they are kept, within the account's folder.
pub(crate) const FILE: &str = "notifications.json";

impl Session {
    /// Takes up what was wished, and keeps in this folder what will be.
    pub(crate) fn load_wishes(&self, folder: &Path) {
        let path = folder.join(FILE);
        self.imp().wishes.replace(kept::load(&path));
        self.imp().wishes_path.replace(Some(path));
    }

    /// Reads what is wished.
    pub(crate) fn with_wishes<T>(&self, read: impl FnOnce(&Wishes) -> T) -> T {
        read(&self.imp().wishes.borrow())
    }

    /// Changes what is wished, and keeps it.
    pub(crate) fn change_wishes(&self, change: impl FnOnce(&mut Wishes)) {
        let imp = self.imp();
        change(&mut imp.wishes.borrow_mut());
        if let Some(path) = &*imp.wishes_path.borrow() {
            kept::save(path, &*imp.wishes.borrow());
        }
        // What is counted may be another.
        self.emit_by_name::<()>("rooms-changed", &[]);
    }

    /// Rooms tell whether one wishes to hear of them.
    pub(super) fn mark_muted(&self) {
        for room in self.rooms().iter::<Room>().filter_map(Result::ok) {
            let level = self.with_wishes(|wishes| wishes.level(room.id(), room.kind()));
            room.set_level(level);
        }
    }

    /// Calls `arrived` when others said something in a room.
    pub(crate) fn connect_arrived(&self, arrived: impl Fn(&Room, Arrival) + 'static) {
        self.connect_local("arrived", false, move |values| {
            let room = values.get(1).and_then(|value| value.get::<Room>().ok());
            let arrival = values.get(2).and_then(|value| value.get::<glib::BoxedAnyObject>().ok());
            if let (Some(room), Some(arrival)) = (room, arrival) {
                arrived(&room, arrival.borrow::<Arrival>().clone());
            }
            None
        });
    }

    pub(super) fn tell_arrival(&self, room: &Room, arrival: Arrival) {
        let arrival = glib::BoxedAnyObject::new(arrival);
        self.emit_by_name::<()>("arrived", &[room, &arrival]);
    }
}
