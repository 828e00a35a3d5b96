//! An account in the list of accounts.

use adw::subclass::prelude::*;
use gtk::{glib, prelude::*};
use tertulia_client::Connection;

use super::room_row::short_count;
use crate::{
    i18n::{fill, tr, trn},
    model::{Session, short_server, way},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/account_row.ui")]
    pub struct AccountRow {
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) here: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) server: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) key: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) shown: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) spoken: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AccountRow {
        const NAME: &'static str = "TertuliaAccountRow";
        type Type = super::AccountRow;
        type ParentType = gtk::Button;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for AccountRow {}
    impl WidgetImpl for AccountRow {}

    impl ButtonImpl for AccountRow {
        fn clicked(&self) {
            let popover = self.obj().ancestor(gtk::Popover::static_type());
            if let Some(popover) = popover.and_downcast::<gtk::Popover>() {
                popover.popdown();
            }
            // Then the action, which brings the account into sight.
            self.parent_clicked();
        }
    }
}

glib::wrapper! {
    /// Asks for `win.show-account` when it is pressed.
    pub struct AccountRow(ObjectSubclass<imp::AccountRow>)
        @extends gtk::Button, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for AccountRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl AccountRow {
    /// Shows how an account stands now. `nth`: its place in the list, from 1.
    pub(super) fn show_account(&self, session: &Session, nth: u32, is_shown: bool) {
        let imp = self.imp();
        let account = session.account();
        let (name, server) = match &account {
            Some(account) => (account.display.as_str(), short_server(&account.server)),
            None => (tr("An account that can’t be opened"), ""),
        };
        let connection = session.connection();
        let way = way(&connection);
        let place = [server, way].into_iter().filter(|part| !part.is_empty());
        let place = place.collect::<Vec<_>>().join(" · ");
        imp.avatar.set_text(account.as_ref().map(|account| account.display.as_str()));
        imp.here.set_visible(connection == Connection::Live);
        imp.name.set_label(name);
        imp.server.set_label(&place);
        imp.server.set_visible(!place.is_empty());
        let news = session.news();
        let quiet = news.told == 0;
        imp.unread.set_visible(news.unread > 0);
        imp.unread.set_label(&short_count(news.unread));
        imp.unread.set_css_classes(if quiet { &["badge", "quiet-badge"] } else { &["badge"] });
        imp.key.set_label(&fill(tr("Ctrl+{n}"), &[("n", &nth.to_string())]));
        imp.key.set_visible(nth <= 9);
        imp.shown.set_opacity(if is_shown { 1.0 } else { 0.0 });
        let unread = trn("one unread message", "{n} unread messages", news.unread.into());
        let words = [
            Some(name),
            Some(server),
            Some(if connection == Connection::Live { tr("connected") } else { way }),
            (news.unread > 0).then_some(&*unread),
            is_shown.then(|| tr("in sight")),
        ];
        let words: Vec<_> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        imp.spoken.set_label(&words.join(", "));
        // The target first: an action without the one that it wants would complain.
        self.set_action_target_value(Some(&session.slot().0.to_variant()));
        self.set_action_name(Some("win.show-account"));
    }
}
