//! The application: one instance per profile, and its beginning. Which accounts it has: `accounts`;
//! what can be asked of it: `actions`; its end: `ending`.

mod accounts;
mod actions;
mod ending;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    path::PathBuf,
    rc::Rc,
};

use adw::{prelude::*, subclass::prelude::*};
use clap::Parser;
use gtk::{gio, glib, glib::clone};
use tertulia_client::proto::RoomId;

use crate::{
    APPLICATION_ID, appearance,
    args::{Args, application_id},
    bridge::{self, Opening},
    kept,
    model::{Accounts, Room, Session, Slot},
    notifier::{Badge, Notifier},
    profiles,
    ui::Window,
};

/// Where style.css and the icons are, whatever the application id.
const RESOURCES: &str = "/org/tertulia/Tertulia";

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Application {
        pub(super) profile: RefCell<PathBuf>,
        pub(super) accounts: OnceCell<Accounts>,
        pub(super) window: OnceCell<Window>,
        pub(super) ending: RefCell<Option<ending::Ending>>,
        pub(super) notifiers: RefCell<BTreeMap<Slot, Rc<Notifier>>>,
        pub(super) badge: Badge,
        /// A room to be shown as soon as there is a window.
        pub(super) wanted_room: Cell<Option<(Slot, RoomId)>>,
        /// The account in sight, being opened since before there was a window.
        pub(super) early: RefCell<Option<(Slot, Opening)>>,
        /// Keeps the program running while its window is closed.
        pub(super) background: RefCell<Option<gio::ApplicationHoldGuard>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Application {
        const NAME: &'static str = "TertuliaApplication";
        type Type = super::Application;
        type ParentType = adw::Application;
    }

    impl ObjectImpl for Application {}

    impl ApplicationImpl for Application {
        fn startup(&self) {
            // A service waits to be called.
            if !self.obj().flags().contains(gio::ApplicationFlags::IS_SERVICE) {
                self.obj().open_early();
            }
            self.parent_startup();
            gtk::Window::set_default_icon_name(APPLICATION_ID);
            appearance::start(self.obj().upcast_ref());
            self.obj().add_actions();
            self.obj().end_on_signals();
        }

        fn activate(&self) {
            self.parent_activate();
            self.obj().present(Args::default());
        }

        /// A link that was clicked, by way of the session bus.
        fn open(&self, files: &[gio::File], _hint: &str) {
            let link = files.first().map(|file| file.uri().into());
            self.obj().present(Args::of_link(link));
        }

        /// Also of a second start with the same profile: it ends at once, and its words come here.
        fn command_line(&self, command_line: &gio::ApplicationCommandLine) -> glib::ExitCode {
            match Args::try_parse_from(command_line.arguments()) {
                Ok(args) => {
                    self.obj().present(args);
                    glib::ExitCode::SUCCESS
                }
                Err(error) => {
                    // The `main` of that start has read the same words already.
                    eprintln!("{error}");
                    glib::ExitCode::from(2)
                }
            }
        }
    }

    impl GtkApplicationImpl for Application {}
    impl AdwApplicationImpl for Application {}
}

glib::wrapper! {
    /// One process, one profile, one window.
    pub struct Application(ObjectSubclass<imp::Application>)
        @extends adw::Application, gtk::Application, gio::Application,
        @implements gio::ActionGroup, gio::ActionMap;
}

impl Application {
    /// The application of this profile.
    pub(crate) fn new(profile: PathBuf) -> Self {
        let flags =
            gio::ApplicationFlags::HANDLES_COMMAND_LINE | gio::ApplicationFlags::HANDLES_OPEN;
        let application: Self = glib::Object::builder()
            .property("application-id", application_id(&profile))
            .property("resource-base-path", RESOURCES)
            .property("flags", flags)
            .build();
        application.imp().profile.replace(profile);
        application
    }

    /// Keeps how the window stands, with each account.
    fn keep_state(&self) {
        let imp = self.imp();
        let Some(window) = imp.window.get() else { return };
        let profile = imp.profile.borrow();
        for (session, page) in window.pages() {
            if session.is_open() {
                session.set_left(page.state());
            }
        }
        let shown = self.accounts().shown().filter(Session::is_joined);
        for session in self.accounts().all().iter().filter(|session| session.is_open()) {
            let mut state = session.left().sized_as(window.state());
            if let (Some(shown), Slot::OWN) = (&shown, session.slot()) {
                state = state.with_account(shown.slot());
            }
            kept::save(&profiles::state_file(&profile, session.slot()), &state);
        }
    }

    /// Whether a person has this room before their eyes.
    pub(crate) fn is_looked_at(&self, room: &Room) -> bool {
        let shows = self.imp().window.get().is_some_and(|window| window.shows(room));
        // A window over it is still ours.
        shows && self.windows().iter().any(|window| window.is_active())
    }

    /// Who its person is, here and there.
    pub(crate) fn accounts(&self) -> &Accounts {
        self.imp().accounts.get_or_init(Accounts::default)
    }

    /// What is counted on the program's icon.
    pub(crate) fn badge(&self) -> &Badge {
        &self.imp().badge
    }

    fn present(&self, args: Args) {
        let imp = self.imp();
        if self.is_ending() {
            return self.begin_again_later(args);
        }
        if let Some(window) = imp.window.get() {
            self.take_link(window, args);
            window.present();
            imp.background.take();
            return;
        }
        let first = self.find_accounts();
        let window = Window::new(self, self.accounts());
        let _ = imp.window.set(window.clone());
        let hold = self.hold();
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            async move {
                let is_open = application.open(&first).await;
                application.show_wishes();
                window.restore(first.left());
                if is_open {
                    application.begin(&window, &first, args);
                }
                // Only now: the first frame shows what is there.
                window.present();
                drop(hold);
                application.open_others(&window, &first).await;
            }
        ));
    }

    /// Shows the window, and this room in it.
    fn show_room(&self, slot: Slot, room: RoomId) {
        let imp = self.imp();
        match (imp.window.get(), self.accounts().session(slot)) {
            _ if self.is_ending() => {}
            (Some(window), Some(session)) => {
                self.accounts().show(&session);
                if let Some(page) = window.page() {
                    page.expect_room(room);
                }
            }
            // The account is gone by now.
            (Some(_), None) => {}
            (None, _) => imp.wanted_room.set(Some((slot, room))),
        }
        self.present(Args::default());
    }

    fn end_on_signals(&self) {
        glib::spawn_future_local(clone!(
            #[weak(rename_to = application)]
            self,
            async move {
                bridge::termination().await;
                application.exit();
            }
        ));
    }
}
