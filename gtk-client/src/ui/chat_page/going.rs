//! Ways through a room: to a message, to the newest one, to what is new.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::proto::Seq;

use super::{ChatPage, Excerpt, imp};
use crate::{
    i18n::tr,
    model::Room,
    ui::row_finder::{point_at, show_row},
};

/// Older messages are loaded while fewer than these are there to be shown.
const AHEAD: u32 = 50;

/// What is between is loaded for a message not further above than this; to others one leaps.
const LEAP: u64 = 300;

impl ChatPage {
    /// Goes to the newest message.
    pub(crate) fn go_to_end(&self) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        if !room.is_detached() {
            return self.imp().keep_to_end();
        }
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                if session.return_to_newest(&room).await && page.shows(&room) {
                    page.imp().keep_to_end();
                }
            }
        ));
    }

    /// Goes to the message of that number, wherever it is, and the keyboard with it.
    pub(super) fn show_message(&self, seq: Seq) {
        self.go_to(seq, true);
    }

    /// Brings the message of that number into sight; the keyboard stays.
    pub(super) fn show_found(&self, seq: Seq) {
        self.go_to(seq, false);
    }

    fn go_to(&self, seq: Seq, points: bool) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let oldest =
                    || room.with_timeline(|timeline| timeline.span()).map(|(oldest, _)| oldest);
                let is_far = || oldest().is_none_or(|oldest| oldest.0 > seq.0.saturating_add(LEAP));
                while room.place_of(seq).is_none() && page.shows(&room) {
                    let can_be_had = if is_far() || oldest().is_some_and(|oldest| oldest < seq) {
                        session.leap(&room, seq).await
                    } else {
                        session.load_next_page(&room).await
                    };
                    if !can_be_had {
                        return page.toast(tr("That message can’t be shown now."));
                    }
                }
                if let (Some(place), true) = (room.place_of(seq), page.shows(&room)) {
                    page.show_line(place, points);
                }
            }
        ));
    }

    /// Goes to the line "New messages", loading what is between it and what is there.
    pub(super) fn go_to_new(&self) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                while room.new_place().is_none() && page.shows(&room) {
                    let more = room.new_count().is_some()
                        && match room.is_detached() {
                            true => session.return_to_newest(&room).await,
                            false => session.load_next_page(&room).await,
                        };
                    if !more {
                        return;
                    }
                }
                if let (Some(place), true) = (room.new_place(), page.shows(&room)) {
                    page.show_line(place, false);
                }
            }
        ));
    }

    /// Scrolls as little as is needed to have this line in sight.
    pub(super) fn bring_into_sight(&self, place: u32) {
        let Some(place) = self.imp().excerpt.get().map(|excerpt| excerpt.reveal(place)) else {
            return;
        };
        // The list has the action by its class.
        let _ = self.imp().list.activate_action("list.scroll-to-item", Some(&place.to_variant()));
    }

    /// Brings a line near the top; `points`: and draws the eye, and the keyboard, to it.
    fn show_line(&self, place: u32, points: bool) {
        let imp = self.imp();
        let Some(follower) = imp.follower.get().cloned() else { return };
        follower.let_go();
        let Some(place) = imp.excerpt.get().map(|excerpt| excerpt.reveal(place)) else { return };
        show_row(&imp.list, &imp.scroll.vadjustment(), place, move |cell| {
            follower.look_again();
            if let Some(cell) = cell.filter(|_| points) {
                point_at(&cell);
            }
        });
    }

    fn shows(&self, room: &Room) -> bool {
        self.room().as_ref() == Some(room)
    }
}

impl imp::ChatPage {
    /// The list may end before the newest message now, or no more.
    pub(super) fn end_changed(&self) {
        if let (Some(follower), Some(room)) = (self.follower.get(), self.obj().room()) {
            follower.set_open_end(room.is_detached());
        }
    }

    /// Little is above what is in sight.
    pub(super) fn near_top(&self) {
        let above = self.excerpt.get().map_or(0, Excerpt::more);
        if let (Some(session), Some(room), true) =
            (self.session.get(), self.obj().room(), above < AHEAD)
        {
            session.load_older(&room);
        }
    }

    fn keep_to_end(&self) {
        if let Some(follower) = self.follower.get() {
            follower.set_open_end(false);
            follower.go_to_end();
        }
    }
}
