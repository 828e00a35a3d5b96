//! The fast way to a room or a person: type a few letters, press Enter.

use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib, glib::clone};
use tertulia_client::proto::{Person, RoomId};

use super::{over, room_row::RoomRow};
use crate::{
    i18n::{fill, tr},
    model::{Accounts, Place, Room, Session, found, short_server},
    sentences,
};

/// Where a row leads.
#[derive(Debug, Clone)]
enum Goal {
    Room(Session, Room),
    Person(Person),
    /// Messages of the room in sight that say this.
    Words(String),
}

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/switcher_window.ui")]
    pub struct SwitcherWindow {
        #[template_child]
        pub(in crate::ui) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(in crate::ui) list: TemplateChild<gtk::ListBox>,
        pub(super) accounts: OnceCell<Accounts>,
        /// As they were when the window opened: nothing moves while one chooses.
        pub(super) all: RefCell<Vec<(Place, Goal)>>,
        /// Row by row.
        pub(super) shown: RefCell<Vec<Goal>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SwitcherWindow {
        const NAME: &'static str = "TertuliaSwitcherWindow";
        type Type = super::SwitcherWindow;
        type ParentType = adw::Window;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
            let none = gdk::ModifierType::empty();
            klass.add_binding_action(gdk::Key::Escape, none, "window.close");
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for SwitcherWindow {
        fn constructed(&self) {
            self.parent_constructed();
            let window = self.obj();
            // Not `search-changed`, which waits: Enter is to find what was just typed.
            self.search.connect_changed(clone!(
                #[weak]
                window,
                move |_| window.show_found()
            ));
            self.search.connect_stop_search(clone!(
                #[weak]
                window,
                move |_| window.close()
            ));
            self.search.connect_activate(clone!(
                #[weak]
                window,
                move |_| window.go_to_chosen()
            ));
            self.list.connect_row_activated(clone!(
                #[weak]
                window,
                move |_, row| window.go_to(row)
            ));
            // Before the entry: it would move the cursor within the text.
            let keys = gtk::EventControllerKey::new();
            keys.set_propagation_phase(gtk::PropagationPhase::Capture);
            keys.connect_key_pressed(clone!(
                #[weak]
                window,
                #[upgrade_or]
                glib::Propagation::Proceed,
                move |_, key, _, _| {
                    match key {
                        gdk::Key::Down | gdk::Key::KP_Down => window.step(1),
                        gdk::Key::Up | gdk::Key::KP_Up => window.step(-1),
                        _ => return glib::Propagation::Proceed,
                    }
                    glib::Propagation::Stop
                }
            ));
            self.search.add_controller(keys);
        }

        fn dispose(&self) {
            self.obj().empty();
        }
    }

    impl WidgetImpl for SwitcherWindow {}
    impl WindowImpl for SwitcherWindow {}
    impl AdwWindowImpl for SwitcherWindow {}
}

glib::wrapper! {
    /// Asks its parent for the room, and closes.
    pub struct SwitcherWindow(ObjectSubclass<imp::SwitcherWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl SwitcherWindow {
    /// A window over `parent`, with what there is now.
    pub(crate) fn new(parent: &impl IsA<gtk::Window>, accounts: &Accounts) -> Self {
        let window: Self = glib::Object::builder().property("transient-for", parent).build();
        over::fit(&window);
        let imp = window.imp();
        let _ = imp.accounts.set(accounts.clone());
        imp.all.replace(everywhere(accounts));
        window.show_found();
        window
    }

    fn show_found(&self) {
        self.empty();
        let imp = self.imp();
        let all = imp.all.borrow();
        let places: Vec<Place> = all.iter().map(|(place, _)| place.clone()).collect();
        for at in found(&places, &imp.search.text()) {
            let goal = all[at].1.clone();
            match &goal {
                Goal::Room(session, room) => {
                    let row = RoomRow::default();
                    row.bind(room);
                    match imp.accounts.get().filter(|accounts| accounts.are_several()) {
                        Some(_) => imp.list.append(&with_account(&row, session)),
                        None => imp.list.append(&row),
                    }
                }
                Goal::Person(person) => imp.list.append(&person_row(person)),
                // It stands below those that are found.
                Goal::Words(_) => {}
            }
            imp.shown.borrow_mut().push(goal);
        }
        self.offer_words();
        imp.list.select_row(imp.list.row_at_index(0).as_ref());
    }

    /// What one typed may have been said rather than be what something is called.
    fn offer_words(&self) {
        let imp = self.imp();
        let room = imp.accounts.get().and_then(Accounts::shown).and_then(|shown| shown.current());
        let text = imp.search.text();
        if let (Some(room), false) = (room, text.trim().is_empty()) {
            imp.list.append(&words_row(text.trim(), &room));
            imp.shown.borrow_mut().push(Goal::Words(text.trim().to_owned()));
        }
    }

    fn empty(&self) {
        let imp = self.imp();
        imp.shown.borrow_mut().clear();
        while let Some(row) = imp.list.row_at_index(0) {
            let child = row.child().map(|child| child.first_child().unwrap_or(child));
            for row in [row.child(), child].into_iter().flatten() {
                if let Ok(row) = row.downcast::<RoomRow>() {
                    row.unbind();
                }
            }
            imp.list.remove(&row);
        }
    }

    fn step(&self, by: i32) {
        let list = &self.imp().list;
        let chosen = list.selected_row().map_or(-1, |row| row.index());
        if let Some(row) = list.row_at_index((chosen + by).max(0)) {
            list.select_row(Some(&row));
            // So that it is scrolled into sight; one goes on typing.
            row.grab_focus();
            let search = &self.imp().search;
            let at = search.position();
            search.grab_focus();
            search.set_position(at);
        }
    }

    fn go_to_chosen(&self) {
        if let Some(row) = self.imp().list.selected_row() {
            self.go_to(&row);
        }
    }

    fn go_to(&self, row: &gtk::ListBoxRow) {
        let imp = self.imp();
        let at = usize::try_from(row.index()).ok();
        let goal = at.and_then(|at| imp.shown.borrow().get(at).cloned());
        let (Some(goal), Some(parent), Some(accounts)) =
            (goal, self.transient_for(), imp.accounts.get().cloned())
        else {
            return;
        };
        self.close();
        match goal {
            Goal::Room(session, room) => {
                accounts.show(&session);
                show_room(&parent, room.id());
            }
            Goal::Words(words) => {
                let _ = WidgetExt::activate_action(
                    &parent,
                    "win.find-words",
                    Some(&words.to_variant()),
                );
            }
            Goal::Person(person) => {
                let Some(session) = accounts.shown() else { return };
                glib::spawn_future_local(async move {
                    match session.open_direct(person.handle).await {
                        Ok(room) => show_room(&parent, room.room),
                        Err(error) => {
                            let text = sentences::request_error(&error).to_variant();
                            let _ = WidgetExt::activate_action(&parent, "win.say", Some(&text));
                        }
                    }
                });
            }
        }
    }
}

fn show_room(parent: &gtk::Window, room: RoomId) {
    // Whatever has no such action has no rooms.
    let _ = WidgetExt::activate_action(parent, "win.show-room", Some(&room.0.to_variant()));
}

/// One's rooms in all accounts, and the people of the one in sight with whom one has no room of two.
fn everywhere(accounts: &Accounts) -> Vec<(Place, Goal)> {
    let shown = accounts.shown();
    let people = shown.as_ref().map(people_without_room).unwrap_or_default();
    let are_several = accounts.are_several();
    let rooms = accounts.rooms().into_iter().map(|(session, room)| {
        let is_shown = shown.as_ref() == Some(&session);
        let handle = room.peer().map(|peer| format!("@{} ", peer.handle)).unwrap_or_default();
        let place = Place {
            name: room.title(),
            also: if are_several { handle + &account_name(&session) } else { handle },
            unread: room.unread(),
            mentions: room.mentions(),
            newest: room.newest(),
            archived: room.archived(),
            current: is_shown && session.current().as_ref() == Some(&room),
            is_room: true,
        };
        (place, Goal::Room(session, room))
    });
    let people = people.into_iter().map(|person| {
        let (name, also) = (person.display.to_string(), format!("@{}", person.handle));
        (Place { name, also, ..Place::default() }, Goal::Person(person))
    });
    rooms.chain(people).collect()
}

fn people_without_room(session: &Session) -> Vec<Person> {
    let rooms: Vec<Room> = session.rooms().iter().filter_map(Result::ok).collect();
    let me = session.account().map(|account| account.id);
    let mut people = session.presence().people;
    people.extend(session.people_of_room());
    people.sort_by_key(|person| person.account);
    people.dedup_by_key(|person| person.account);
    people.retain(|person| {
        let is_peer = |room: &Room| room.peer().is_some_and(|peer| peer.account == person.account);
        Some(person.account) != me && !rooms.iter().any(is_peer)
    });
    people
}

/// The server; the name too, as one may have two there.
fn account_name(session: &Session) -> String {
    let account = session.account();
    let words = account
        .map(|account| format!("{} {}", short_server(&account.server), account.display.as_str()));
    words.unwrap_or_default()
}

/// A room, and below it in which account.
fn with_account(row: &RoomRow, session: &Session) -> gtk::Box {
    let account = session.account();
    let server = account.as_ref().map(|account| short_server(&account.server));
    let label = gtk::Label::builder()
        .label(server.unwrap_or_default())
        .tooltip_text(account_name(session))
        .ellipsize(gtk::pango::EllipsizeMode::End)
        .width_chars(14)
        .max_width_chars(14)
        .xalign(0.0)
        .css_classes(["caption", "faint"])
        .valign(gtk::Align::Center)
        .build();
    let both = gtk::Box::builder().spacing(8).build();
    row.set_hexpand(true);
    both.append(row);
    both.append(&label);
    both
}

fn person_row(person: &Person) -> gtk::Box {
    let name = person.display.as_str();
    let portrait = adw::Avatar::new(40, Some(name), true);
    line(&portrait, name, &format!("@{} · {}", person.handle, tr("write to them")))
}

fn words_row(words: &str, room: &Room) -> gtk::Box {
    let icon = gtk::Image::builder().icon_name("system-search-symbolic").width_request(40).build();
    let title = fill(tr("Search messages for “{words}”"), &[("words", words)]);
    line(&icon, &title, &fill(tr("in {room}"), &[("room", &room.title())]))
}

fn line(picture: &impl IsA<gtk::Widget>, title: &str, detail: &str) -> gtk::Box {
    let row = gtk::Box::builder().spacing(10).css_classes(["room-row"]).build();
    row.append(picture);
    let words = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(2)
        .valign(gtk::Align::Center)
        .build();
    let label = |text: &str, class: &str| {
        let ellipsize = gtk::pango::EllipsizeMode::End;
        let label = gtk::Label::builder().label(text).xalign(0.0).ellipsize(ellipsize).build();
        label.add_css_class(class);
        label
    };
    words.append(&label(title, "heading"));
    words.append(&label(detail, "faint"));
    row.append(&words);
    row
}
