//! One's rooms, in groups, and who one is.

mod first_rows;
mod row_menu;

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib, glib::clone};

use self::first_rows::FirstRows;
use super::{
    account_switcher::AccountSwitcher, connection_popover::ConnectionPopover,
    connection_strip::ConnectionStrip, room_levels::RoomLevels, room_row::RoomRow,
};
use crate::{
    i18n::tr,
    model::{Accounts, Room, RoomGroup, RoomHeading, Session, place},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/sidebar.ui")]
    pub struct Sidebar {
        #[template_child]
        pub(super) header: TemplateChild<adw::HeaderBar>,
        #[template_child]
        pub(in crate::ui) accounts: TemplateChild<AccountSwitcher>,
        #[template_child]
        pub(super) strip: TemplateChild<ConnectionStrip>,
        #[template_child]
        pub(in crate::ui) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) connection: TemplateChild<ConnectionPopover>,
        #[template_child]
        pub(super) account: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) server: TemplateChild<gtk::Label>,
        /// Nobody is to disturb.
        #[template_child]
        pub(super) quiet: TemplateChild<gtk::Image>,
        /// What the menu of a row offers.
        #[template_child]
        pub(super) row_menu_model: TemplateChild<gio::MenuModel>,
        pub(in crate::ui) row_menu: RefCell<Option<gtk::PopoverMenu>>,
        /// The row that it is about.
        pub(super) menu_row: glib::WeakRef<gtk::Widget>,
        pub(super) levels: OnceCell<RoomLevels>,
        pub(super) selection: OnceCell<gtk::SingleSelection>,
        pub(super) first_rows: OnceCell<FirstRows>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Sidebar {
        const NAME: &'static str = "TertuliaSidebar";
        type Type = super::Sidebar;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            AccountSwitcher::ensure_type();
            ConnectionStrip::ensure_type();
            ConnectionPopover::ensure_type();
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Sidebar {
        fn constructed(&self) {
            self.parent_constructed();
            // A menu button puts what it shows in its middle.
            let mut around = self.account.parent();
            while let Some(widget) = around.filter(|widget| !widget.is::<gtk::MenuButton>()) {
                widget.set_halign(gtk::Align::Fill);
                around = widget.parent();
            }
            self.follow_row_menu();
        }

        fn dispose(&self) {
            self.drop_row_menu();
        }
    }

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
        imp.connection.set_session(session);
        let _ = imp.levels.set(RoomLevels::install(self, session));
        imp.list.set_factory(Some(&row_factory()));
        let headings = gio::ListStore::new::<RoomHeading>();
        let both = gio::ListStore::new::<gio::ListModel>();
        both.append(session.rooms());
        both.append(&headings);
        let sorter = gtk::CustomSorter::new(|a, b| place(a).cmp(&place(b)).into());
        let all = gtk::FlattenListModel::new(Some(both));
        let sorted = gtk::SortListModel::new(Some(all), Some(sorter.clone()));
        let selection = gtk::SingleSelection::builder().autoselect(false).build();
        // Only now: nothing is chosen by being there.
        let first_rows = FirstRows::new(&imp.list, &sorted);
        selection.set_model(Some(first_rows.model()));
        imp.list.set_model(Some(&selection));
        let _ = imp.first_rows.set(first_rows);
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
        session.connect_rooms_changed(clone!(
            #[weak(rename_to = sidebar)]
            self,
            move |session| sidebar.show_quiet(session)
        ));
        self.show_quiet(session);
        let _ = imp.selection.set(selection);
    }

    /// Shows the way to the other accounts. To be called once.
    pub(crate) fn set_accounts(&self, accounts: &Accounts, session: &Session) {
        self.imp().accounts.set_accounts(accounts, session);
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
        let by_click = chosen.clone();
        imp.list.connect_activate(move |list, position| {
            let item = list.model().and_then(|rooms| rooms.item(position));
            if let Some(room) = item.and_downcast_ref::<Room>() {
                chosen(Some(room), true);
            }
        });
        // Not by `single-click-activate`: with that a row under the pointer is selected unasked, and
        // one would write into the wrong room.
        let click = gtk::GestureClick::builder()
            .button(gdk::BUTTON_PRIMARY)
            .propagation_phase(gtk::PropagationPhase::Capture)
            .build();
        let pressed = Rc::new(RefCell::new(None));
        click.connect_pressed(clone!(
            #[weak(rename_to = sidebar)]
            self,
            #[strong]
            pressed,
            move |_, _, x, y| drop(pressed.replace(sidebar.room_at(x, y)))
        ));
        click.connect_stopped(clone!(
            #[strong]
            pressed,
            move |_| drop(pressed.take())
        ));
        click.connect_released(clone!(
            #[weak(rename_to = sidebar)]
            self,
            move |_, _, x, y| {
                let room =
                    pressed.take().filter(|room| sidebar.room_at(x, y).as_ref() == Some(room));
                if let Some(room) = room {
                    sidebar.choose(&room);
                    by_click(Some(&room), true);
                }
            }
        ));
        imp.list.add_controller(click);
    }

    /// Whose row is there in the list.
    fn room_at(&self, x: f64, y: f64) -> Option<Room> {
        let list = self.imp().list.upcast_ref::<gtk::Widget>();
        let picked = list.pick(x, y, gtk::PickFlags::DEFAULT)?;
        let mut above = std::iter::successors(Some(picked), |widget| widget.parent());
        let row = above.find(|widget| widget.parent().as_ref() == Some(list))?;
        row.first_child().and_downcast::<RoomRow>()?.room()
    }

    /// Chooses a room.
    pub(crate) fn choose(&self, room: &Room) {
        let Some(selection) = self.imp().selection.get() else {
            return;
        };
        let find = || {
            let is_it = |at: &u32| selection.item(*at).as_ref() == Some(room.upcast_ref());
            (0..selection.n_items()).find(is_it)
        };
        let at = find().or_else(|| {
            self.make_all_rows();
            find()
        });
        if let Some(at) = at {
            selection.set_selected(at);
        }
    }

    /// Chooses the room `by` further down; with none chosen, the first.
    pub(crate) fn step(&self, by: isize) {
        if by != 0 {
            self.make_all_rows();
        }
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

    /// Chooses the next room further down, or up, that has something unread.
    pub(crate) fn step_to_news(&self, down: bool) {
        self.make_all_rows();
        let Some(selection) = self.imp().selection.get() else {
            return;
        };
        let has_news = |at| {
            let room = selection.item(at).and_downcast::<Room>();
            room.is_some_and(|room| room.unread() > 0)
        };
        if let Some(at) = next(selection.n_items(), selection.selected(), down, has_news) {
            selection.set_selected(at);
        }
    }

    /// Whether it is alone in the window: then it has the window's buttons and the strip.
    pub(crate) fn set_alone(&self, alone: bool) {
        let imp = self.imp();
        imp.header.set_show_end_title_buttons(alone);
        imp.strip.set_visible(alone);
    }

    /// Gives the list the keys.
    pub(crate) fn focus_list(&self) {
        self.imp().list.grab_focus();
    }

    fn make_all_rows(&self) {
        if let Some(first_rows) = self.imp().first_rows.get() {
            first_rows.make_all();
        }
    }

    fn show_quiet(&self, session: &Session) {
        let quiet = session.with_wishes(|wishes| wishes.do_not_disturb);
        self.imp().quiet.set_visible(quiet);
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

/// The next of `count` places after `from` that is wanted, on past the end to the beginning.
fn next(count: u32, from: u32, down: bool, wanted: impl Fn(u32) -> bool) -> Option<u32> {
    let from = if from < count { from } else { count.saturating_sub(u32::from(down)) };
    (1..=count)
        .map(|by| (if down { from + by } else { from + count - by }) % count)
        .find(|at| wanted(*at))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_found_on_past_the_end() {
        let news = |at: u32| [0, 3, 4].contains(&at);
        let down = |from| next(6, from, true, news);
        let up = |from| next(6, from, false, news);
        assert_eq!((down(0), down(3), down(4), down(5)), (Some(3), Some(4), Some(0), Some(0)));
        assert_eq!((up(0), up(3), up(4), up(5)), (Some(4), Some(0), Some(3), Some(4)));
        let nowhere = gtk::INVALID_LIST_POSITION;
        assert_eq!((down(nowhere), up(nowhere)), (Some(0), Some(4)));
        assert_eq!(next(6, 1, true, |_| false), None);
        assert_eq!(next(0, nowhere, true, |_| true), None);
    }
}
