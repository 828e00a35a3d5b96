//! Whose messages are at the top of what is in sight, where the name itself is further up.

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
/// How far from the top it stands, in pixels.
const MARGIN: f32 = 6.0;

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
        let place = first_cell_in_sight(&self.list).and_then(|cell| self.place_of_whose(&cell));
        let looks = Looks::shared();
        // Where there is little room that stands there.
        let place = place.filter(|_| !(looks.narrow() && self.new_button.is_visible()));
        let Some((name, mine, place)) = place else {
            return self.whose.set_visible(false);
        };
        let beside = looks.lines() && !looks.large() && !looks.narrow();
        self.whose.set_label(&name);
        // What changes nothing costs nothing: this comes in each frame of scrolling.
        match beside {
            true => self.whose.add_css_class("beside"),
            false => self.whose.remove_css_class("beside"),
        }
        dress(&self.whose, (!mine).then(|| author_class(&name)));
        self.whose.set_xalign(if beside { 1.0 } else { 0.0 });
        self.whose.set_width_request(if beside { place.width() as i32 } else { -1 });
        let mirrored = self.list.direction() == gtk::TextDirection::Rtl;
        let start = match mirrored {
            true => self.over_list.width() as f32 - place.x() - place.width(),
            false => place.x(),
        };
        self.whose.set_margin_start(start.max(0.0) as i32);
        self.whose.set_visible(true);
    }

    /// Whose name is to be shown, whether it is the reader's, and where; `None`: all names that are
    /// needed are in sight.
    fn place_of_whose(&self, cell: &TimelineCell) -> Option<(String, bool, graphene::Rect)> {
        let line = cell.line()?;
        let Line::Message { item, last, .. } = line.line() else { return None };
        // In bubbles one's own are told apart by their side.
        if item.mine && !Looks::shared().lines() {
            return None;
        }
        let row = cell.first_child().and_downcast::<MessageRow>()?;
        let bubble = row.bubble_bounds(&*self.over_list)?;
        let in_sight = |bounds: graphene::Rect| bounds.y() + bounds.height() / 2.0 > 0.0;
        if row.name_bounds(&*self.over_list).is_some_and(in_sight) {
            return None;
        }
        // It would lie over the next one's.
        let (_, height, _, _) = self.whose.measure(gtk::Orientation::Vertical, -1);
        if *last && bubble.y() + bubble.height() < height as f32 + MARGIN {
            return None;
        }
        // Where there is no portrait it stands in its place, rather than over the text.
        let free = cell.compute_bounds(&*self.over_list).filter(|_| !last);
        let place = row.nick_bounds(&*self.over_list).or(free).unwrap_or(bubble);
        Some((item.author.display.as_str().to_owned(), item.mine, place))
    }
}
