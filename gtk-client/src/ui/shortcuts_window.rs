//! The keys that do something.

use adw::prelude::*;
use gtk::gdk;

use super::over;

const TEMPLATE: &str = "/org/tertulia/Tertulia/ui/shortcuts_window.ui";

/// Shows them over `parent`. GTK's own window for them is cut off on a telephone.
pub(crate) fn present(parent: Option<&gtk::Window>) {
    let builder = gtk::Builder::from_resource(TEMPLATE);
    if let Some(window) = builder.object::<adw::Window>("shortcuts") {
        let trigger = gtk::KeyvalTrigger::new(gdk::Key::Escape, gdk::ModifierType::empty());
        let close = gtk::NamedAction::new("window.close");
        let keys = gtk::ShortcutController::new();
        keys.add_shortcut(gtk::Shortcut::new(Some(trigger), Some(close)));
        window.add_controller(keys);
        window.set_transient_for(parent);
        over::fit(&window);
        window.present();
    }
}
