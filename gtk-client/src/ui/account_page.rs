//! One account's part of the window: which page shows, and how the panes share its width. The only
//! part of the window that knows of leaflet and flap.

mod asked_of_chat;
mod going;
mod state;

use std::cell::{Cell, OnceCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    Connection, OpenError, Trouble,
    certs::KeyChanged,
    proto::{Role, RoomId},
};

use super::{
    chat_page::ChatPage, confirm, members_pane::MembersPane, menu_buttons, pane::Pane,
    rooms_window::RoomsWindow, sidebar::Sidebar, stop_page::StopPage, welcome_page::WelcomePage,
};
use crate::{
    i18n::{fill, tr},
    model::{Accounts, Room, Session, WindowState},
    sentences,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/account_page.ui")]
    pub struct AccountPage {
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
        pub(in crate::ui) members: TemplateChild<MembersPane>,
        pub(super) session: OnceCell<Session>,
        /// A room that was entered and is to be shown as soon as it is in the list.
        pub(super) expected_room: Cell<Option<RoomId>>,
        /// The person wants to see what is there though the server is another one.
        pub(super) looked_past: Cell<bool>,
        /// What is to show first where not all fits beside each other.
        pub(super) list_first: Cell<bool>,
        pub(super) is_toured: Cell<bool>,
        /// How it was left the last time.
        pub(super) left: Cell<WindowState>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AccountPage {
        const NAME: &'static str = "TertuliaAccountPage";
        type Type = super::AccountPage;
        type ParentType = adw::Bin;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            Sidebar::ensure_type();
            ChatPage::ensure_type();
            Pane::ensure_type();
            MembersPane::ensure_type();
            WelcomePage::ensure_type();
            StopPage::ensure_type();
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for AccountPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            for widget in [self.leaflet.upcast_ref::<gtk::Widget>(), self.flap.upcast_ref()] {
                widget.connect_notify_local(
                    Some("folded"),
                    clone!(
                        #[weak]
                        page,
                        move |_, _| page.imp().update_edges()
                    ),
                );
            }
            self.flap.connect_reveal_flap_notify(clone!(
                #[weak]
                page,
                move |_| page.imp().update_edges()
            ));
            // Over the messages they have the keys, too: one would write what one hardly sees.
            self.members.connect_map(clone!(
                #[weak(rename_to = imp)]
                self,
                move |members| {
                    if imp.flap.is_folded() && imp.has_focus_in(&*imp.chat) {
                        members.child_focus(gtk::DirectionType::TabForward);
                    }
                }
            ));
            self.update_edges();
            let closed = clone!(
                #[weak]
                page,
                move || page.write_on()
            );
            menu_buttons::tend(page.upcast_ref(), closed);
        }
    }

    impl WidgetImpl for AccountPage {
        /// Tab goes through all of it; what had the focus and is gone leaves it to where one writes.
        fn focus(&self, direction: gtk::DirectionType) -> bool {
            match self.is_toured.get() {
                true => self.stack.child_focus(direction),
                false => self.parent_focus(direction),
            }
        }

        fn grab_focus(&self) -> bool {
            match self.stack.visible_child_name().as_deref() {
                Some("main")
                    if self.leaflet.visible_child().as_ref() == Some(self.flap.upcast_ref()) =>
                {
                    self.chat.grab_focus()
                }
                Some("main") => self.sidebar.grab_focus(),
                Some("welcome") => self.welcome.grab_focus(),
                _ => self.stop.child_focus(gtk::DirectionType::TabForward),
            }
        }
    }

    impl BinImpl for AccountPage {}

    impl AccountPage {
        fn has_focus_in(&self, pane: &impl IsA<gtk::Widget>) -> bool {
            let focus = self.obj().root().and_then(|root| root.focus());
            focus.is_some_and(|focus| focus.is_ancestor(pane))
        }

        /// Window buttons and ways back belong to whichever pane is at the edge.
        fn update_edges(&self) {
            let alone = self.leaflet.is_folded();
            let (over, revealed) = (self.flap.is_folded(), self.flap.reveals_flap());
            self.sidebar.set_alone(alone);
            self.chat.set_edges(alone, over || !revealed);
            self.members.set_over(over);
            self.chat.set_covered(over && revealed);
            if over && !revealed && self.has_focus_in(&*self.members) {
                self.chat.grab_focus();
            }
            // Over the messages they are only looked up.
            if !over {
                self.left.set(WindowState { members: revealed, ..self.left.get() });
            }
        }
    }
}

glib::wrapper! {
    /// Lives as long as its session; the window shows one at a time.
    pub struct AccountPage(ObjectSubclass<imp::AccountPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl AccountPage {
    /// A page of this session, which need not be attached yet.
    pub(crate) fn new(accounts: &Accounts, session: &Session) -> Self {
        let page: Self = glib::Object::new();
        page.set_session(session);
        page.set_accounts(accounts, session);
        page
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

    /// Whose it is.
    pub(crate) fn session(&self) -> Option<&Session> {
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
            #[weak(rename_to = page)]
            self,
            move |room, activated| page.show_room(room, activated)
        ));
        imp.welcome.connect_joined(clone!(
            #[weak(rename_to = page)]
            self,
            move || {
                page.imp().list_first.set(false);
                page.show_main();
            }
        ));
        imp.welcome.connect_key_changed(clone!(
            #[weak(rename_to = page)]
            self,
            move |changed| page.show_key_changed(&changed)
        ));
        imp.stop.connect_local(
            "onward",
            false,
            clone!(
                #[weak(rename_to = page)]
                self,
                #[upgrade_or]
                None,
                move |_| {
                    page.imp().looked_past.set(true);
                    page.begin();
                    None
                }
            ),
        );
        session.connect_rooms_changed(clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.choose_a_room()
        ));
        session.connect_connection_changed(clone!(
            #[weak(rename_to = page)]
            self,
            move |session| page.connection_changed(session)
        ));
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
        if imp.list_first.take() {
            return self.show_list();
        }
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
        // Who was told that they are let in sees it now.
        room.iter().for_each(|room| room.notify_unread());
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

    /// It came before a person's eyes.
    pub(super) fn looked_at(&self) {
        self.imp().chat.looked_at();
    }

    /// What was open over it is closed: what one types is written, rather than pressing the button
    /// that had opened it.
    pub(super) fn write_on(&self) {
        // Only now: GTK gives the focus back first.
        glib::idle_add_local_once(clone!(
            #[weak(rename_to = page)]
            self,
            move || {
                let focus = page.root().and_then(|root| root.focus());
                let idle = focus.is_none_or(|at| at.is::<gtk::Button>() || !at.is_mapped());
                if idle && page.imp().chat.is_mapped() {
                    page.imp().chat.grab_focus();
                }
            }
        ));
    }

    /// Whether Tab moves the focus now.
    pub(super) fn set_is_toured(&self, is_toured: bool) {
        self.imp().is_toured.set(is_toured);
    }

    /// Whether it is beyond the way in.
    pub(super) fn is_main(&self) -> bool {
        self.imp().stack.visible_child_name().as_deref() == Some("main")
    }

    /// The pane of members, which comes and goes.
    pub(super) fn flap(&self) -> &adw::Flap {
        &self.imp().flap
    }

    /// Whether this account may invite people.
    pub(super) fn may_invite(&self) -> bool {
        let account = self.session().and_then(Session::account);
        account.is_some_and(|account| account.role >= Role::Moderator)
    }

    /// Rooms to enter, or a new one; `entering`: rather those to enter.
    pub(super) fn choose_rooms(&self, entering: bool) {
        let (Some(session), Some(window)) = (self.session(), confirm::window_of(self)) else {
            return;
        };
        let rooms = RoomsWindow::new(&window, session, entering);
        rooms.connect_entered(clone!(
            #[weak(rename_to = page)]
            self,
            move |id| page.expect_room(RoomId(id))
        ));
        rooms.present();
    }

    /// The same for whoever asks: not all may.
    pub(super) fn ask_to_invite(&self) {
        match self.is_main() {
            true if self.may_invite() => self.invite(),
            true => self.toast(tr("Only those who keep order on this server can invite.")),
            false => {}
        }
    }

    /// An invite link, into the clipboard.
    pub(super) fn invite(&self) {
        let Some(session) = self.session().cloned() else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                match session.invite().await {
                    Ok(link) => {
                        page.clipboard().set_text(&link.to_string());
                        page.toast(tr(
                            "An invite link is in the clipboard: for 10 people, for 7 days.",
                        ));
                    }
                    Err(error) => page.toast(&sentences::request_error(&error)),
                }
            }
        ));
    }

    fn set_accounts(&self, accounts: &Accounts, session: &Session) {
        let imp = self.imp();
        imp.sidebar.set_accounts(accounts, session);
        imp.welcome.set_accounts(accounts, session);
        imp.stop.set_accounts(accounts, session);
    }
}
