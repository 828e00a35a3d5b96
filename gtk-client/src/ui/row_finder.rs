//! Finds the row of a line and brings it into sight. GTK 4.8 has no `scroll_to`.

use std::cell::Cell;

use gtk::{glib, glib::clone, prelude::*};

use super::timeline_cell::TimelineCell;
use crate::model::TimelineLine;

/// How far under the top a row is shown that was gone to, in pixels.
const MARGIN: f32 = 24.0;

/// The line at the top of what is in sight.
pub(super) fn first_in_sight(list: &gtk::ListView) -> Option<TimelineLine> {
    let is_in_sight = |cell: &TimelineCell| {
        let bounds = cell.compute_bounds(list);
        bounds.is_some_and(|bounds| bounds.y() + bounds.height() > 0.0)
    };
    find(list, is_in_sight)?.line()
}

/// Scrolls to the row at `place`. First anywhere into sight, which the list can do, then to the
/// top, once it is laid out there.
pub(super) fn show_row(list: &gtk::ListView, adjustment: &gtk::Adjustment, place: u32) {
    let scroll = clone!(
        #[weak]
        list,
        #[strong]
        adjustment,
        move || {
            // The list has the action by its class.
            let _ = list.activate_action("list.scroll-to-item", Some(&place.to_variant()));
            align(&list, &adjustment, place);
        }
    );
    glib::idle_add_local_once(scroll);
}

fn align(list: &gtk::ListView, adjustment: &gtk::Adjustment, place: u32) {
    let item = list.model().and_then(|model| model.item(place));
    let frames = Cell::new(0);
    list.add_tick_callback(clone!(
        #[strong]
        adjustment,
        move |list, _| {
            frames.set(frames.get() + 1);
            // Rows get their places during the frame after the one that is asked for them.
            if frames.get() < 3 {
                return glib::ControlFlow::Continue;
            }
            let cell = find(list, |cell| cell.line().map(Cast::upcast) == item);
            let top = cell.and_then(|cell| cell.compute_bounds(list));
            if let Some(top) = top {
                adjustment.set_value(adjustment.value() + f64::from(top.y() - MARGIN));
            }
            glib::ControlFlow::Break
        }
    ));
}

/// Of the cells in sight and just beside it: the list makes more, but does not place them.
fn find(list: &gtk::ListView, wanted: impl Fn(&TimelineCell) -> bool) -> Option<TimelineCell> {
    let mut row = list.first_child();
    while let Some(present) = row {
        let cell = present.first_child().and_downcast::<TimelineCell>();
        if let Some(cell) = cell
            && cell.is_mapped()
            && wanted(&cell)
        {
            return Some(cell);
        }
        row = present.next_sibling();
    }
    None
}
