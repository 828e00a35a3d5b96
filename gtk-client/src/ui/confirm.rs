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
    let dialog = adw::MessageDialog::builder().heading(heading).body(body).modal(true).build();
    dialog.set_transient_for(parent);
    dialog.add_responses(&[("stay", stay), ("deed", deed)]);
    dialog.set_response_appearance("deed", adw::ResponseAppearance::Destructive);
    dialog.set_close_response("stay");
    dialog.connect_response(Some("deed"), move |_, _| act());
    dialog.present();
}

/// The window that holds a widget.
pub(super) fn window_of(widget: &impl IsA<gtk::Widget>) -> Option<gtk::Window> {
    widget.root().and_downcast()
}
