//! Looks again at the person's folder when something in it changed.

use std::cell::{Cell, RefCell};

use gtk::{gio, glib, prelude::*};

use super::folder;
use crate::appearance;

/// An editor's save is several events: they are taken as one, after this time in milliseconds.
const SETTLE_MS: u64 = 120;

thread_local! {
    static MONITOR: RefCell<Option<gio::FileMonitor>> = const { RefCell::new(None) };
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Watches the folder from now on, if it is there: of one that is not GIO would look every few
/// seconds whether it has come.
pub(crate) fn watch() {
    let folder = folder();
    if !folder.is_dir() || MONITOR.with_borrow(Option::is_some) {
        return;
    }
    let file = gio::File::for_path(&folder);
    let flags = gio::FileMonitorFlags::WATCH_MOVES;
    match file.monitor_directory(flags, gio::Cancellable::NONE) {
        Ok(monitor) => {
            monitor.connect_changed(|_, _, _, event| {
                // A file that is still being written is looked at when that is over.
                if event != gio::FileMonitorEvent::Changed {
                    look_soon();
                }
            });
            MONITOR.replace(Some(monitor));
        }
        Err(error) => eprintln!("tertulia: {} can't be watched: {error}", folder.display()),
    }
}

fn look_soon() {
    if WAITS.replace(true) {
        return;
    }
    let settle = std::time::Duration::from_millis(SETTLE_MS);
    glib::timeout_add_local_once(settle, || {
        WAITS.set(false);
        appearance::themes_changed();
    });
}
