//! The way in: a name, and where to: an invite link, an address, or a server nearby.

mod already_here;
mod first_sight;

use std::{
    cell::{Cell, OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{
    glib,
    glib::{clone, subclass::Signal},
};
use tertulia_client::{
    Connection,
    certs::{KeyChanged, ServerLink},
    proto::DisplayName,
};

use already_here::is_taken;
use first_sight::FirstSight;

use crate::{
    i18n::{fill, tr},
    model::{Accounts, Session},
    sentences::{self, Destination, Obstacle, read_destination, read_name},
    ui::nearby_list::NearbyList,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/welcome_page.ui")]
    pub struct WelcomePage {
        #[template_child]
        pub(super) back: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) name: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(in crate::ui) link: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(super) server: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(super) change: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) invitation: TemplateChild<gtk::Label>,
        #[template_child]
        pub(in crate::ui) nearby: TemplateChild<NearbyList>,
        #[template_child]
        pub(super) scroll: TemplateChild<gtk::ScrolledWindow>,
        /// Who greets, as long as there is room.
        #[template_child]
        pub(super) head: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) sight: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) sight_title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) words: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) problem: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) proposal: TemplateChild<gtk::Button>,
        /// To the account that one is here already.
        #[template_child]
        pub(in crate::ui) go_there: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) differ: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) join: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) join_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        pub(super) session: OnceCell<Session>,
        pub(super) proposed: RefCell<String>,
        pub(super) first_sight: RefCell<FirstSight>,
        pub(super) joining: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WelcomePage {
        const NAME: &'static str = "TertuliaWelcomePage";
        type Type = super::WelcomePage;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            NearbyList::ensure_type();
            klass.bind_template();
            let none = gtk::gdk::ModifierType::empty();
            klass.add_binding_action(gtk::gdk::Key::Escape, none, "win.leave-welcome");
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for WelcomePage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                let changed = Signal::builder("key-changed")
                    .param_types([String::static_type(), String::static_type()]);
                vec![Signal::builder("joined").build(), changed.build()]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            for row in [&*self.name, &*self.link] {
                row.connect_entry_activated(clone!(
                    #[weak]
                    page,
                    move |_| page.enter_pressed()
                ));
                row.connect_changed(clone!(
                    #[weak]
                    page,
                    move |_| page.imp().problem.set_visible(false)
                ));
            }
            self.link.connect_changed(clone!(
                #[weak]
                page,
                move |_| page.forget_sight()
            ));
            self.nearby.connect_chosen(clone!(
                #[weak]
                page,
                move |server| page.look_at_neighbour(server)
            ));
            self.join.connect_clicked(clone!(
                #[weak]
                page,
                move |_| page.join()
            ));
            self.change.connect_clicked(clone!(
                #[weak]
                page,
                move |_| {
                    page.show_link(true);
                    page.imp().link.grab_focus();
                }
            ));
            self.differ.connect_clicked(clone!(
                #[weak]
                page,
                move |_| page.words_differ()
            ));
            self.proposal.connect_clicked(clone!(
                #[weak]
                page,
                move |_| {
                    let proposed = page.imp().proposed.take();
                    page.imp().name.set_text(&proposed);
                    page.join();
                }
            ));
        }
    }

    impl WidgetImpl for WelcomePage {
        fn grab_focus(&self) -> bool {
            let name_first = self.name.text().is_empty() || !self.link.is_visible();
            if name_first { self.name.grab_focus() } else { self.link.grab_focus() }
        }
    }

    impl BoxImpl for WelcomePage {}
}

glib::wrapper! {
    /// Says `joined` when the server has let one in.
    pub struct WelcomePage(ObjectSubclass<imp::WelcomePage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl WelcomePage {
    /// To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let imp = self.imp();
        let _ = imp.session.set(session.clone());
        imp.nearby.set_session(session);
        session.connect_connection_changed(clone!(
            #[weak(rename_to = page)]
            self,
            move |session| page.connection_changed(session)
        ));
    }

    /// Shows a way back where there is an account already. To be called once.
    pub(crate) fn set_accounts(&self, accounts: &Accounts, session: &Session) {
        let show_back = clone!(
            #[weak(rename_to = page)]
            self,
            #[weak]
            session,
            move |accounts: &Accounts| {
                let has_others = accounts.joined().iter().any(|other| *other != session);
                page.imp().back.set_visible(has_others);
            }
        );
        show_back(accounts);
        accounts.connect_changed(show_back);
    }

    /// Fills in what is known already. A good link is tucked away: it tells a person nothing.
    pub(crate) fn prefill(&self, link: Option<&str>, name: Option<&str>) {
        let imp = self.imp();
        if let Some(name) = name {
            imp.name.set_text(name);
        }
        let Some(link) = link else { return };
        imp.link.set_text(link);
        match read_destination(link) {
            Ok(Destination::Link(link)) => {
                imp.server.set_subtitle(&server_of(&link));
                imp.invitation.set_label(tr("Your seat is waiting. Who are you?"));
                self.show_link(false);
            }
            Ok(Destination::Address(_)) => {}
            Err(text) => self.show_obstacle(text.into()),
        }
    }

    /// Joins with what is filled in; what is against it is said here. At an address that was not
    /// looked at yet it looks first.
    pub(crate) fn join(&self) {
        let imp = self.imp();
        if !imp.join.is_sensitive() {
            return;
        }
        let destination = read_destination(&imp.link.text());
        let (name, destination) = match (read_name(&imp.name.text()), destination) {
            (Ok(name), Ok(destination)) => (name, destination),
            (Err(text), _) => return self.refuse(&imp.name, text),
            (_, Err(text)) => {
                self.show_link(true);
                return self.refuse(&imp.link, text);
            }
        };
        match destination {
            Destination::Link(link) => self.join_by(link, name),
            Destination::Address(address) => match self.seen_link() {
                Some(link) => self.join_by(link, name),
                None => self.look_at(vec![address]),
            },
        }
    }

    fn join_by(&self, link: ServerLink, name: DisplayName) {
        let imp = self.imp();
        let Some(session) = imp.session.get().cloned() else {
            return;
        };
        self.set_busy(true);
        imp.problem.set_visible(false);
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let server = server_of(&link);
                let joined = session.join(link.clone(), name.clone()).await;
                page.set_busy(false);
                match joined {
                    Ok(_) => page.emit_by_name::<()>("joined", &[]),
                    Err(error) => {
                        let is_taken = is_taken(&error);
                        page.show_obstacle(sentences::join_error(error, name.as_str(), &server));
                        if is_taken {
                            page.show_if_here_already(&link);
                        }
                    }
                }
            }
        ));
    }

    /// That the words match is said by the button only, not by one Enter too many.
    fn enter_pressed(&self) {
        match self.seen_link() {
            Some(_) => drop(self.imp().join.grab_focus()),
            None => self.join(),
        }
    }

    /// A server that is silent while one joins is named before the attempt is over.
    fn connection_changed(&self, session: &Session) {
        if self.imp().joining.get()
            && let Connection::Connecting { doubt: Some(doubt) } = session.connection()
        {
            self.show_obstacle(sentences::doubt(&doubt).into());
        }
    }

    /// Calls `joined` when the server has let one in.
    pub(crate) fn connect_joined(&self, joined: impl Fn() + 'static) {
        self.connect_local("joined", false, move |_| {
            joined();
            None
        });
    }

    /// Calls `changed` when the server is not the one that the link means.
    pub(crate) fn connect_key_changed(&self, changed: impl Fn(KeyChanged) + 'static) {
        self.connect_local("key-changed", false, move |values| {
            let key = |at: usize| values.get(at)?.get::<String>().ok()?.parse().ok();
            if let (Some(expected), Some(found)) = (key(1), key(2)) {
                changed(KeyChanged { expected, found });
            }
            None
        });
    }

    fn refuse(&self, row: &adw::EntryRow, text: String) {
        self.show_obstacle(text.into());
        row.grab_focus();
    }

    fn show_obstacle(&self, obstacle: Obstacle) {
        let imp = self.imp();
        if let Some(changed) = obstacle.key_changed {
            let (expected, found) = (changed.expected.to_string(), changed.found.to_string());
            self.emit_by_name::<()>("key-changed", &[&expected, &found]);
            return;
        }
        imp.problem_text.set_label(&obstacle.text);
        imp.go_there.set_visible(false);
        imp.proposal.set_visible(obstacle.proposal.is_some());
        if let Some(proposal) = obstacle.proposal {
            imp.proposal.set_label(&fill(tr("Join as “{name}”"), &[("name", &proposal)]));
            imp.proposed.replace(proposal);
        }
        imp.problem.set_visible(true);
    }

    fn show_link(&self, show: bool) {
        let imp = self.imp();
        imp.link.set_visible(show);
        imp.nearby.set_visible(show);
        imp.server.set_visible(!show);
    }

    fn set_busy(&self, busy: bool) {
        let imp = self.imp();
        imp.joining.set(busy);
        self.show_work(busy.then(|| tr("Joining…")));
        // Not insensitive: that would take the focus from under the cursor.
        imp.name.set_editable(!busy);
        imp.link.set_editable(!busy);
        imp.nearby.set_sensitive(!busy);
        imp.change.set_sensitive(!busy);
    }

    /// What the button says: what is under way, or what it does.
    fn show_work(&self, work: Option<&str>) {
        let imp = self.imp();
        imp.spinner.set_visible(work.is_some());
        imp.spinner.set_spinning(work.is_some());
        imp.join.set_sensitive(work.is_none());
        let does = match self.seen_link() {
            Some(_) => tr("The words match: join"),
            None => tr("Join"),
        };
        imp.join_text.set_label(work.unwrap_or(does));
    }
}

fn server_of(link: &ServerLink) -> String {
    link.addresses.first().map(ToString::to_string).unwrap_or_default()
}
