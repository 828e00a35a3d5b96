//! The way to the other accounts, where there are any: whose rooms these are, and what is new
//! elsewhere.

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};

use super::{account_row::AccountRow, room_row::short_count};
use crate::{
    i18n::{tr, trn},
    model::{Accounts, Session, short_server},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/account_switcher.ui")]
    pub struct AccountSwitcher {
        #[template_child]
        pub(super) button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(super) whose: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) elsewhere: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) spoken: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) popover: TemplateChild<gtk::Popover>,
        #[template_child]
        pub(super) rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) add: TemplateChild<gtk::Button>,
        pub(super) accounts: OnceCell<Accounts>,
        pub(super) session: OnceCell<Session>,
        pub(super) handler: RefCell<Option<glib::SignalHandlerId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AccountSwitcher {
        const NAME: &'static str = "TertuliaAccountSwitcher";
        type Type = super::AccountSwitcher;
        type ParentType = adw::Bin;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for AccountSwitcher {
        fn constructed(&self) {
            self.parent_constructed();
            // A menu button puts what it shows in its middle.
            let mut around = self.whose.parent();
            while let Some(widget) = around.filter(|widget| !widget.is::<gtk::MenuButton>()) {
                widget.set_halign(gtk::Align::Fill);
                around = widget.parent();
            }
            self.popover.connect_map(clone!(
                #[weak(rename_to = imp)]
                self,
                move |_| imp.show_rows()
            ));
            // After its action, which is the class's own answer.
            self.add.connect_clicked(clone!(
                #[weak(rename_to = imp)]
                self,
                move |_| imp.popover.popdown()
            ));
        }

        fn dispose(&self) {
            if let (Some(accounts), Some(handler)) = (self.accounts.get(), self.handler.take()) {
                accounts.disconnect(handler);
            }
        }
    }

    impl WidgetImpl for AccountSwitcher {}
    impl BinImpl for AccountSwitcher {}

    impl AccountSwitcher {
        pub(super) fn update(&self) {
            let (Some(accounts), Some(session)) = (self.accounts.get(), self.session.get()) else {
                return;
            };
            let are_several = accounts.are_several();
            self.obj().set_visible(are_several);
            if !are_several {
                return;
            }
            let account = session.account();
            let (server, name) = match &account {
                Some(account) => (short_server(&account.server), account.display.as_str()),
                None => (tr("Accounts"), ""),
            };
            self.title.set_label(server);
            self.name.set_label(name);
            self.name.set_visible(!name.is_empty());
            let news = accounts.news_beside(session);
            self.elsewhere.set_visible(news.unread > 0);
            self.elsewhere.set_label(&short_count(news.unread));
            let quiet = news.told == 0;
            self.elsewhere.set_css_classes(if quiet {
                &["badge", "quiet-badge"]
            } else {
                &["badge"]
            });
            self.spoken.set_label(&trn(
                "one unread message elsewhere",
                "{n} unread messages elsewhere",
                news.unread.into(),
            ));
            if self.popover.is_mapped() {
                self.show_rows();
            }
        }

        /// As many as there are accounts; those that are there already only change.
        fn show_rows(&self) {
            let Some(accounts) = self.accounts.get() else { return };
            let joined = accounts.joined();
            let mut next = self.rows.first_child();
            for (session, nth) in joined.iter().zip(1..) {
                let row = match next.and_downcast::<AccountRow>() {
                    Some(row) => row,
                    None => {
                        let row = AccountRow::default();
                        self.rows.append(&row);
                        row
                    }
                };
                row.show_account(session, nth, self.session.get() == Some(session));
                next = row.next_sibling();
            }
            while let Some(row) = next {
                next = row.next_sibling();
                self.rows.remove(&row);
            }
        }
    }
}

glib::wrapper! {
    /// Shows nothing while there is one account only.
    pub struct AccountSwitcher(ObjectSubclass<imp::AccountSwitcher>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl AccountSwitcher {
    /// Beside the rooms of this one. To be called once.
    pub(crate) fn set_accounts(&self, accounts: &Accounts, session: &Session) {
        let imp = self.imp();
        let _ = imp.session.set(session.clone());
        if imp.accounts.set(accounts.clone()).is_err() {
            return;
        }
        let handler = accounts.connect_changed(clone!(
            #[weak]
            imp,
            move |_| imp.update()
        ));
        imp.handler.replace(Some(handler));
        imp.update();
    }
}
