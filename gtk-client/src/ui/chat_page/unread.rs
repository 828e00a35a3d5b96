//! The line "New messages": whether it is above what is in sight, and the way to it.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};

use super::{ChatPage, imp};
use crate::{
    i18n::trn,
    ui::row_finder::{first_in_sight, point_at, show_row},
};

/// Frames without a change after which rows are where they stay.
const STILL_FRAMES: u32 = 3;

impl ChatPage {
    /// The person came back to the window: what came meanwhile is new, and what is in sight is
    /// read.
    pub(crate) fn looked_at(&self) {
        if self.room().is_some_and(|room| room.mark_new()) {
            self.imp().new_seen.set(false);
            self.imp().look_for_new();
        }
        self.mark_read_if_seen();
    }

    /// Goes to the line, loading what is between it and what is there.
    pub(super) fn go_to_new(&self) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let in_sight = || page.room().as_ref() == Some(&room);
                while room.new_place().is_none() && in_sight() {
                    if room.new_count().is_none() || !session.load_next_page(&room).await {
                        return;
                    }
                }
                if let (Some(place), true) = (room.new_place(), in_sight()) {
                    page.show_line(place, false);
                }
            }
        ));
    }

    /// Scrolls as little as is needed to have this line in sight.
    pub(super) fn bring_into_sight(&self, place: u32) {
        // The list has the action by its class.
        let _ = self.imp().list.activate_action("list.scroll-to-item", Some(&place.to_variant()));
    }

    /// Brings a line near the top; `points`: and draws the eye, and the keyboard, to it.
    pub(super) fn show_line(&self, place: u32, points: bool) {
        let imp = self.imp();
        let Some(follower) = imp.follower.get().cloned() else { return };
        follower.let_go();
        show_row(&imp.list, &imp.scroll.vadjustment(), place, move |cell| {
            follower.look_again();
            if let Some(cell) = cell.filter(|_| points) {
                point_at(&cell);
            }
        });
    }
}

impl imp::ChatPage {
    /// Rows moved: looks where the line is once they are still.
    pub(super) fn look_for_new(&self) {
        let waits = self.new_in.replace(STILL_FRAMES) > 0;
        if waits {
            return;
        }
        self.list.add_tick_callback(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::ControlFlow::Break,
            move |_, _| {
                imp.new_in.set(imp.new_in.get() - 1);
                if imp.new_in.get() > 0 {
                    return glib::ControlFlow::Continue;
                }
                imp.show_way_to_new();
                glib::ControlFlow::Break
            }
        ));
    }

    fn show_way_to_new(&self) {
        let Some(room) = self.obj().room() else { return };
        let top = first_in_sight(&self.list).and_then(|line| room.lines().find(&line));
        // A line that is not loaded yet is above all that is.
        let is_below_top = top.zip(room.new_place()).is_some_and(|(top, new)| new >= top);
        if is_below_top {
            self.new_seen.set(true);
        }
        let count = room.new_count();
        let count = count.filter(|_| !self.new_seen.get());
        if let Some(count) = count {
            self.new_button.set_label(&trn("one new message", "{n} new messages", count.into()));
        }
        self.new_button.set_visible(count.is_some());
    }
}
