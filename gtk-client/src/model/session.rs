//! One account's life: the way to its server, who one is, one's rooms. Widgets read it and call
//! its methods; what it learns comes from the bridge.

mod errands;
mod files;
mod leaps;
mod people;
mod places;
mod requests;
mod room_requests;
mod standing;
mod wishes;

pub(crate) use errands::FILE as ERRANDS_FILE;
pub(crate) use files::{downloads, has_file};
pub(crate) use places::FILE as PLACES_FILE;
pub(crate) use wishes::FILE as WISHES_FILE;

use std::{
    cell::{Cell, OnceCell, RefCell},
    path::PathBuf,
    rc::Rc,
    sync::OnceLock,
};

use gtk::{gio, glib, glib::subclass::Signal, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Account, Connection, Item, PresenceView, Snapshot,
    proto::{Person, Refusal, RoomId, Timestamp},
};
use tokio::sync::Semaphore;

use self::{errands::Errands, places::Places};
use super::{
    PersonObject, Rights, Room, Slot, WindowState,
    calendar::now,
    notices::{Arrival, Wishes},
    timeline::Reader,
};
use crate::bridge::{Batch, Bridge, Opened, follow};

mod imp {
    use super::*;

    #[derive(Debug)]
    pub struct Session {
        pub(super) slot: Cell<Slot>,
        /// There was an account before it was opened.
        pub(super) found: Cell<bool>,
        pub(super) left: Cell<WindowState>,
        pub(super) bridge: OnceCell<Bridge>,
        pub(super) connection: RefCell<Connection>,
        pub(super) held_by: Cell<Option<Refusal>>,
        pub(super) offline_since: Cell<Option<Timestamp>>,
        pub(super) account: RefCell<Option<Account>>,
        pub(super) presence: RefCell<PresenceView>,
        pub(super) rooms: gio::ListStore,
        pub(super) members: gio::ListStore,
        pub(super) current: RefCell<Option<Room>>,
        /// Who the members are is being asked; `true`: to be asked again, somebody came or went.
        pub(super) members_asked: Cell<Option<bool>>,
        /// A room's newest page, read beside making the window; good until something happens.
        pub(super) first_page: RefCell<Option<(RoomId, Vec<Item>)>>,
        pub(super) wishes: RefCell<Wishes>,
        /// Where they are kept; `None` in tests.
        pub(super) wishes_path: RefCell<Option<PathBuf>>,
        pub(super) errands: Errands,
        pub(super) places: Places,
        /// Whose file goes up.
        pub(super) up_turns: Rc<Semaphore>,
    }

    impl Default for Session {
        fn default() -> Self {
            Self {
                slot: Cell::default(),
                found: Cell::default(),
                left: Cell::default(),
                bridge: OnceCell::new(),
                connection: RefCell::new(Connection::Unjoined),
                held_by: Cell::default(),
                offline_since: Cell::default(),
                account: RefCell::default(),
                presence: RefCell::default(),
                rooms: gio::ListStore::new::<Room>(),
                members: gio::ListStore::new::<PersonObject>(),
                current: RefCell::default(),
                members_asked: Cell::default(),
                first_page: RefCell::default(),
                wishes: RefCell::default(),
                wishes_path: RefCell::default(),
                errands: Errands::default(),
                places: Places::default(),
                up_turns: Rc::new(Semaphore::new(files::UP_AT_ONCE)),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Session {
        const NAME: &'static str = "TertuliaSession";
        type Type = super::Session;
    }

    impl ObjectImpl for Session {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                let changes = ["connection-changed", "account-changed", "rooms-changed"];
                let mut signals: Vec<_> = changes.map(|name| Signal::builder(name).build()).into();
                let arrived = [Room::static_type(), glib::BoxedAnyObject::static_type()];
                signals.push(Signal::builder("arrived").param_types(arrived).build());
                signals
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.obj().connect_rooms_changed(super::Session::mark_muted);
        }
    }
}

glib::wrapper! {
    /// Without a bridge (in tests) it shows what it is told, and every request ends as closed.
    pub struct Session(ObjectSubclass<imp::Session>);
}

impl Default for Session {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Session {
    /// Shows this client from now on, until it is closed.
    pub(crate) fn attach(&self, opened: Opened) {
        let Opened { bridge, events, page } = opened;
        let snapshot = bridge.client().snapshot();
        if self.imp().bridge.set(bridge).is_ok() {
            self.imp().first_page.replace(page);
            self.restore(snapshot);
            self.iter_rooms().for_each(|room| self.take_draft(&room));
            let session = self.downgrade();
            glib::spawn_future_local(follow(events, move |batch| {
                if let Some(session) = session.upgrade() {
                    session.apply(batch);
                }
            }));
        }
    }

    /// The way to the server.
    pub(crate) fn connection(&self) -> Connection {
        self.imp().connection.borrow().clone()
    }

    /// Why the server takes no messages for now, if so.
    pub(crate) fn held_by(&self) -> Option<Refusal> {
        self.imp().held_by.get()
    }

    /// Whether requests can be answered now.
    pub(crate) fn is_live(&self) -> bool {
        matches!(*self.imp().connection.borrow(), Connection::Live | Connection::Syncing)
    }

    /// Since when there is no connection.
    pub(crate) fn offline_since(&self) -> Option<Timestamp> {
        self.imp().offline_since.get()
    }

    /// Who one is, if ever welcomed.
    pub(crate) fn account(&self) -> Option<Account> {
        self.imp().account.borrow().clone()
    }

    /// Who is connected.
    pub(crate) fn presence(&self) -> PresenceView {
        self.imp().presence.borrow().clone()
    }

    /// One's rooms, as [`Room`]s.
    pub(crate) fn rooms(&self) -> &gio::ListStore {
        &self.imp().rooms
    }

    /// The members of the room in sight, as [`PersonObject`]s: those here first.
    pub(crate) fn members(&self) -> &gio::ListStore {
        &self.imp().members
    }

    /// The same as plain values.
    pub(crate) fn people_of_room(&self) -> Vec<Person> {
        self.iter_members().map(|member| member.person().clone()).collect()
    }

    /// The room in sight.
    pub(crate) fn current(&self) -> Option<Room> {
        self.imp().current.borrow().clone()
    }

    /// A room of one's own.
    pub(crate) fn room(&self, id: RoomId) -> Option<Room> {
        self.iter_rooms().find(|room| room.id() == id)
    }

    /// What one may do in a room, as far as is known here.
    pub(crate) fn rights(&self, room: &Room) -> Option<Rights> {
        let account = self.account()?;
        room.with_view(|view| Rights::new(&view.listing, account.role))
    }

    /// Brings a room into sight.
    pub(crate) fn open_room(&self, room: &Room) {
        let before = self.imp().current.replace(Some(room.clone()));
        if before.as_ref() == Some(room) {
            return;
        }
        if let Some(before) = before {
            before.rest();
        }
        self.imp().members.remove_all();
        if room.open() {
            self.load_older(room);
        }
        self.load_members();
    }

    /// Calls `changed` when the way to the server changed, or what it takes.
    pub(crate) fn connect_connection_changed(&self, changed: impl Fn(&Self) + 'static) {
        self.connect_change("connection-changed", changed);
    }

    /// Calls `changed` when who one is changed.
    pub(crate) fn connect_account_changed(
        &self,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_change("account-changed", changed)
    }

    /// Calls `changed` when something about one's rooms changed.
    pub(crate) fn connect_rooms_changed(
        &self,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_change("rooms-changed", changed)
    }

    /// Shows these members, as if the server had told them.
    #[cfg(test)]
    pub(crate) fn show_members(&self, people: Vec<Person>) {
        self.set_members(people);
    }

    /// Tells anew of every room: the calendar went on a day.
    pub(crate) fn redraw(&self) {
        self.iter_rooms().for_each(|room| room.redraw());
    }

    /// Takes in what happened.
    pub(crate) fn apply(&self, batch: Batch) {
        self.imp().first_page.take();
        if let Some(account) = batch.account {
            self.set_account(Some(account));
        }
        let mut rooms_changed = false;
        for (id, changes) in batch.rooms {
            rooms_changed |= changes.view.is_some() || changes.gone;
            if changes.gone {
                self.drop_room(id);
                continue;
            }
            let (reset, people) = (changes.reset, changes.moves_people());
            let room = match (self.room(id), &changes.view) {
                (Some(room), _) => room,
                (None, Some(view)) => self.add_room(view.clone()),
                (None, None) => continue,
            };
            if reset {
                room.forget_told();
            }
            let arrival = Arrival::of(&changes.timeline, room.known(), self.reader().as_ref());
            room.apply(changes);
            if let Some(arrival) = arrival {
                if let Some(seq) = arrival.newest.seq {
                    room.set_told(seq);
                }
                self.tell_arrival(&room, arrival);
            }
            if self.current().as_ref() == Some(&room) {
                if reset {
                    self.load_older(&room);
                }
                self.load_quotes(&room);
                if people {
                    self.load_members();
                }
            }
        }
        if rooms_changed {
            self.emit_by_name::<()>("rooms-changed", &[]);
        }
        if let Some(presence) = batch.presence {
            self.set_presence(presence);
        }
        if let Some(held_by) = batch.held_by {
            self.set_held_by(held_by);
        }
        if let Some(connection) = batch.connection {
            self.set_connection(connection);
        }
        if batch.lagged {
            self.start_afresh();
        }
    }

    /// Takes in everything there is.
    pub(crate) fn restore(&self, snapshot: Snapshot) {
        self.set_account(snapshot.account);
        let gone: Vec<RoomId> = self
            .iter_rooms()
            .map(|room| room.id())
            .filter(|id| !snapshot.rooms.iter().any(|view| view.listing.room == *id))
            .collect();
        for id in gone {
            self.drop_room(id);
        }
        let mut new = Vec::new();
        for view in snapshot.rooms {
            match self.room(view.listing.room) {
                Some(room) => room.set_view(view),
                None => new.push(self.make_room(view)),
            }
        }
        // At once: each change of the list sorts it.
        self.rooms().extend_from_slice(&new);
        self.emit_by_name::<()>("rooms-changed", &[]);
        self.set_presence(snapshot.presence);
        self.set_held_by(snapshot.held_by);
        self.set_connection(snapshot.connection);
    }

    /// Events were lost: takes everything anew, timelines when they are next in sight.
    fn start_afresh(&self) {
        let Some(bridge) = self.imp().bridge.get() else {
            return;
        };
        self.restore(bridge.client().snapshot());
        for room in self.iter_rooms() {
            room.forget();
        }
        if let Some(room) = self.current() {
            self.load_older(&room);
        }
    }

    fn set_held_by(&self, held_by: Option<Refusal>) {
        if self.imp().held_by.replace(held_by) != held_by {
            self.emit_by_name::<()>("connection-changed", &[]);
        }
    }

    fn set_connection(&self, connection: Connection) {
        let imp = self.imp();
        match &connection {
            Connection::Live | Connection::Syncing | Connection::Unjoined => {
                imp.offline_since.set(None);
            }
            Connection::Offline { .. } | Connection::Stopped(_) => {
                imp.offline_since.set(imp.offline_since.get().or_else(|| Some(now())));
            }
            Connection::Connecting { .. } => {}
        }
        let before = imp.connection.replace(connection);
        let became_live = before != Connection::Live && self.connection() == Connection::Live;
        if became_live && let Some(room) = self.current() {
            if room.is_empty() {
                self.load_older(&room);
            }
            self.load_members();
        }
        self.tell_parcels();
        self.emit_by_name::<()>("connection-changed", &[]);
    }

    fn set_account(&self, account: Option<Account>) {
        if *self.imp().account.borrow() != account {
            self.imp().account.replace(account);
            let reader = self.reader();
            self.iter_rooms().for_each(|room| room.set_reader(reader.clone()));
            self.emit_by_name::<()>("account-changed", &[]);
        }
    }

    fn set_presence(&self, presence: PresenceView) {
        self.imp().presence.replace(presence);
        let known = self.known_presence();
        self.iter_rooms().for_each(|room| room.set_presence(&known));
        self.set_members(self.people_of_room());
    }

    /// Who is here as of now: nobody that one knows of, where there is no connection.
    fn known_presence(&self) -> PresenceView {
        let presence = self.imp().presence.borrow();
        if presence.current { presence.clone() } else { PresenceView::default() }
    }

    /// Shows these members, those who are here first, with what is known of their presence.
    fn set_members(&self, mut people: Vec<Person>) {
        let presence = self.imp().presence.borrow();
        if !presence.people.is_empty() {
            for person in &mut people {
                person.online = presence.people.iter().any(|here| here.account == person.account);
            }
        }
        let current = presence.current;
        drop(presence);
        let me = self.account().map(|account| account.id);
        people.sort_by(|a, b| (!a.online, &a.display).cmp(&(!b.online, &b.display)));
        let same = self.imp().members.n_items() as usize == people.len()
            && self.iter_members().zip(&people).all(|(shown, person)| {
                shown.person() == person && shown.is_here().is_some() == current
            });
        if !same {
            let objects: Vec<_> = people
                .into_iter()
                .map(|person| {
                    let is_me = Some(person.account) == me;
                    PersonObject::new(person, is_me, current)
                })
                .collect();
            let members = self.members();
            members.splice(0, members.n_items(), &objects);
        }
    }

    fn add_room(&self, view: tertulia_client::RoomView) -> Room {
        let room = self.make_room(view);
        self.rooms().append(&room);
        room
    }

    fn make_room(&self, view: tertulia_client::RoomView) -> Room {
        let room = Room::new(view);
        room.set_reader(self.reader());
        room.set_presence(&self.known_presence());
        self.take_draft(&room);
        room
    }

    fn reader(&self) -> Option<Reader> {
        self.account().map(|account| Reader { account: account.id, handle: account.handle })
    }

    fn drop_room(&self, id: RoomId) {
        let rooms = self.rooms();
        if let Some(at) = self.iter_rooms().position(|room| room.id() == id) {
            // As the room's place came out of the list, it fits the list's own type.
            rooms.remove(at as u32);
        }
        if self.current().is_some_and(|room| room.id() == id) {
            self.imp().current.replace(None);
            self.imp().members.remove_all();
        }
    }

    fn iter_rooms(&self) -> impl Iterator<Item = Room> {
        let rooms: Vec<Room> = self.rooms().iter().filter_map(Result::ok).collect();
        rooms.into_iter()
    }

    fn iter_members(&self) -> impl Iterator<Item = PersonObject> {
        let members: Vec<PersonObject> = self.members().iter().filter_map(Result::ok).collect();
        members.into_iter()
    }

    fn connect_change(
        &self,
        signal: &str,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_local(signal, false, move |values| {
            // The emitter is a signal's first value.
            if let Some(Ok(session)) = values.first().map(|value| value.get::<Self>()) {
                changed(&session);
            }
            None
        })
    }
}

#[cfg(test)]
mod tests;
