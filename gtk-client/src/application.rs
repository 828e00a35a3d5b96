//! The application: one instance per profile, its actions, its end.

use std::{
    cell::{Cell, OnceCell, RefCell},
    path::PathBuf,
    rc::Rc,
};

use adw::{prelude::*, subclass::prelude::*};
use clap::Parser;
use gtk::{gio, glib, glib::clone};
use tertulia_client::{Connection, JoinError, OpenError, proto::RoomId};

use crate::{
    APPLICATION_ID, appearance,
    args::{Args, application_id},
    bridge::{self, Bridge},
    i18n::tr,
    kept,
    model::{Room, Session, Wishes},
    notifier::Notifier,
    sentences::{self, read_link},
    ui::{Farewell, Window, shortcuts_window},
    watchman,
};

/// Where style.css and the icons are, whatever the application id.
const RESOURCES: &str = "/org/tertulia/Tertulia";

/// How the window was left, within the profile.
const STATE_FILE: &str = "window.json";

/// What can be ticked in the menu: the action's name, and where it is kept.
type Wish = (&'static str, fn(&Wishes) -> bool, fn(&mut Wishes, bool));
const WISHES: [Wish; 2] = [
    (
        "do-not-disturb",
        |wishes| wishes.do_not_disturb,
        |wishes, wished| wishes.do_not_disturb = wished,
    ),
    ("keep-running", |wishes| wishes.keep_running, |wishes, wished| wishes.keep_running = wished),
];

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Application {
        pub(super) profile: RefCell<PathBuf>,
        pub(super) session: OnceCell<Session>,
        pub(super) window: OnceCell<Window>,
        pub(super) ending: Cell<bool>,
        pub(super) notifier: OnceCell<Rc<Notifier>>,
        /// A room to be shown as soon as there is a window.
        pub(super) wanted_room: Cell<Option<RoomId>>,
        /// Where it is kept how the window was left; there only once the profile is open.
        pub(super) state_path: OnceCell<PathBuf>,
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

    /// Sends what waits, says so where it takes time, then ends. Membership stays.
    pub(crate) fn exit(&self) {
        let imp = self.imp();
        if imp.ending.replace(true) {
            return;
        }
        if let Some(notifier) = imp.notifier.get() {
            notifier.withdraw_all();
        }
        self.keep_state();
        let hold = self.hold();
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            async move {
                let window = application.imp().window.get();
                let idle = application.session().queued() == 0;
                if let (Some(window), true) = (window, idle) {
                    window.set_visible(false);
                }
                let parent = window.map(|window| window.clone().upcast());
                let waiting = Farewell::say(parent.as_ref(), application.session()).await;
                if waiting > 0 {
                    eprintln!("tertulia: {waiting} messages wait in the outbox for the next start");
                }
                drop(hold);
                application.quit();
            }
        ));
    }

    /// The window was closed by its person: ends, or goes on without a window if that is wished.
    pub(crate) fn window_closed(&self) {
        let imp = self.imp();
        let joined = self.session().account().is_some();
        let keeps_on = joined && self.session().with_wishes(|wishes| wishes.keep_running);
        match imp.window.get() {
            Some(window) if keeps_on && !imp.ending.get() => {
                self.keep_state();
                imp.background.replace(Some(self.hold()));
                window.set_visible(false);
            }
            _ => self.exit(),
        }
    }

    /// Keeps how the window stands.
    fn keep_state(&self) {
        if let (Some(window), Some(path)) = (self.imp().window.get(), self.imp().state_path.get()) {
            kept::save(path, &window.state());
        }
    }

    /// Whether a person has this room before their eyes.
    pub(crate) fn is_looked_at(&self, room: &Room) -> bool {
        let shows = self.imp().window.get().is_some_and(|window| window.shows(room));
        // A window over it is still ours.
        shows && self.windows().iter().any(|window| window.is_active())
    }

    fn session(&self) -> &Session {
        self.imp().session.get_or_init(Session::default)
    }

    fn present(&self, args: Args) {
        let imp = self.imp();
        if let Some(window) = imp.window.get() {
            self.take_link(window, args);
            window.present();
            imp.background.take();
            return;
        }
        let window = Window::new(self, self.session());
        let _ = imp.window.set(window.clone());
        let _ = imp.notifier.set(Notifier::new(self, self.session()));
        let hold = self.hold();
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            async move {
                let profile = application.imp().profile.borrow().clone();
                match Bridge::open(profile.clone()).await {
                    Ok((bridge, events)) => {
                        application.session().load_wishes(&profile);
                        application.show_wishes();
                        let state = profile.join(STATE_FILE);
                        window.restore(kept::load(&state));
                        let _ = application.imp().state_path.set(state);
                        application.session().attach(bridge, events);
                        watchman::watch(application.session());
                        application.begin(&window, args);
                    }
                    Err(error) => application.show_open_error(&window, &error),
                }
                // Only now: the first frame shows what is there.
                window.present();
                drop(hold);
            }
        ));
    }

    fn begin(&self, window: &Window, args: Args) {
        window.begin();
        if self.session().connection() == Connection::Unjoined {
            let asks = args.link.is_none() || args.name.is_none();
            let name = args.name.unwrap_or_else(system_name);
            window.welcome().prefill(args.link.as_deref(), Some(&name));
            if !asks {
                window.welcome().join();
            }
            window.welcome().grab_focus();
        } else {
            self.take_link(window, args);
        }
        if let Some(room) = self.imp().wanted_room.take() {
            window.expect_room(room);
        }
    }

    /// Shows the window, and this room in it.
    fn show_room(&self, room: RoomId) {
        let imp = self.imp();
        match imp.window.get() {
            Some(window) => window.expect_room(room),
            None => imp.wanted_room.set(Some(room)),
        }
        self.present(Args::default());
    }

    fn show_open_error(&self, window: &Window, error: &OpenError) {
        eprintln!("tertulia: {error}");
        window.show_open_error(error);
    }

    /// A link for somebody who is in already: the same server may have moved.
    fn take_link(&self, window: &Window, args: Args) {
        let Some(link) = args.link else { return };
        let Some(account) = self.session().account() else {
            // Without a name of its own it leaves what is typed already.
            window.welcome().prefill(Some(&link), args.name.as_deref());
            return;
        };
        let link = match read_link(&link) {
            Ok(link) => link,
            Err(text) => return window.toast(&text),
        };
        let session = self.session().clone();
        glib::spawn_future_local(clone!(
            #[weak]
            window,
            async move {
                let (name, server) = (account.display, account.server);
                let joined = session.join(link, name.clone()).await;
                // No connection now: the strip over the messages says so.
                if let Err(error) = joined
                    && !matches!(error, JoinError::NoConnection(_))
                {
                    let obstacle = sentences::join_error(error, name.as_str(), &server);
                    match obstacle.key_changed {
                        Some(changed) => window.show_key_changed(&changed),
                        None => window.toast(&obstacle.text),
                    }
                }
            }
        ));
    }

    fn add_actions(&self) {
        let about = gio::ActionEntry::builder("about")
            .activate(|application: &Self, _, _| application.show_about())
            .build();
        let exit = gio::ActionEntry::builder("exit")
            .activate(|application: &Self, _, _| application.exit())
            .build();
        let show_room = gio::ActionEntry::builder("show-room")
            .parameter_type(Some(glib::VariantTy::UINT64))
            .activate(|application: &Self, _, room| {
                if let Some(room) = room.and_then(glib::Variant::get) {
                    application.show_room(RoomId(room));
                }
            })
            .build();
        let shortcuts = gio::ActionEntry::builder("shortcuts")
            .activate(|application: &Self, _, _| {
                let window = application.imp().window.get();
                shortcuts_window::present(window.map(|window| window.upcast_ref()));
            })
            .build();
        self.add_action_entries([about, exit, show_room, shortcuts]);
        for (name, _, change) in WISHES {
            let wish = gio::SimpleAction::new_stateful(name, None, &false.to_variant());
            wish.connect_change_state(clone!(
                #[weak(rename_to = application)]
                self,
                move |wish, state| {
                    if let (Some(state), Some(wished)) = (state, state.and_then(glib::Variant::get))
                    {
                        wish.set_state(state);
                        application.session().change_wishes(|wishes| change(wishes, wished));
                    }
                }
            ));
            self.add_action(&wish);
        }
        for (action, keys) in [
            ("app.exit", &["<Ctrl>q"][..]),
            ("window.close", &["<Ctrl>w"]),
            ("win.members", &["F9"]),
            ("win.switch", &["<Ctrl>k"]),
            ("win.next-room", &["<Alt>Down"]),
            ("win.previous-room", &["<Alt>Up"]),
            ("win.next-news", &["<Alt><Shift>Down"]),
            ("win.previous-news", &["<Alt><Shift>Up"]),
            ("win.rooms", &["<Ctrl>n"]),
            ("win.room-details", &["<Alt>Return"]),
            ("win.back", &["<Alt>Left"]),
            ("win.invite", &["<Ctrl><Shift>i"]),
            ("win.appearance", &["<Ctrl>comma"]),
            ("app.shortcuts", &["<Ctrl>question"]),
        ] {
            self.set_accels_for_action(action, keys);
        }
    }

    /// What is wished, in the menu.
    fn show_wishes(&self) {
        for (name, read, _) in WISHES {
            let wish = self.lookup_action(name).and_downcast::<gio::SimpleAction>();
            if let Some(wish) = wish {
                wish.set_state(&self.session().with_wishes(read).to_variant());
            }
        }
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

    fn show_about(&self) {
        let about = adw::AboutWindow::builder()
            .application_name("Tertulia")
            .application_icon(APPLICATION_ID)
            .version(env!("CARGO_PKG_VERSION"))
            .developer_name(tr("The Tertulia founders"))
            .comments(tr("Group chat on your own server that a bad network can’t break."))
            .website(env!("CARGO_PKG_REPOSITORY"))
            .license_type(gtk::License::Custom)
            .license(env!("CARGO_PKG_LICENSE"))
            .modal(true)
            .build();
        about.set_transient_for(self.imp().window.get());
        about.present();
    }
}

/// What the system calls the person at the keyboard.
fn system_name() -> String {
    let real_name = glib::real_name();
    let real_name = real_name.to_string_lossy();
    let given = real_name.split(',').next().unwrap_or_default().trim();
    if given.is_empty() || given == "Unknown" {
        glib::user_name().to_string_lossy().into_owned()
    } else {
        given.to_owned()
    }
}
