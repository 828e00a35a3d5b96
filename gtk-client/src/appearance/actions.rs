//! The actions that change the look from anywhere: larger, smaller, usual text.

use adw::prelude::*;
use gtk::gio;

use super::{TextSize, change};

/// What each does to the size, and its keys.
type Action = (&'static str, fn(TextSize) -> TextSize, &'static [&'static str]);
const ACTIONS: [Action; 3] = [
    ("text-larger", TextSize::larger, &["<Ctrl>plus", "<Ctrl>equal", "<Ctrl>KP_Add"]),
    ("text-smaller", TextSize::smaller, &["<Ctrl>minus", "<Ctrl>KP_Subtract"]),
    ("text-usual", |_| TextSize::default(), &["<Ctrl>0", "<Ctrl>KP_0"]),
];

pub(super) fn add(application: &gtk::Application) {
    for (name, resize, keys) in ACTIONS {
        let action = gio::SimpleAction::new(name, None);
        action.connect_activate(move |_, _| {
            change(|appearance| appearance.text_size = resize(appearance.text_size));
        });
        application.add_action(&action);
        application.set_accels_for_action(&format!("app.{name}"), keys);
    }
}

/// What would change nothing is not offered.
pub(super) fn show(size: TextSize) {
    let Some(application) = gio::Application::default().and_downcast::<gtk::Application>() else {
        return;
    };
    for (name, resize, _) in ACTIONS {
        if let Some(action) = application.lookup_action(name).and_downcast::<gio::SimpleAction>() {
            action.set_enabled(resize(size) != size);
        }
    }
}
