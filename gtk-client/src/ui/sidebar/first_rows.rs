//! A list of which the first rows are made at once, and the others while nothing else is to be done:
//! GTK 4.8 makes some 200 rows of a list before it shows any.

use std::cell::Cell;

use gtk::{gio, glib, glib::clone, prelude::*};

/// Rows that are made at once: what a usual window has room for.
const FIRST: u32 = 14;
/// Frames before the next ones, and how many those are in a frame.
const PAUSE: u32 = 6;
const SLICE: u32 = 4;

/// See the module.
#[derive(Debug)]
pub(super) struct FirstRows(gtk::SliceListModel);

impl FirstRows {
    /// What `list` shows of these.
    pub(super) fn new(list: &gtk::ListView, all: &impl IsA<gio::ListModel>) -> Self {
        let shown = gtk::SliceListModel::new(Some(all.clone()), 0, FIRST);
        list.connect_map(clone!(
            #[weak]
            shown,
            move |list| {
                let pause = Cell::new(PAUSE);
                list.add_tick_callback(clone!(
                    #[weak]
                    shown,
                    #[upgrade_or]
                    glib::ControlFlow::Break,
                    move |_, _| {
                        let all = shown.model().map_or(0, |all| all.n_items());
                        if pause.get() > 0 {
                            pause.set(pause.get() - 1);
                        } else if shown.size() < all {
                            shown.set_size(shown.size().saturating_add(SLICE));
                        } else {
                            shown.set_size(u32::MAX);
                            return glib::ControlFlow::Break;
                        }
                        glib::ControlFlow::Continue
                    }
                ));
            }
        ));
        Self(shown)
    }

    /// What is shown.
    pub(super) fn model(&self) -> &gtk::SliceListModel {
        &self.0
    }

    /// Makes what is missing.
    pub(super) fn make_all(&self) {
        self.0.set_size(u32::MAX);
    }
}
