//! A window with nothing in it: what any program of this toolkit takes on this machine, for
//! `tests/figures`.

use adw::prelude::*;

fn main() -> gtk::glib::ExitCode {
    let application = adw::Application::builder().application_id("org.tertulia.Empty").build();
    application.connect_activate(|application| {
        let window = adw::ApplicationWindow::builder().application(application).build();
        window.set_default_size(1160, 740);
        window.set_content(Some(&adw::HeaderBar::new()));
        window.present();
    });
    application.run()
}
