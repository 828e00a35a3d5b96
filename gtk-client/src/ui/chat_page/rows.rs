//! Makes the rows of the list.

use gtk::{prelude::*, subclass::prelude::*};

use super::ChatPage;
use crate::{appearance::Looks, model::TimelineLine, ui::timeline_cell::TimelineCell};

/// Rows of this page.
pub(super) fn factory(page: &ChatPage) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_activatable(false);
            // There is nothing to select in the list's own sense; but GTK 4.8 lets the focus on
            // none but such rows, and on its way up and down stops at any other.
            item.set_selectable(true);
            item.set_child(Some(&TimelineCell::default()));
        }
    });
    let page = page.downgrade();
    factory.connect_bind(move |_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
            return;
        };
        let cell = item.child().and_downcast::<TimelineCell>();
        if let (Some(cell), Some(line)) = (cell, item.item().and_downcast::<TimelineLine>()) {
            cell.bind(&line);
            if let Some(page) = page.upgrade() {
                page.imp().show_choice(&cell);
                page.imp().show_found(&cell);
            }
        }
    });
    factory
}

/// How much room rows have: it is 0 until there is some.
pub(super) fn tell_width(width: i32) {
    if width > 0 {
        Looks::shared().set_width(width);
    }
}
