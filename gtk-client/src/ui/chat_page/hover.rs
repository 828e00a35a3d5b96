//! The button that comes up beside the message under the pointer: the way to its menu for who does
//! not think of the secondary button.

use gtk::{glib, glib::clone, graphene, prelude::*};

use super::imp;
use crate::ui::{message_row::MessageRow, row_finder::cell_at, timeline_cell::TimelineCell};

/// How far it reaches over the message's edges, in pixels.
const OVER: f32 = 10.0;

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

    fn hovered(&self, x: f64, y: f64) {
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

    /// At the upper end corner of the message.
    fn show_more(&self, cell: &TimelineCell) {
        let row = cell.first_child().and_downcast::<MessageRow>();
        let Some(bounds) = row.and_then(|row| row.bubble_bounds(&*self.over_list)) else {
            return;
        };
        // Nothing that is not there has a size.
        self.more.set_visible(true);
        let (_, width, _, _) = self.more.measure(gtk::Orientation::Horizontal, -1);
        let room = self.over_list.width() as f32;
        let end = if cell.direction() == gtk::TextDirection::Rtl {
            room - bounds.x()
        } else {
            bounds.x() + bounds.width()
        };
        let start = (end - width as f32 + OVER).min(room - width as f32);
        self.more.set_margin_start(start.max(0.0) as i32);
        self.more.set_margin_top((bounds.y() - OVER).max(0.0) as i32);
        self.hovered.set(Some(cell));
    }

    fn hide_more(&self) {
        self.hovered.set(None);
        self.more.set_visible(false);
    }
}
