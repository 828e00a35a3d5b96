//! Whose messages are at the top of what is in sight, where the name itself is further up: on a line
//! over them, which is always there, so that it covers nothing and moves nothing.

use gtk::{glib, glib::clone, graphene, prelude::*};

use super::imp;
use crate::{
    appearance::{Looks, author_class},
    model::Line,
    ui::{
        message_row::{MessageRow, arrangement::dress},
        row_finder::first_cell_in_sight,
        timeline_cell::TimelineCell,
    },
};

/// Rows get their places in the frame after the one in which they move.
const FRAMES: u32 = 2;

impl imp::ChatPage {
    pub(super) fn follow_whose(&self) {
        let moved = clone!(
            #[weak(rename_to = imp)]
            self,
            move |_: &gtk::Adjustment| imp.look_whose()
        );
        self.scroll.vadjustment().connect_value_changed(moved.clone());
        self.scroll.vadjustment().connect_changed(moved);
    }

    /// Rows moved: looks whose the first one is.
    pub(super) fn look_whose(&self) {
        let waits = self.whose_in.replace(FRAMES) > 0;
        if waits {
            return;
        }
        self.list.add_tick_callback(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::ControlFlow::Break,
            move |_, _| {
                imp.whose_in.set(imp.whose_in.get() - 1);
                imp.show_whose();
                match imp.whose_in.get() {
                    0 => glib::ControlFlow::Break,
                    _ => glib::ControlFlow::Continue,
                }
            }
        ));
    }

    fn show_whose(&self) {
        let shown = first_cell_in_sight(&self.list).and_then(|cell| self.whose_is(&cell));
        let (name, mine) = shown.unwrap_or_default();
        // What changes nothing costs nothing: this comes in each frame of scrolling.
        self.whose.set_label(&name);
        match name.is_empty() {
            true => self.whose_bar.remove_css_class("shows"),
            false => self.whose_bar.add_css_class("shows"),
        }
        dress(&self.whose, (!mine).then(|| author_class(&name)));
    }

    /// Whose name is to be shown, and whether it is the reader's; `None`: all names that are needed
    /// are in sight.
    fn whose_is(&self, cell: &TimelineCell) -> Option<(String, bool)> {
        let line = cell.line()?;
        let Line::Message { item, .. } = line.line() else { return None };
        // In bubbles one's own are told apart by their side.
        if item.mine && !Looks::shared().lines() {
            return None;
        }
        let row = cell.first_child().and_downcast::<MessageRow>()?;
        let in_sight = |bounds: graphene::Rect| bounds.y() + bounds.height() / 2.0 > 0.0;
        if row.name_bounds(&*self.over_list).is_some_and(in_sight) {
            return None;
        }
        Some((item.author.display.as_str().to_owned(), item.mine))
    }
}
