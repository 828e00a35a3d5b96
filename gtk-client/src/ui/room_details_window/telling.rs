//! Of which messages of the room one is told on the desktop.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};

use super::RoomDetailsWindow;
use crate::model::{Level, Room, Session};

impl RoomDetailsWindow {
    /// Shows what is chosen, and keeps what will be.
    pub(super) fn offer_levels(&self, session: &Session, room: &Room) {
        let imp = self.imp();
        let chosen = session.with_wishes(|wishes| wishes.level(room.id(), room.kind()));
        let levels = [
            (&*imp.tell_all, Level::All),
            (&*imp.tell_mentions, Level::Mentions),
            (&*imp.tell_none, Level::None),
        ];
        for (button, level) in levels {
            button.set_active(level == chosen);
            button.connect_active_notify(clone!(
                #[weak]
                session,
                #[weak]
                room,
                move |button| {
                    if button.is_active() {
                        let (id, kind) = (room.id(), room.kind());
                        session.change_wishes(|wishes| wishes.set_level(id, kind, level));
                    }
                }
            ));
        }
    }
}
