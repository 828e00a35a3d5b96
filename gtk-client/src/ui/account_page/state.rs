//! How the window was left, and how it comes back.

use adw::{prelude::*, subclass::prelude::*};

use super::Window;
use crate::model::WindowState;

impl Window {
    /// Stands as it was left. To be called before it is shown.
    pub(crate) fn restore(&self, state: WindowState) {
        let imp = self.imp();
        let state = state.sound();
        self.set_default_size(state.width, state.height);
        if state.maximized {
            self.maximize();
        }
        imp.left.set(state);
        imp.flap.set_reveal_flap(state.members);
    }

    /// How it stands.
    pub(crate) fn state(&self) -> WindowState {
        let imp = self.imp();
        let (width, height) = self.default_size();
        let state = WindowState { width, height, maximized: self.is_maximized(), ..imp.left.get() };
        // Where nothing was shown, what was shown before is still the last room.
        match imp.chat.room() {
            Some(room) => state.with_room(Some(room.id())),
            None => state,
        }
    }
}
