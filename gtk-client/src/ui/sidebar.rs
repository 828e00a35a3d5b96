//! One's rooms, in groups, and who one is.

use std::cell::OnceCell;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};

use super::{connection_strip::ConnectionStrip, room_row::RoomRow};
use crate::{
    i18n::tr,
    model::{Room, RoomGroup, RoomHeading, Session, place},
};

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
        let headings = gio::ListStore::new::<RoomHeading>();
        let both = gio::ListStore::new::<gio::ListModel>();
        both.append(session.rooms());
        both.append(&headings);
        let sorter = gtk::CustomSorter::new(|a, b| place(a).cmp(&place(b)).into());
        let all = gtk::FlattenListModel::new(Some(both));
        let sorted = gtk::SortListModel::new(Some(all), Some(sorter.clone()));
        let selection = gtk::SingleSelection::new(Some(sorted));
        selection.set_autoselect(false);
        imp.list.set_model(Some(&selection));
        let sort = move |session: &Session| {
            show_headings(session, &headings);
            sorter.changed(gtk::SorterChange::Different);
        };
        sort(session);
        session.connect_rooms_changed(sort);
        session.connect_account_changed(clone!(
            #[weak(rename_to = sidebar)]
            self,
            move |session| sidebar.show_account(session)
        ));
        self.show_account(session);
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
            let item = selection.selected_item();
            let room = item.and_downcast_ref::<Room>();
            // A heading is no choice.
            if item.is_none() || room.is_some() {
                by_selection(room, false);
            }
        });
        imp.list.connect_activate(move |list, position| {
            let item = list.model().and_then(|rooms| rooms.item(position));
            if let Some(room) = item.and_downcast_ref::<Room>() {
                chosen(Some(room), true);
            }
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
    pub(crate) fn step(&self, by: isize) {
        let Some(selection) = self.imp().selection.get() else {
            return;
        };
        let is_room = |at: &u32| selection.item(*at).is_some_and(|item| item.is::<Room>());
        let rooms: Vec<u32> = (0..selection.n_items()).filter(is_room).collect();
        let chosen = rooms.iter().position(|at| *at == selection.selected());
        let at = match chosen {
            None => 0,
            Some(at) => at.saturating_add_signed(by).min(rooms.len() - 1),
        };
        if let Some(at) = rooms.get(at) {
            selection.set_selected(*at);
        }
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

/// Over each group that has rooms, but for the first, which the header names.
fn show_headings(session: &Session, headings: &gio::ListStore) {
    let rooms: Vec<Room> = session.rooms().iter().filter_map(Result::ok).collect();
    let wanted: Vec<RoomGroup> = [RoomGroup::Direct, RoomGroup::Archived]
        .into_iter()
        .filter(|group| rooms.iter().any(|room| RoomGroup::of(room) == *group))
        .collect();
    let shown = headings.iter::<RoomHeading>().filter_map(Result::ok);
    let shown: Vec<RoomGroup> = shown.map(|heading| heading.group()).collect();
    if wanted != shown {
        let new: Vec<_> = wanted.into_iter().map(RoomHeading::new).collect();
        headings.splice(0, headings.n_items(), &new);
    }
}

fn row_factory() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_bind(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
            return;
        };
        let object = item.item();
        let is_room = object.as_ref().is_some_and(|object| object.is::<Room>());
        item.set_selectable(is_room);
        item.set_activatable(is_room);
        if let Some(room) = object.and_downcast_ref::<Room>() {
            let row = item.child().and_downcast::<RoomRow>().unwrap_or_default();
            item.set_child(Some(&row));
            row.bind(room);
        } else if let Some(heading) = object.and_downcast_ref::<RoomHeading>() {
            item.set_child(Some(&heading_label(heading.group())));
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

fn heading_label(group: RoomGroup) -> gtk::Label {
    let text = match group {
        RoomGroup::Rooms => tr("Rooms"),
        RoomGroup::Direct => tr("Direct messages"),
        RoomGroup::Archived => tr("Archived"),
    };
    let label = gtk::Label::builder().label(text).xalign(0.0).build();
    label.add_css_class("room-heading");
    label
}
