//! One's rooms, the liveliest first, and who one is.

use std::cell::OnceCell;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};

use super::{connection_strip::ConnectionStrip, room_row::RoomRow};
use crate::model::{Room, Session};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/sidebar.ui")]
    pub struct Sidebar {
        #[template_child]
        pub(super) header: TemplateChild<adw::HeaderBar>,
        #[template_child]
        pub(super) strip: TemplateChild<ConnectionStrip>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) server: TemplateChild<gtk::Label>,
        pub(super) sorter: OnceCell<gtk::CustomSorter>,
        pub(super) selection: OnceCell<gtk::SingleSelection>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Sidebar {
        const NAME: &'static str = "TertuliaSidebar";
        type Type = super::Sidebar;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            ConnectionStrip::ensure_type();
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Sidebar {}
    impl WidgetImpl for Sidebar {}
    impl BoxImpl for Sidebar {}
}

glib::wrapper! {
    /// Knows nothing of the panes beside it.
    pub struct Sidebar(ObjectSubclass<imp::Sidebar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Sidebar {
    /// Lists this session's rooms. To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let imp = self.imp();
        imp.strip.set_session(session);
        imp.list.set_factory(Some(&row_factory()));
        let sorter = gtk::CustomSorter::new(|a, b| {
            let key = |object: &glib::Object| {
                let room = object.downcast_ref::<Room>();
                room.map(|room| (std::cmp::Reverse(room.newest()), room.id()))
            };
            key(a).cmp(&key(b)).into()
        });
        let sorted = gtk::SortListModel::new(Some(session.rooms().clone()), Some(sorter.clone()));
        let selection = gtk::SingleSelection::new(Some(sorted));
        selection.set_autoselect(false);
        imp.list.set_model(Some(&selection));
        session.connect_rooms_changed(clone!(
            #[weak]
            sorter,
            move |_| sorter.changed(gtk::SorterChange::Different)
        ));
        session.connect_account_changed(clone!(
            #[weak(rename_to = sidebar)]
            self,
            move |session| sidebar.show_account(session)
        ));
        self.show_account(session);
        let _ = imp.sorter.set(sorter);
        let _ = imp.selection.set(selection);
    }

    /// Calls `chosen` when a room is chosen, again too, and with `None` when it is gone.
    pub(crate) fn connect_chosen(&self, chosen: impl Fn(Option<&Room>, bool) + Clone + 'static) {
        let imp = self.imp();
        let Some(selection) = imp.selection.get() else {
            return;
        };
        let by_selection = chosen.clone();
        selection.connect_selected_item_notify(move |selection| {
            by_selection(selection.selected_item().and_downcast::<Room>().as_ref(), false);
        });
        imp.list.connect_activate(move |list, position| {
            let room = list.model().and_then(|rooms| rooms.item(position));
            chosen(room.and_downcast::<Room>().as_ref(), true);
        });
    }

    /// Chooses a room.
    pub(crate) fn choose(&self, room: &Room) {
        let Some(selection) = self.imp().selection.get() else {
            return;
        };
        let at = (0..selection.n_items())
            .find(|at| selection.item(*at).as_ref() == Some(room.upcast_ref()));
        if let Some(at) = at {
            selection.set_selected(at);
        }
    }

    /// Chooses the room `by` further down; with none chosen, the first.
    pub(crate) fn step(&self, by: i32) {
        let Some(selection) = self.imp().selection.get() else {
            return;
        };
        let Some(last) = selection.n_items().checked_sub(1) else {
            return;
        };
        let at = match selection.selected() {
            gtk::INVALID_LIST_POSITION => 0,
            at => at.saturating_add_signed(by).min(last),
        };
        selection.set_selected(at);
    }

    /// Whether it is alone in the window: then it has the window's buttons and the strip.
    pub(crate) fn set_alone(&self, alone: bool) {
        let imp = self.imp();
        imp.header.set_show_end_title_buttons(alone);
        imp.strip.set_visible(alone);
    }

    fn show_account(&self, session: &Session) {
        let imp = self.imp();
        if let Some(account) = session.account() {
            imp.avatar.set_text(Some(account.display.as_str()));
            imp.name.set_label(account.display.as_str());
            imp.name.set_tooltip_text(Some(&format!("@{}", account.handle)));
            imp.server.set_label(&account.server);
        }
    }
}

fn row_factory() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    let row = |item: &glib::Object| {
        let item = item.downcast_ref::<gtk::ListItem>()?;
        Some((item.child().and_downcast::<RoomRow>()?, item.item().and_downcast::<Room>()?))
    };
    factory.connect_setup(|_, item| {
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_child(Some(&RoomRow::default()));
        }
    });
    factory.connect_bind(move |_, item| {
        if let Some((row, room)) = row(item) {
            row.bind(&room);
        }
    });
    factory.connect_unbind(|_, item| {
        let item = item.downcast_ref::<gtk::ListItem>();
        if let Some(row) = item.and_then(|item| item.child().and_downcast::<RoomRow>()) {
            row.unbind();
        }
    });
    factory
}
