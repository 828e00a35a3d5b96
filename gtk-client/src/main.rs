//! `tertulia`: the window. Arguments, language, resources; then the application.

#![forbid(unsafe_code)]

mod appearance;
mod application;
mod args;
mod bridge;
mod drawing;
mod i18n;
mod kept;
mod model;
mod notifier;
mod profiles;
mod sentences;
mod theme;
mod ui;
mod watchman;

use clap::Parser;
use gtk::{gio, glib, prelude::*};

use crate::{application::Application, args::Args};

/// Of the default profile; other profiles add to it.
const APPLICATION_ID: &str = "org.tertulia.Tertulia";

fn main() -> glib::ExitCode {
    drawing::settled(run)
}

fn run() -> glib::ExitCode {
    // Ends with 0 for --help and --version, with 2 for what it does not know.
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error")),
        )
        .with_writer(std::io::stderr)
        .init();
    load_resources();
    let application = Application::new(args.profile());
    if args.gapplication_service {
        application.set_flags(application.flags() | gio::ApplicationFlags::IS_SERVICE);
        // GIO takes no further words from a service.
        let program = std::env::args().next();
        let code = application.run_with_args(program.as_slice());
        application.begin_again();
        return code;
    }
    let code = application.run();
    application.begin_again();
    code
}

/// Style, icons and templates, the latter in the reader's language.
fn load_resources() {
    // Registering it twice (in tests) changes nothing.
    gio::resources_register_include!("data.gresource")
        .expect("the resource was compiled into the program by build.rs");
    i18n::init();
}
