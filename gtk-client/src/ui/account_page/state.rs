//! How an account's page was left, and how it comes back.

use gtk::subclass::prelude::*;

use super::AccountPage;
use crate::model::WindowState;

impl AccountPage {
    /// Stands as it was left. To be called before it is shown.
    pub(crate) fn restore(&self, state: WindowState) {
        let imp = self.imp();
        imp.left.set(state);
        imp.flap.set_reveal_flap(state.members);
    }

    /// How it stands.
    pub(crate) fn state(&self) -> WindowState {
        let imp = self.imp();
        let state = imp.left.get();
        // Where nothing was shown, what was shown before is still the last room.
        match imp.chat.room() {
            Some(room) => state.with_room(Some(room.id())),
            None => state,
        }
    }
}
