//! The way in: a name and an invite link, nothing else.

use std::{
    cell::{OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{
    glib,
    glib::{clone, subclass::Signal},
};
use tertulia_client::certs::{KeyChanged, ServerLink};

use crate::{
    i18n::{fill, tr},
    model::Session,
    sentences::{self, Obstacle, read_link, read_name},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/welcome_page.ui")]
    pub struct WelcomePage {
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
        pub(super) problem: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) proposal: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) join: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) join_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        pub(super) session: OnceCell<Session>,
        pub(super) proposed: RefCell<String>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WelcomePage {
        const NAME: &'static str = "TertuliaWelcomePage";
        type Type = super::WelcomePage;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
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
                    move |_| page.join()
                ));
                row.connect_changed(clone!(
                    #[weak]
                    page,
                    move |_| page.imp().problem.set_visible(false)
                ));
            }
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
        let _ = self.imp().session.set(session.clone());
    }

    /// Fills in what is known already. A good link is tucked away: it tells a person nothing.
    pub(crate) fn prefill(&self, link: Option<&str>, name: Option<&str>) {
        let imp = self.imp();
        if let Some(name) = name {
            imp.name.set_text(name);
        }
        let Some(link) = link else { return };
        imp.link.set_text(link);
        match read_link(link) {
            Ok(link) => {
                imp.server.set_subtitle(&server_of(&link));
                imp.invitation.set_label(tr("Your seat is waiting. Who are you?"));
                self.show_link(false);
            }
            Err(text) => self.show_obstacle(text.into()),
        }
    }

    /// Joins with what is filled in; what is against it is said here.
    pub(crate) fn join(&self) {
        let imp = self.imp();
        if !imp.join.is_sensitive() {
            return;
        }
        let typed = imp.name.text();
        let (name, link) = match (read_name(&typed), read_link(&imp.link.text())) {
            (Ok(name), Ok(link)) => (name, link),
            (Err(text), _) => return self.refuse(&imp.name, text),
            (_, Err(text)) => {
                self.show_link(true);
                return self.refuse(&imp.link, text);
            }
        };
        let Some(session) = imp.session.get().cloned() else {
            return;
        };
        self.set_busy(true);
        imp.problem.set_visible(false);
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let joined = session.join(link, name).await;
                page.set_busy(false);
                match joined {
                    Ok(_) => page.emit_by_name::<()>("joined", &[]),
                    Err(error) => page.show_obstacle(sentences::join_error(error, typed.trim())),
                }
            }
        ));
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
        imp.server.set_visible(!show);
    }

    fn set_busy(&self, busy: bool) {
        let imp = self.imp();
        imp.spinner.set_visible(busy);
        imp.spinner.set_spinning(busy);
        imp.join_text.set_label(if busy { tr("Joining…") } else { tr("Join") });
        imp.join.set_sensitive(!busy);
        // Not insensitive: that would take the focus from under the cursor.
        imp.name.set_editable(!busy);
        imp.link.set_editable(!busy);
        imp.change.set_sensitive(!busy);
    }
}

fn server_of(link: &ServerLink) -> String {
    link.addresses.first().map(ToString::to_string).unwrap_or_default()
}
