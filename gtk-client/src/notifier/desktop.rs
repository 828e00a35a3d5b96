//! What shows notifications here, and what it can.

use std::rc::Rc;

use gtk::{gio, prelude::*};

use super::freedesktop::{self, Act, Freedesktop};
use crate::{application::Application, model::Room};

/// How long the desktop may take to say what it can show.
const DESKTOP_MS: i32 = 2_000;

/// The service that shows notifications.
#[derive(Debug, Clone)]
pub(super) enum Desktop {
    /// GNOME's own, by way of GIO: shows texts as they are, and has neither sounds nor replies.
    Gnome,
    /// The freedesktop one.
    Freedesktop(Rc<Freedesktop>),
}

impl Desktop {
    /// Looks what is there; `None`: nothing, and GIO would complain. `act` is called with what a
    /// person does with a notification.
    pub(super) async fn find(
        application: &Application,
        act: impl Fn(&Room, Act) + 'static,
    ) -> Option<Self> {
        let bus = application.dbus_connection()?;
        let ask =
            async |name: &str, path: &str, method: &str, words: Option<gtk::glib::Variant>| {
                let flags = gio::DBusCallFlags::NONE;
                let words = words.as_ref();
                bus.call_future(Some(name), path, name, method, words, None, flags, DESKTOP_MS)
                    .await
                    .ok()
            };
        let gnome = Some(("org.gtk.Notifications",).to_variant());
        let has_gnome =
            ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "NameHasOwner", gnome).await;
        if has_gnome.and_then(|answer| answer.get::<(bool,)>()) == Some((true,)) {
            return Some(Self::Gnome);
        }
        let can = ask(freedesktop::NAME, freedesktop::PATH, "GetCapabilities", None).await;
        let (can,) = can?.get::<(Vec<String>,)>()?;
        Some(Self::Freedesktop(Freedesktop::new(bus, &can, act)))
    }
}
