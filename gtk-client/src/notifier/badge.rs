//! How much concerns one and was not read: on the program's icon, and in the window's title.

use std::cell::Cell;

use gtk::{gio, glib, prelude::*};

use crate::{APPLICATION_ID, application::Application, ui::Window};

/// Unity's signal, which docks of GNOME, KDE and others listen to. Nobody has to.
const INTERFACE: &str = "com.canonical.Unity.LauncherEntry";
const PATH: &str = "/org/tertulia/Tertulia";

/// What is shown now.
#[derive(Debug, Default)]
pub(crate) struct Badge(Cell<u32>);

impl Badge {
    /// Shows another number; none for zero.
    pub(crate) fn show(&self, application: &Application, count: u32) {
        if self.0.replace(count) == count {
            return;
        }
        for window in application.windows() {
            if let Some(window) = window.downcast_ref::<Window>() {
                window.set_title(Some(&title(count)));
            }
        }
        if let Some(bus) = application.dbus_connection() {
            tell(&bus, count);
        }
    }
}

fn tell(bus: &gio::DBusConnection, count: u32) {
    let values = glib::VariantDict::new(None);
    values.insert("count", i64::from(count));
    values.insert("count-visible", count > 0);
    let entry = format!("application://{APPLICATION_ID}.desktop");
    let words = glib::Variant::tuple_from_iter([entry.to_variant(), values.end()]);
    // Where there is no bus there is nobody to tell.
    let _ = bus.emit_signal(None, PATH, INTERFACE, "Update", Some(&words));
}

fn title(count: u32) -> String {
    match count {
        0 => "Tertulia".to_owned(),
        count => format!("({count}) Tertulia"),
    }
}
