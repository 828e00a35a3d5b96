//! The window: the page of the account in sight, and what the keyboard asks of it.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};
use tertulia_client::proto::RoomId;

use super::{
    AppearanceWindow, account_page::AccountPage, switcher_window::SwitcherWindow,
    welcome_page::WelcomePage,
};
use crate::{
    appearance::Looks,
    application::Application,
    model::{Accounts, Room, Session, Slot, WindowState, day_of, now},
};

/// How late "today" may become "yesterday", in seconds.
const DAY_CHECK_S: u32 = 30;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/window.ui")]
    pub struct Window {
        /// By slots.
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        pub(super) accounts: OnceCell<Accounts>,
        pub(super) shown: RefCell<Option<AccountPage>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "TertuliaWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
            klass.install_action("win.back", None, |window, _, _| {
                window.with_page(AccountPage::go_back);
            });
            klass.install_action("win.rooms", None, |window, _, _| {
                window.with_page(|page| page.choose_rooms(false));
            });
            klass.install_action("win.public-rooms", None, |window, _, _| {
                window.with_page(|page| page.choose_rooms(true));
            });
            klass.install_action("win.switch", None, |window, _, _| window.switch());
            klass.install_action("win.invite", None, |window, _, _| {
                window.with_page(AccountPage::invite);
            });
            // Its key is one of GTK's own for who may not invite: that would open a debugger.
            klass.install_action("win.ask-to-invite", None, |window, _, _| {
                window.with_page(AccountPage::ask_to_invite);
            });
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
                        window.with_page(|page| page.expect_room(RoomId(id)));
                    }
                },
            );
            klass.install_action(
                "win.nth-account",
                Some(glib::VariantTy::UINT32),
                |window, _, nth| {
                    if let Some(nth) = nth.and_then(glib::Variant::get) {
                        window.show_nth(nth);
                    }
                },
            );
            klass.install_action(
                "win.show-account",
                Some(glib::VariantTy::UINT32),
                |window, _, slot| {
                    if let Some(slot) = slot.and_then(glib::Variant::get) {
                        window.show_account(Slot(slot));
                    }
                },
            );
            klass.install_action("win.leave-welcome", None, |window, _, _| {
                if let (Some(accounts), false) = (window.imp().accounts.get(), window.is_joined()) {
                    accounts.show_before();
                }
            });
            klass.install_action("win.next-room", None, |window, _, _| {
                window.with_page(|page| page.step(1));
            });
            klass.install_action("win.previous-room", None, |window, _, _| {
                window.with_page(|page| page.step(-1));
            });
            klass.install_action("win.next-news", None, |window, _, _| {
                window.with_page(|page| page.step_to_news(true));
            });
            klass.install_action("win.previous-news", None, |window, _, _| {
                window.with_page(|page| page.step_to_news(false));
            });
            klass.install_action("win.add-people", None, |window, _, _| {
                window.with_page(AccountPage::add_people);
            });
            klass.install_action("win.find", None, |window, _, _| {
                window.with_page(AccountPage::find);
            });
            klass.install_action(
                "win.find-words",
                Some(glib::VariantTy::STRING),
                |window, _, words| {
                    if let Some(words) = words {
                        window.with_page(|page| page.find_words(words));
                    }
                },
            );
            klass.install_action("win.room-details", None, |window, _, _| {
                window.with_page(AccountPage::show_room_details);
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
            self.redraw_each_day();
            // A row with the focus may go, and the next one gets it: nobody asked to select its text,
            // and GTK 4.8 complains when it does.
            window.settings().set_gtk_label_select_on_focus(false);
            window.connect_is_active_notify(|window| {
                if window.is_active() {
                    window.with_page(AccountPage::looked_at);
                }
            });
            let window = window.clone();
            gtk::Window::toplevels().connect_closure(
                "items-changed",
                false,
                glib::closure_local!(
                    #[watch]
                    window,
                    move |_: gio::ListModel, _: u32, removed: u32, _: u32| {
                        // Where another one is still open, one goes on there.
                        let is_other = |other: &gtk::Widget| {
                            other != window.upcast_ref::<gtk::Widget>() && other.is_visible()
                        };
                        if removed > 0 && !gtk::Window::list_toplevels().iter().any(is_other) {
                            window.with_page(AccountPage::write_on);
                        }
                    }
                ),
            );
        }
    }

    impl WidgetImpl for Window {
        /// By Tab.
        fn move_focus(&self, direction: gtk::DirectionType) {
            let page = self.shown.borrow().clone();
            page.iter().for_each(|page| page.set_is_toured(true));
            self.parent_move_focus(direction);
            page.iter().for_each(|page| page.set_is_toured(false));
        }
    }

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
        /// Days are called by how near they are.
        fn redraw_each_day(&self) {
            let shown = Cell::new(day_of(now()));
            glib::timeout_add_seconds_local(
                DAY_CHECK_S,
                clone!(
                    #[weak(rename_to = imp)]
                    self,
                    #[upgrade_or]
                    glib::ControlFlow::Break,
                    move || {
                        let today = day_of(now());
                        if shown.replace(today) != today {
                            let accounts =
                                imp.accounts.get().map(Accounts::all).unwrap_or_default();
                            accounts.iter().for_each(Session::redraw);
                            Looks::shared().rows_changed();
                        }
                        glib::ControlFlow::Continue
                    }
                ),
            );
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
    /// A window on the account in sight, which need not be attached yet.
    pub(crate) fn new(application: &Application, accounts: &Accounts) -> Self {
        let window: Self = glib::Object::builder().property("application", application).build();
        let _ = window.imp().accounts.set(accounts.clone());
        accounts.connect_shown_changed(clone!(
            #[weak]
            window,
            move |_| window.turn()
        ));
        accounts.connect_changed(clone!(
            #[weak]
            window,
            move |_| window.allow_invites()
        ));
        window.turn();
        window
    }

    /// The page of a session, made where it is not there yet.
    pub(crate) fn page_of(&self, session: &Session) -> Option<AccountPage> {
        let imp = self.imp();
        let existing = self.existing_page(session);
        if existing.is_some() {
            return existing;
        }
        let page = AccountPage::new(imp.accounts.get()?, session);
        imp.pages.add_named(&page, Some(&session.slot().0.to_string()));
        if session.is_open() {
            page.restore(session.left());
            page.begin();
        }
        Some(page)
    }

    /// The page of a session, if it was ever in sight.
    pub(crate) fn existing_page(&self, session: &Session) -> Option<AccountPage> {
        self.imp().pages.child_by_name(&session.slot().0.to_string()).and_downcast()
    }

    /// Pages that are there, with whose they are.
    pub(crate) fn pages(&self) -> Vec<(Session, AccountPage)> {
        let pages = self.imp().pages.pages();
        let pages = pages.iter::<gtk::StackPage>().filter_map(Result::ok);
        let pages = pages.filter_map(|page| page.child().downcast::<AccountPage>().ok());
        pages.filter_map(|page| Some((page.session()?.clone(), page))).collect()
    }

    /// The account of this page is no more.
    pub(crate) fn drop_page(&self, session: &Session) {
        let imp = self.imp();
        if let Some(page) = self.existing_page(session) {
            imp.pages.remove(&page);
            imp.shown.replace_with(|shown| shown.take().filter(|shown| *shown != page));
        }
    }

    /// The page in sight.
    pub(crate) fn page(&self) -> Option<AccountPage> {
        self.imp().shown.borrow().clone()
    }

    /// The way in.
    pub(crate) fn welcome(&self) -> Option<WelcomePage> {
        self.page().map(|page| page.welcome().clone())
    }

    /// Whether this room's messages are on it.
    pub(crate) fn shows(&self, room: &Room) -> bool {
        self.page().is_some_and(|page| page.shows(room))
    }

    /// Says something in passing.
    pub(crate) fn toast(&self, text: &str) {
        self.with_page(|page| page.toast(text));
    }

    /// Is as large as it was left. To be called before it is shown.
    pub(crate) fn restore(&self, state: WindowState) {
        let state = state.sound();
        self.set_default_size(state.width, state.height);
        if state.maximized {
            self.maximize();
        }
    }

    /// How large it is.
    pub(crate) fn state(&self) -> WindowState {
        let (width, height) = self.default_size();
        let maximized = self.is_maximized();
        WindowState { width, height, maximized, ..WindowState::default() }
    }

    fn is_joined(&self) -> bool {
        let page = self.page();
        page.and_then(|page| page.session().map(Session::is_joined)).unwrap_or_default()
    }

    fn with_page(&self, act: impl FnOnce(&AccountPage)) {
        if let Some(page) = self.page() {
            act(&page);
        }
    }

    /// Turns to the page of the account in sight.
    fn turn(&self) {
        let imp = self.imp();
        let shown = imp.accounts.get().and_then(Accounts::shown);
        let Some(page) = shown.and_then(|session| self.page_of(&session)) else {
            return;
        };
        // One who chooses an account in the list of rooms wants to see its list.
        if imp.shown.borrow().as_ref().is_some_and(AccountPage::shows_list_alone) {
            page.show_list();
        }
        // What is out of sight is to be so for a screen reader too.
        page.set_visible(true);
        imp.pages.set_visible_child(&page);
        if let Some(before) = imp.shown.borrow().as_ref().filter(|before| **before != page) {
            before.set_visible(false);
        }
        self.add_action(&gio::PropertyAction::new("members", page.flap(), "reveal-flap"));
        imp.shown.replace(Some(page.clone()));
        self.allow_invites();
        page.grab_focus();
        page.looked_at();
    }

    fn show_account(&self, slot: Slot) {
        if let Some(accounts) = self.imp().accounts.get()
            && let Some(session) = accounts.session(slot)
        {
            accounts.show(&session);
        }
    }

    /// By its place in the list of accounts, from 1.
    fn show_nth(&self, nth: u32) {
        let joined = self.imp().accounts.get().map(Accounts::joined).unwrap_or_default();
        let at = usize::try_from(nth).ok().and_then(|nth| nth.checked_sub(1));
        if let Some(session) = at.and_then(|at| joined.get(at)) {
            self.show_account(session.slot());
        }
    }

    /// The fast way to another room, where there is one.
    fn switch(&self) {
        let is_in = self.page().is_some_and(|page| page.is_main());
        if let (Some(accounts), true) = (self.imp().accounts.get(), is_in) {
            SwitcherWindow::new(self, accounts).present();
        }
    }

    fn allow_invites(&self) {
        let may = self.page().is_some_and(|page| page.may_invite());
        self.action_set_enabled("win.invite", may);
    }
}
