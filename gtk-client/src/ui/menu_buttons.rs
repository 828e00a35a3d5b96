//! What holds for every button that opens a menu or a popover.

use gtk::{glib, glib::clone, prelude::*};

/// While such a button within a widget is open its tooltip is away, which would lie over what it
/// opened. Calls `closed` when it closes.
pub(super) fn tend(within: &gtk::Widget, closed: impl Fn() + Clone + 'static) {
    if let Some(button) = within.downcast_ref::<gtk::MenuButton>() {
        // Its own `active` comes with GTK 4.10 only.
        let Some(toggle) = button.first_child().and_downcast::<gtk::ToggleButton>() else {
            return;
        };
        toggle.connect_active_notify(clone!(
            #[weak]
            button,
            move |toggle| {
                button.set_has_tooltip(!toggle.is_active() && button.tooltip_text().is_some());
                if !toggle.is_active() {
                    closed();
                }
            }
        ));
        return;
    }
    let mut child = within.first_child();
    while let Some(present) = child {
        tend(&present, closed.clone());
        child = present.next_sibling();
    }
}
