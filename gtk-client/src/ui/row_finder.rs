//! Finds the row of a line and brings it into sight. GTK 4.8 has no `scroll_to`.

use std::{cell::Cell, time::Duration};

use gtk::{glib, prelude::*};

use super::timeline_cell::TimelineCell;
use crate::model::TimelineLine;

/// How far under the top a row is shown that was gone to, in pixels.
const MARGIN: f32 = 24.0;
/// Rows get their places during the frame after the one that is asked for them.
const SETTLED: u32 = 4;
/// Frames after which a row is given up that the list does not bring.
const PATIENCE: u32 = 40;
/// How long a row stands out that was gone to.
const POINTED: Duration = Duration::from_millis(1_600);

/// The line at the top of what is in sight.
pub(super) fn first_in_sight(list: &gtk::ListView) -> Option<TimelineLine> {
    first_cell_in_sight(list)?.line()
}

/// Its cell.
pub(super) fn first_cell_in_sight(list: &gtk::ListView) -> Option<TimelineCell> {
    let is_in_sight = |cell: &TimelineCell| {
        let bounds = cell.compute_bounds(list);
        bounds.is_some_and(|bounds| bounds.y() + bounds.height() > 0.0)
    };
    find(list, is_in_sight)
}

/// The lowest cell of which something is in sight.
pub(super) fn last_in_sight(list: &gtk::ListView) -> Option<TimelineCell> {
    let height = list.height() as f32;
    let mut in_sight = cells(list);
    in_sight.retain(|cell| {
        let bounds = cell.compute_bounds(list).filter(|_| cell.is_mapped());
        bounds.is_some_and(|bounds| bounds.y() < height && bounds.y() + bounds.height() > 0.0)
    });
    in_sight.pop()
}

/// Scrolls to the row at `place`. First anywhere into sight, which the list can do, then to the
/// top, once it is laid out there. Ends with `done`, which is given the row unless it went away.
pub(super) fn show_row(
    list: &gtk::ListView,
    adjustment: &gtk::Adjustment,
    place: u32,
    done: impl FnOnce(Option<TimelineCell>) + 'static,
) {
    let item = list.model().and_then(|model| model.item(place));
    let (frames, done) = (Cell::new(0), Cell::new(Some(done)));
    let adjustment = adjustment.clone();
    list.add_tick_callback(move |list, _| {
        frames.set(frames.get() + 1);
        // What came meanwhile may have moved it.
        let place =
            list.model().zip(item.as_ref()).and_then(|(model, item)| place_in(&model, item));
        if frames.get() % SETTLED == 1
            && let Some(place) = place
        {
            // The list has the action by its class.
            let _ = list.activate_action("list.scroll-to-item", Some(&place.to_variant()));
        }
        if frames.get() % SETTLED != 0 {
            return glib::ControlFlow::Continue;
        }
        let cell = find(list, |cell| cell.line().map(Cast::upcast) == item);
        if cell.is_none() && place.is_some() && frames.get() < PATIENCE {
            return glib::ControlFlow::Continue;
        }
        if let Some(top) = cell.as_ref().and_then(|cell| cell.compute_bounds(list)) {
            adjustment.set_value(adjustment.value() + f64::from(top.y() - MARGIN));
        }
        if let Some(done) = done.take() {
            done(cell);
        }
        glib::ControlFlow::Break
    });
}

fn place_in(model: &gtk::SelectionModel, wanted: &glib::Object) -> Option<u32> {
    (0..model.n_items()).find(|place| model.item(*place).as_ref() == Some(wanted))
}

/// Lets a row stand out for a while, and gives it the focus.
pub(super) fn point_at(cell: &TimelineCell) {
    if let Some(row) = cell.parent() {
        row.grab_focus();
    }
    cell.add_css_class("pointed");
    let cell = cell.downgrade();
    glib::timeout_add_local_once(POINTED, move || {
        if let Some(cell) = cell.upgrade() {
            cell.remove_css_class("pointed");
        }
    });
}

/// The cell at this place in the list.
pub(super) fn cell_at(list: &gtk::ListView, x: f64, y: f64) -> Option<TimelineCell> {
    let picked = list.pick(x, y, gtk::PickFlags::DEFAULT)?;
    cell_around(&picked)
}

/// The cell that has the focus, or in which something has.
pub(super) fn focused_cell(list: &gtk::ListView) -> Option<TimelineCell> {
    let focused = list.root()?.focus()?;
    if !focused.is_ancestor(list) {
        return None;
    }
    // The list's own widget around the cell is what the arrow keys go to.
    cell_around(&focused).or_else(|| focused.first_child().and_downcast::<TimelineCell>())
}

/// Every cell there is, in sight or not.
pub(super) fn cells(list: &gtk::ListView) -> Vec<TimelineCell> {
    let rows = std::iter::successors(list.first_child(), WidgetExt::next_sibling);
    rows.filter_map(|row| row.first_child().and_downcast::<TimelineCell>()).collect()
}

fn cell_around(widget: &gtk::Widget) -> Option<TimelineCell> {
    widget.ancestor(TimelineCell::static_type()).and_downcast::<TimelineCell>()
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
