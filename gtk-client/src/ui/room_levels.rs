//! Of which messages of a room one is told on the desktop, as a choice in menus: `room.tell`.

use std::rc::Rc;

use gtk::{gio, glib, glib::clone, prelude::*};

use crate::model::{Level, Room, Session};

/// The choice for one room at a time.
#[derive(Debug, Clone)]
pub(super) struct RoomLevels {
    action: gio::SimpleAction,
    session: glib::WeakRef<Session>,
    room: Rc<glib::WeakRef<Room>>,
}

impl RoomLevels {
    /// Gives the menus below `widget` their action.
    pub(super) fn install(widget: &impl IsA<gtk::Widget>, session: &Session) -> Self {
        let state = Level::Mentions.word().to_variant();
        let action = gio::SimpleAction::new_stateful("tell", Some(glib::VariantTy::STRING), &state);
        let levels = Self { action, session: session.downgrade(), room: Rc::default() };
        let group = gio::SimpleActionGroup::new();
        group.add_action(&levels.action);
        widget.insert_action_group("room", Some(&group));
        levels.action.connect_change_state({
            let (session, room) = (levels.session.clone(), levels.room.clone());
            move |_, wished| {
                let level = wished.and_then(glib::Variant::str).and_then(Level::of_word);
                if let (Some(session), Some(room), Some(level)) =
                    (session.upgrade(), room.upgrade(), level)
                {
                    let (id, kind) = (room.id(), room.kind());
                    // What it says follows from the wish.
                    session.change_wishes(|wishes| wishes.set_level(id, kind, level));
                }
            }
        });
        session.connect_rooms_changed(clone!(
            #[strong]
            levels,
            move |_| levels.show()
        ));
        levels.show();
        levels
    }

    /// It is about this room now.
    pub(super) fn set_room(&self, room: Option<&Room>) {
        self.room.set(room);
        self.show();
    }

    fn show(&self) {
        let shown = self.room.upgrade().zip(self.session.upgrade());
        self.action.set_enabled(shown.is_some());
        if let Some((room, session)) = shown {
            let level = session.with_wishes(|wishes| wishes.level(room.id(), room.kind()));
            self.action.set_state(&level.word().to_variant());
        }
    }
}
