//! Here it does not go on until a person has done something: another server behind the known
//! name, a profile that can't be used.

use std::sync::OnceLock;

use gtk::{
    glib,
    glib::{clone, subclass::Signal},
    prelude::*,
    subclass::prelude::*,
};
use tertulia_client::{
    OpenError,
    certs::{KeyChanged, KeyFingerprint},
};

use super::account_switcher::AccountSwitcher;
use crate::{
    i18n::tr,
    model::{Accounts, Session},
    sentences,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/stop_page.ui")]
    pub struct StopPage {
        #[template_child]
        pub(super) accounts: TemplateChild<AccountSwitcher>,
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) details: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) keys: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) expected: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) found: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) onward: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for StopPage {
        const NAME: &'static str = "TertuliaStopPage";
        type Type = super::StopPage;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            AccountSwitcher::ensure_type();
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for StopPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("onward").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.onward.connect_clicked(clone!(
                #[weak(rename_to = page)]
                self.obj(),
                move |_| page.emit_by_name::<()>("onward", &[])
            ));
        }
    }

    impl WidgetImpl for StopPage {}
    impl BoxImpl for StopPage {}
}

glib::wrapper! {
    /// Says `onward` when the person wants to see what can be seen without a server.
    pub struct StopPage(ObjectSubclass<imp::StopPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl StopPage {
    /// Shows the way to the other accounts. To be called once.
    pub(crate) fn set_accounts(&self, accounts: &Accounts, session: &Session) {
        self.imp().accounts.set_accounts(accounts, session);
    }

    /// The server showed another key. `onward`: what the button offers.
    pub(crate) fn show_key_changed(&self, changed: &KeyChanged, onward: &str) {
        let imp = self.imp();
        imp.icon.set_icon_name(Some("dialog-error-symbolic"));
        imp.title.set_label(tr("This is not the server you know"));
        imp.text.set_label(tr(
            "It shows another key. Somebody may be between you and your server, or its owner has changed the key. Nothing was sent.\n\nAsk the owner in another way (by voice, in person) which key is right. If it was changed on purpose, close this window, move profile.json out of your profile’s folder and open a new link from the owner: you stay who you are. Otherwise do not connect.",
        ));
        imp.details.set_visible(false);
        let shown = |key: KeyFingerprint| format!("{key}\n{}", key.phrase());
        imp.expected.set_label(&shown(changed.expected));
        imp.found.set_label(&shown(changed.found));
        imp.keys.set_visible(true);
        imp.onward.set_label(onward);
        imp.onward.set_visible(true);
        imp.onward.grab_focus();
    }

    /// The profile can't be opened.
    pub(crate) fn show_open_error(&self, error: &OpenError) {
        let imp = self.imp();
        let (title, text) = sentences::open_error(error);
        imp.details.set_label(&error.to_string());
        imp.details.set_visible(true);
        imp.icon.set_icon_name(Some("dialog-warning-symbolic"));
        imp.title.set_label(title);
        imp.text.set_label(text);
        imp.keys.set_visible(false);
        imp.onward.set_visible(false);
    }
}
