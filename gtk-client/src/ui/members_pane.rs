//! Who is in the room, those who are here first.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::proto::{RoomId, RoomKind};

use super::{member_menu, member_row::MemberRow};
use crate::{
    i18n::{tr, trn},
    model::{PersonObject, Rights, Session},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/members_pane.ui")]
    pub struct MembersPane {
        #[template_child]
        pub(super) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(super) hide: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) add: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MembersPane {
        const NAME: &'static str = "TertuliaMembersPane";
        type Type = super::MembersPane;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for MembersPane {}
    impl WidgetImpl for MembersPane {}
    impl BoxImpl for MembersPane {}
}

glib::wrapper! {
    /// Shows the members of the session's room in sight.
    pub struct MembersPane(ObjectSubclass<imp::MembersPane>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl MembersPane {
    /// To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
                item.set_activatable(false);
                item.set_child(Some(&MemberRow::default()));
            }
        });
        let shown = session.clone();
        factory.connect_bind(move |_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
                return;
            };
            let row = item.child().and_downcast::<MemberRow>();
            if let (Some(row), Some(person)) = (row, item.item().and_downcast::<PersonObject>()) {
                row.bind(&person, &shown);
            }
        });
        let imp = self.imp();
        imp.list.set_factory(Some(&factory));
        let members = session.members().clone();
        members.connect_items_changed(clone!(
            #[weak]
            imp,
            move |members, _, _, _| {
                let people: Vec<_> =
                    members.iter::<PersonObject>().filter_map(Result::ok).collect();
                let here = people.iter().filter(|member| member.is_here() == Some(true)).count();
                let is_known = people.iter().all(|member| member.is_here().is_some());
                imp.title.set_subtitle(&match (people.is_empty(), is_known) {
                    // Nobody has said yet who they are.
                    (true, _) => String::new(),
                    (false, true) => trn("one is here", "{n} are here", here as u64),
                    (false, false) => tr("offline").to_owned(),
                });
            }
        ));
        let say = clone!(
            #[weak(rename_to = pane)]
            self,
            move |text: &str| {
                // Nothing hangs on the result: a pane by itself is a test's.
                drop(pane.activate_action("win.say", Some(&text.to_variant())));
            }
        );
        let opened = clone!(
            #[weak(rename_to = pane)]
            self,
            move |room: RoomId| {
                drop(pane.activate_action("win.show-room", Some(&room.0.to_variant())));
            }
        );
        member_menu::install(self, session, say, opened);
        let offer = clone!(
            #[weak]
            imp,
            #[weak]
            session,
            move || {
                let room = session.current().filter(|room| room.kind() == RoomKind::Private);
                let rights = room.and_then(|room| session.rights(&room));
                imp.add.set_visible(rights.is_some_and(Rights::may_add));
            }
        );
        session.connect_rooms_changed({
            let offer = offer.clone();
            move |_| offer()
        });
        session.connect_account_changed({
            let offer = offer.clone();
            move |_| offer()
        });
        // They go with the room of before.
        members.connect_items_changed(move |_, _, _, _| offer());
        imp.list.set_model(Some(&gtk::NoSelection::new(Some(members))));
    }

    /// Whether it lies over the messages, and so needs a way back to them.
    pub(crate) fn set_over(&self, over: bool) {
        self.imp().hide.set_visible(over);
    }
}
