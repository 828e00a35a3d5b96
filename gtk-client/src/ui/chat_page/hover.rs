//! The button that comes up beside the message under the pointer: the way to its menu for who does
//! not think of the secondary button.

use gtk::{glib, glib::clone, graphene, prelude::*};

use super::imp;
use crate::{
    appearance::Looks,
    ui::{
        message_row::{MessageRow, arrangement::LINE_MARGIN},
        row_finder::cell_at,
        timeline_cell::TimelineCell,
    },
};

/// Between it and the message, in pixels; and so far below the top of a high one.
const GAP: f32 = 4.0;

impl imp::ChatPage {
    pub(super) fn follow_hover(&self) {
        let motion = gtk::EventControllerMotion::new();
        motion.connect_motion(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_, x, y| imp.hovered(x, y)
        ));
        motion.connect_leave(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_| imp.hide_more()
        ));
        // Of the list and the button, so that going to it is no leaving.
        self.over_list.add_controller(motion);
        self.scroll.vadjustment().connect_value_changed(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_| imp.hide_more()
        ));
        self.more.connect_clicked(clone!(
            #[weak(rename_to = imp)]
            self,
            move |more| {
                let place = graphene::Point::new(0.0, more.height() as f32);
                let at = more.compute_point(&*imp.list, &place);
                if let (Some(cell), Some(at)) = (imp.hovered.upgrade(), at) {
                    imp.open_menu(&cell, Some((at.x().into(), at.y().into())));
                }
            }
        ));
    }

    /// The pointer is here, over the list.
    pub(in crate::ui) fn hovered(&self, x: f64, y: f64) {
        let Some((x, y)) = self.over_list.translate_coordinates(&*self.list, x, y) else {
            return;
        };
        let cell = cell_at(&self.list, x, y).filter(|cell| self.has_menu(cell));
        let choosing = self.chosen.borrow().is_some();
        match cell.filter(|_| !choosing) {
            Some(cell) if self.hovered.upgrade().as_ref() != Some(&cell) => self.show_more(&cell),
            Some(_) => {}
            None => self.hide_more(),
        }
    }

    /// Beside the message, over no text: before a line and before one's own bubble, behind others'.
    fn show_more(&self, cell: &TimelineCell) {
        let row = cell.first_child().and_downcast::<MessageRow>();
        let bubble = row.and_then(|row| row.bubble_bounds(&*self.over_list));
        let around = cell.compute_bounds(&*self.over_list);
        let (Some(bubble), Some(around)) = (bubble, around) else { return };
        // Nothing that is not there has a size, and margins are a part of it.
        self.more.set_visible(true);
        self.more.set_margin_start(0);
        self.more.set_margin_top(0);
        let (_, width, _, _) = self.more.measure(gtk::Orientation::Horizontal, -1);
        let (_, height, _, _) = self.more.measure(gtk::Orientation::Vertical, -1);
        let (width, height) = (width as f32, height as f32);
        let room = self.over_list.width() as f32;
        let mirrored = cell.direction() == gtk::TextDirection::Rtl;
        let start_of = |bounds: &graphene::Rect| match mirrored {
            true => room - bounds.x() - bounds.width(),
            false => bounds.x(),
        };
        let is_mine = cell.line().and_then(|line| line.message().map(|item| item.mine));
        let start = match (Looks::shared().lines(), is_mine == Some(true)) {
            (true, _) => start_of(&around) + (LINE_MARGIN as f32 - width) / 2.0,
            (false, true) => start_of(&bubble) - width - GAP,
            (false, false) => {
                let behind = start_of(&bubble) + bubble.width() + GAP;
                // The largest text leaves no room there: then where portraits are.
                if behind + width > room { start_of(&around) } else { behind }
            }
        };
        let down = bubble.y() + ((bubble.height() - height) / 2.0).min(GAP);
        self.more.set_margin_start(start.min(room - width).max(0.0) as i32);
        self.more.set_margin_top(down.max(0.0) as i32);
        self.hovered.set(Some(cell));
    }

    pub(in crate::ui) fn hide_more(&self) {
        self.hovered.set(None);
        self.more.set_visible(false);
    }
}
