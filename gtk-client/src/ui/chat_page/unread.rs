//! The line "New messages": whether it is above what is in sight.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};

use super::{ChatPage, imp};
use crate::{i18n::trn, ui::row_finder::first_in_sight};

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
        // Who was told that they are let in sees it now.
        self.room().iter().for_each(|room| room.notify_unread());
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
        // Of a piece further back nobody knows on which side of it the line is.
        let count = room.new_count().filter(|_| !room.is_detached());
        let count = count.filter(|_| !self.new_seen.get());
        if let Some(count) = count {
            self.new_button.set_label(&trn("one new message", "{n} new messages", count.into()));
        }
        self.new_button.set_visible(count.is_some());
    }
}
