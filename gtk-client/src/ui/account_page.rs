//! The window: which page shows, and how the panes share its width. The only file that knows of
//! leaflet and flap.

mod state;

use std::cell::{Cell, OnceCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};
use tertulia_client::{
    Connection, OpenError, Trouble,
    certs::KeyChanged,
    proto::{Role, RoomId},
};

use super::{
    AppearanceWindow, chat_page::ChatPage, members_pane::MembersPane, rooms_window::RoomsWindow,
    sidebar::Sidebar, stop_page::StopPage, switcher_window::SwitcherWindow,
    welcome_page::WelcomePage,
};
use crate::{
    application::Application,
    i18n::{fill, tr},
    model::{Room, Session, WindowState, day_of, now},
    sentences,
};

/// How late "today" may become "yesterday", in seconds.
const DAY_CHECK_S: u32 = 30;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/window.ui")]
    pub struct Window {
        #[template_child]
        pub(super) stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) welcome: TemplateChild<WelcomePage>,
        #[template_child]
        pub(super) stop: TemplateChild<StopPage>,
        #[template_child]
        pub(in crate::ui) leaflet: TemplateChild<adw::Leaflet>,
        #[template_child]
        pub(in crate::ui) sidebar: TemplateChild<Sidebar>,
        #[template_child]
        pub(in crate::ui) flap: TemplateChild<adw::Flap>,
        #[template_child]
        pub(in crate::ui) chat: TemplateChild<ChatPage>,
        #[template_child]
        pub(super) members: TemplateChild<MembersPane>,
        pub(super) session: OnceCell<Session>,
        /// A room that was entered and is to be shown as soon as it is in the list.
        pub(super) expected_room: Cell<Option<RoomId>>,
        /// The person wants to see what is there though the server is another one.
        pub(super) looked_past: Cell<bool>,
        /// How it was left the last time.
        pub(super) left: Cell<WindowState>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "TertuliaWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            Sidebar::ensure_type();
            ChatPage::ensure_type();
            MembersPane::ensure_type();
            WelcomePage::ensure_type();
            StopPage::ensure_type();
            klass.bind_template();
            klass.install_action("win.back", None, |window, _, _| {
                window.imp().leaflet.navigate(adw::NavigationDirection::Back);
            });
            klass.install_action("win.rooms", None, |window, _, _| window.choose_rooms());
            klass.install_action("win.switch", None, |window, _, _| window.switch());
            klass.install_action("win.invite", None, |window, _, _| window.invite());
            klass.install_action("win.appearance", None, |window, _, _| {
                AppearanceWindow::new(window).present();
            });
            klass.install_action("win.say", Some(glib::VariantTy::STRING), |window, _, text| {
                window.toast(text.and_then(glib::Variant::str).unwrap_or_default());
            });
            klass.install_action(
                "win.show-room",
                Some(glib::VariantTy::UINT64),
                |window, _, id| {
                    if let Some(id) = id.and_then(glib::Variant::get) {
                        window.expect_room(RoomId(id));
                    }
                },
            );
            klass.install_action("win.next-room", None, |window, _, _| {
                window.imp().sidebar.step(1);
            });
            klass.install_action("win.previous-room", None, |window, _, _| {
                window.imp().sidebar.step(-1);
            });
            klass.install_action("win.next-news", None, |window, _, _| {
                window.imp().sidebar.step_to_news(true);
            });
            klass.install_action("win.previous-news", None, |window, _, _| {
                window.imp().sidebar.step_to_news(false);
            });
            klass.install_action("win.room-details", None, |window, _, _| {
                // Nothing hangs on the result: where no room is in sight, there are no details.
                drop(WidgetExt::activate_action(&*window.imp().chat, "chat.details", None));
            });
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn constructed(&self) {
            self.parent_constructed();
            let window = self.obj();
            let members = gio::PropertyAction::new("members", &*self.flap, "reveal-flap");
            window.add_action(&members);
            for widget in [self.leaflet.upcast_ref::<gtk::Widget>(), self.flap.upcast_ref()] {
                widget.connect_notify_local(
                    Some("folded"),
                    clone!(
                        #[weak]
                        window,
                        move |_, _| window.imp().update_edges()
                    ),
                );
            }
            self.flap.connect_reveal_flap_notify(clone!(
                #[weak]
                window,
                move |_| window.imp().update_edges()
            ));
            self.update_edges();
            self.redraw_when_needed();
            // A row with the focus may go, and the next one gets it: nobody asked to select its text,
            // and GTK 4.8 complains when it does.
            window.settings().set_gtk_label_select_on_focus(false);
            window.connect_is_active_notify(|window| {
                if window.is_active() {
                    window.imp().chat.looked_at();
                }
            });
        }
    }

    impl WidgetImpl for Window {}

    impl WindowImpl for Window {
        fn close_request(&self) -> glib::Propagation {
            // The application goes on unseen, or sends what waits, then ends, and the window with it.
            if let Some(application) = self.obj().application().and_downcast::<Application>() {
                application.window_closed();
            }
            glib::Propagation::Stop
        }
    }

    impl ApplicationWindowImpl for Window {}
    impl AdwApplicationWindowImpl for Window {}

    impl Window {
        /// Lines remember their heights, and call days by how near they are.
        fn redraw_when_needed(&self) {
            let redraw = clone!(
                #[weak(rename_to = imp)]
                self,
                #[upgrade_or]
                glib::ControlFlow::Break,
                move || {
                    if let Some(session) = imp.session.get() {
                        session.redraw();
                    }
                    glib::ControlFlow::Continue
                }
            );
            for property in ["gtk-font-name", "gtk-xft-dpi"] {
                let redraw = redraw.clone();
                self.obj().settings().connect_notify_local(Some(property), move |_, _| {
                    redraw();
                });
            }
            let shown = Cell::new(day_of(now()));
            glib::timeout_add_seconds_local(DAY_CHECK_S, move || {
                let today = day_of(now());
                if shown.replace(today) == today { glib::ControlFlow::Continue } else { redraw() }
            });
        }

        /// Window buttons and ways back belong to whichever pane is at the edge.
        fn update_edges(&self) {
            let alone = self.leaflet.is_folded();
            let (over, revealed) = (self.flap.is_folded(), self.flap.reveals_flap());
            self.sidebar.set_alone(alone);
            self.chat.set_edges(alone, over || !revealed);
            self.members.set_over(over);
            // Over the messages they are only looked up.
            if !over {
                self.left.set(WindowState { members: revealed, ..self.left.get() });
            }
        }
    }
}

glib::wrapper! {
    /// One per application.
    pub struct Window(ObjectSubclass<imp::Window>)
        @extends adw::ApplicationWindow, gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Buildable, gtk::ConstraintTarget,
            gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Window {
    /// A window on this session, which need not be attached yet.
    pub(crate) fn new(application: &Application, session: &Session) -> Self {
        let window: Self = glib::Object::builder().property("application", application).build();
        window.set_session(session);
        window
    }

    /// The way in.
    pub(crate) fn welcome(&self) -> &WelcomePage {
        &self.imp().welcome
    }

    /// The profile is open: shows what belongs there now.
    pub(crate) fn begin(&self) {
        match self.session().map(Session::connection) {
            None | Some(Connection::Unjoined) => {
                self.imp().stack.set_visible_child_name("welcome");
                self.imp().welcome.grab_focus();
            }
            Some(_) => {
                self.imp().expected_room.set(self.imp().left.get().room());
                self.show_main();
                // It may be gone: then it is not waited for.
                self.imp().expected_room.set(None);
            }
        }
    }

    /// The profile can't be opened.
    pub(crate) fn show_open_error(&self, error: &OpenError) {
        self.imp().stop.show_open_error(error);
        self.imp().stack.set_visible_child_name("stop");
    }

    /// Whether this room's messages are on it.
    pub(crate) fn shows(&self, room: &Room) -> bool {
        let chat = &self.imp().chat;
        chat.is_mapped() && chat.room().as_ref() == Some(room)
    }

    /// Says something in passing.
    pub(crate) fn toast(&self, text: &str) {
        self.imp().chat.toast(text);
    }

    fn session(&self) -> Option<&Session> {
        self.imp().session.get()
    }

    fn set_session(&self, session: &Session) {
        let imp = self.imp();
        if imp.session.set(session.clone()).is_err() {
            return;
        }
        imp.sidebar.set_session(session);
        imp.chat.set_session(session);
        imp.members.set_session(session);
        imp.welcome.set_session(session);
        imp.sidebar.connect_chosen(clone!(
            #[weak(rename_to = window)]
            self,
            move |room, activated| window.show_room(room, activated)
        ));
        imp.welcome.connect_joined(clone!(
            #[weak(rename_to = window)]
            self,
            move || window.show_main()
        ));
        imp.welcome.connect_key_changed(clone!(
            #[weak(rename_to = window)]
            self,
            move |changed| window.show_key_changed(&changed)
        ));
        imp.stop.connect_local(
            "onward",
            false,
            clone!(
                #[weak(rename_to = window)]
                self,
                #[upgrade_or]
                None,
                move |_| {
                    window.imp().looked_past.set(true);
                    window.begin();
                    None
                }
            ),
        );
        session.connect_account_changed(clone!(
            #[weak(rename_to = window)]
            self,
            move |session| window.allow_invites(session)
        ));
        session.connect_rooms_changed(clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.choose_a_room()
        ));
        session.connect_connection_changed(clone!(
            #[weak(rename_to = window)]
            self,
            move |session| window.connection_changed(session)
        ));
        self.allow_invites(session);
    }

    fn connection_changed(&self, session: &Session) {
        let imp = self.imp();
        match session.connection() {
            Connection::Stopped(Trouble::KeyChanged(changed))
                if session.account().is_some() && !imp.looked_past.get() =>
            {
                self.show_key_changed(&changed);
            }
            Connection::Live => imp.looked_past.set(false),
            _ => {}
        }
    }

    /// The hard stop.
    pub(crate) fn show_key_changed(&self, changed: &KeyChanged) {
        let imp = self.imp();
        let joined = self.session().is_some_and(|session| session.account().is_some());
        let onward = if joined { tr("Read what was said") } else { tr("Back") };
        imp.stop.show_key_changed(changed, onward);
        imp.stack.set_visible_child_name("stop");
    }

    fn show_main(&self) {
        let imp = self.imp();
        imp.stack.set_visible_child_name("main");
        self.choose_a_room();
        // In a narrow window too: one came to talk.
        imp.leaflet.set_visible_child(&*imp.flap);
        imp.chat.grab_focus();
    }

    fn show_room(&self, room: Option<&Room>, activated: bool) {
        let imp = self.imp();
        let Some(session) = self.session() else {
            return;
        };
        if let Some(room) = room {
            session.open_room(room);
        }
        let before = imp.chat.room();
        imp.chat.set_room(room);
        if let (None, Some(gone)) = (room, before.filter(|before| !before.is_leaving())) {
            let text = tr("You are not in {room} any more.");
            self.toast(&fill(text, &[("room", &gone.title())]));
        }
        if room.is_none() && imp.leaflet.is_folded() {
            // It is gone. Not on into another one unasked: one would write into the wrong room.
            imp.leaflet.set_visible_child(&*imp.sidebar);
        }
        if room.is_some() && (activated || !imp.leaflet.is_folded()) {
            imp.leaflet.set_visible_child(&*imp.flap);
            imp.chat.grab_focus();
        }
        imp.chat.mark_read_if_seen();
    }

    /// Where none is in sight: the room just entered, else the liveliest.
    fn choose_a_room(&self) {
        let imp = self.imp();
        let Some(session) = self.session() else {
            return;
        };
        let expected = imp.expected_room.get().and_then(|id| session.room(id));
        if let Some(room) = expected {
            imp.expected_room.set(None);
            imp.sidebar.choose(&room);
            self.show_room(Some(&room), true);
        } else if imp.chat.room().is_none() {
            imp.sidebar.step(0);
        }
    }

    /// Shows a room as soon as it is one's own.
    pub(crate) fn expect_room(&self, id: RoomId) {
        let imp = self.imp();
        imp.expected_room.set(Some(id));
        if imp.flap.is_folded() {
            imp.flap.set_reveal_flap(false);
        }
        self.choose_a_room();
    }

    fn choose_rooms(&self) {
        let Some(session) = self.session() else {
            return;
        };
        let rooms = RoomsWindow::new(self, session);
        rooms.connect_entered(clone!(
            #[weak(rename_to = window)]
            self,
            move |id| window.expect_room(RoomId(id))
        ));
        rooms.present();
    }

    /// The fast way to another room, where there is one.
    fn switch(&self) {
        let joined = self.imp().stack.visible_child_name().as_deref() == Some("main");
        if let (Some(session), true) = (self.session(), joined) {
            SwitcherWindow::new(self, session).present();
        }
    }

    fn allow_invites(&self, session: &Session) {
        let may = session.account().is_some_and(|account| account.role >= Role::Moderator);
        self.action_set_enabled("win.invite", may);
    }

    fn invite(&self) {
        let Some(session) = self.session().cloned() else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                match session.invite().await {
                    Ok(link) => {
                        window.clipboard().set_text(&link.to_string());
                        window.toast(tr(
                            "An invite link is in the clipboard: for 10 people, for 7 days.",
                        ));
                    }
                    Err(error) => window.toast(&sentences::request_error(&error)),
                }
            }
        ));
    }
}
