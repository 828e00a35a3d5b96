//! Asks before something that others notice.

use adw::prelude::*;

/// Does `act` once the person has chosen `deed`, and nothing otherwise.
pub(crate) fn ask(
    parent: Option<&gtk::Window>,
    heading: &str,
    body: &str,
    (stay, deed): (&str, &str),
    act: impl Fn() + 'static,
) {
    present(parent, heading, body, (stay, deed), adw::ResponseAppearance::Destructive, act);
}

/// The same before what is usual, and could have been a slip.
pub(crate) fn ask_gently(
    parent: Option<&gtk::Window>,
    heading: &str,
    body: &str,
    (stay, deed): (&str, &str),
    act: impl Fn() + 'static,
) {
    present(parent, heading, body, (stay, deed), adw::ResponseAppearance::Suggested, act);
}

fn present(
    parent: Option<&gtk::Window>,
    heading: &str,
    body: &str,
    (stay, deed): (&str, &str),
    appearance: adw::ResponseAppearance,
    act: impl Fn() + 'static,
) {
    let dialog = adw::MessageDialog::builder().heading(heading).body(body).modal(true).build();
    dialog.set_transient_for(parent);
    dialog.add_responses(&[("stay", stay), ("deed", deed)]);
    dialog.set_response_appearance("deed", appearance);
    if appearance == adw::ResponseAppearance::Suggested {
        dialog.set_default_response(Some("deed"));
    }
    dialog.set_close_response("stay");
    dialog.connect_response(Some("deed"), move |_, _| act());
    dialog.present();
}

/// The window that holds a widget.
pub(super) fn window_of(widget: &impl IsA<gtk::Widget>) -> Option<gtk::Window> {
    widget.root().and_downcast()
}
