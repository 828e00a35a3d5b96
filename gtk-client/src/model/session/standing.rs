//! Where a session stands among the accounts of its profile.

use gtk::{glib, prelude::*, subclass::prelude::*};

use super::{Room, Session};
use crate::model::{Level, News, Slot, WindowState};

impl Session {
    /// For this place. `found`: there is an account in it already.
    pub(crate) fn new(slot: Slot, found: bool) -> Self {
        let session: Self = glib::Object::new();
        session.imp().slot.set(slot);
        session.imp().found.set(found);
        session
    }

    /// Its place.
    pub(crate) fn slot(&self) -> Slot {
        self.imp().slot.get()
    }

    /// Whether it is somebody's, though it may not be open yet, or not to be opened.
    pub(crate) fn is_joined(&self) -> bool {
        self.imp().found.get() || self.imp().account.borrow().is_some()
    }

    /// Whether its profile is open.
    pub(crate) fn is_open(&self) -> bool {
        self.imp().bridge.get().is_some()
    }

    /// How the window was left with it.
    pub(crate) fn left(&self) -> WindowState {
        self.imp().left.get()
    }

    /// The same, as it was kept.
    pub(crate) fn set_left(&self, left: WindowState) {
        self.imp().left.set(left);
    }

    /// What was not read, but for rooms of which one wants to hear nothing.
    pub(crate) fn news(&self) -> News {
        let rooms = self.rooms().iter::<Room>().filter_map(Result::ok);
        rooms
            .filter_map(|room| {
                let level = self.with_wishes(|wishes| wishes.level(room.id(), room.kind()));
                let (unread, mentions) = (room.unread(), room.mentions());
                let told = level.counted(unread, mentions);
                (unread > 0 && level != Level::None).then_some(News { unread, told })
            })
            .sum()
    }
}
