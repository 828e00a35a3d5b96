//! The keys that do something.

use gtk::prelude::*;

const TEMPLATE: &str = "/org/tertulia/Tertulia/ui/shortcuts_window.ui";

/// Shows them over `parent`.
pub(crate) fn present(parent: Option<&gtk::Window>) {
    let builder = gtk::Builder::from_resource(TEMPLATE);
    if let Some(window) = builder.object::<gtk::ShortcutsWindow>("shortcuts") {
        window.set_transient_for(parent);
        window.present();
    }
}
