//! The accounts of one profile, each a session of its own, and which of them is in sight.

use std::{cell::RefCell, sync::OnceLock};

use gtk::{gio, glib, glib::clone, glib::subclass::Signal, prelude::*, subclass::prelude::*};
use tertulia_client::certs::ServerLink;

use super::{
    Room, Session, Slot,
    account_list::{News, next_in_sight, whose},
};

mod imp {
    use super::*;

    #[derive(Debug)]
    pub struct Accounts {
        /// In order of their slots.
        pub(super) sessions: gio::ListStore,
        pub(super) shown: RefCell<Option<Session>>,
        /// The account that was in sight before.
        pub(super) before: glib::WeakRef<Session>,
    }

    impl Default for Accounts {
        fn default() -> Self {
            Self {
                sessions: gio::ListStore::new::<Session>(),
                shown: RefCell::default(),
                before: glib::WeakRef::new(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Accounts {
        const NAME: &'static str = "TertuliaAccounts";
        type Type = super::Accounts;
    }

    impl ObjectImpl for Accounts {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["changed", "shown-changed"].map(|name| Signal::builder(name).build()).into()
            })
        }
    }
}

glib::wrapper! {
    /// One of its sessions may be nobody's yet: that of whoever is at the welcome page.
    pub struct Accounts(ObjectSubclass<imp::Accounts>);
}

impl Default for Accounts {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Accounts {
    /// All sessions, in order.
    pub(crate) fn all(&self) -> Vec<Session> {
        self.imp().sessions.iter().filter_map(Result::ok).collect()
    }

    /// Those of accounts.
    pub(crate) fn joined(&self) -> Vec<Session> {
        self.all().into_iter().filter(Session::is_joined).collect()
    }

    /// Whether there is a choice.
    pub(crate) fn are_several(&self) -> bool {
        self.joined().len() > 1
    }

    /// The one in this place.
    pub(crate) fn session(&self, slot: Slot) -> Option<Session> {
        self.all().into_iter().find(|session| session.slot() == slot)
    }

    /// The one in sight.
    pub(crate) fn shown(&self) -> Option<Session> {
        self.imp().shown.borrow().clone()
    }

    /// The one to whose server a link leads; `server_of` tells what is known of an account's.
    pub(crate) fn of_link(
        &self,
        link: &ServerLink,
        server_of: impl Fn(Slot) -> Option<ServerLink>,
    ) -> Option<Session> {
        let joined = self.joined();
        let known: Vec<_> = joined.iter().map(|session| server_of(session.slot())).collect();
        whose(link, &known).and_then(|at| joined.get(at).cloned())
    }

    /// What was not read in the other accounts.
    pub(crate) fn news_beside(&self, session: &Session) -> News {
        self.joined().iter().filter(|other| *other != session).map(Session::news).sum()
    }

    /// Adds a session, at its place.
    pub(crate) fn add(&self, session: &Session) {
        let at = self.all().iter().filter(|other| other.slot() < session.slot()).count();
        // A list is never longer than `Slot::MANY` and one.
        self.imp().sessions.insert(at as u32, session);
        let changed = clone!(
            #[weak(rename_to = accounts)]
            self,
            move |_: &Session| accounts.tell_change()
        );
        session.connect_connection_changed(changed.clone());
        session.connect_account_changed(changed.clone());
        session.connect_rooms_changed(changed);
        self.tell_change();
    }

    /// Takes a session out, and brings another one into sight, if there is one.
    pub(crate) fn remove(&self, session: &Session) {
        let was_shown = self.shown().as_ref() == Some(session);
        let joined = self.joined();
        let at = joined.iter().position(|other| other == session).unwrap_or(0);
        if let Some(at) = self.imp().sessions.find(session) {
            self.imp().sessions.remove(at);
        }
        if was_shown {
            let left = self.joined();
            let next = next_in_sight(at, left.len()).and_then(|at| left.get(at));
            match next {
                Some(next) => self.show(next),
                None => drop(self.imp().shown.take()),
            }
        }
        self.tell_change();
    }

    /// Brings a session into sight.
    pub(crate) fn show(&self, session: &Session) {
        let before = self.imp().shown.replace(Some(session.clone()));
        if before.as_ref() != Some(session) {
            self.imp().before.set(before.filter(Session::is_joined).as_ref());
            self.emit_by_name::<()>("shown-changed", &[]);
            self.tell_change();
        }
    }

    /// Brings the account back into sight that was there before, if there is one.
    pub(crate) fn show_before(&self) {
        let joined = self.joined();
        let before = self.imp().before.upgrade().filter(|before| joined.contains(before));
        if let Some(session) = before.or_else(|| joined.first().cloned()) {
            self.show(&session);
        }
    }

    /// Every room, with the account it is of: those of the account in sight first.
    pub(crate) fn rooms(&self) -> Vec<(Session, Room)> {
        let shown = self.shown();
        let mut sessions = self.joined();
        sessions.sort_by_key(|session| Some(session) != shown.as_ref());
        let rooms = sessions.into_iter().flat_map(|session| {
            let rooms: Vec<Room> = session.rooms().iter().filter_map(Result::ok).collect();
            rooms.into_iter().map(move |room| (session.clone(), room))
        });
        rooms.collect()
    }

    /// Calls `changed` when something changed that a list of accounts shows.
    pub(crate) fn connect_changed(
        &self,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_signal("changed", changed)
    }

    /// Calls `changed` when another account is in sight.
    pub(crate) fn connect_shown_changed(&self, changed: impl Fn(&Self) + 'static) {
        self.connect_signal("shown-changed", changed);
    }

    fn tell_change(&self) {
        self.emit_by_name::<()>("changed", &[]);
    }

    fn connect_signal(
        &self,
        signal: &str,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_local(signal, false, move |values| {
            // The emitter is a signal's first value.
            if let Some(Ok(accounts)) = values.first().map(|value| value.get::<Self>()) {
                changed(&accounts);
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use tertulia_client::{Connection, PresenceView, Snapshot, proto::RoomId};

    use super::*;
    use crate::model::{
        Level,
        testing::{account, direct_view, room_view},
    };

    fn joined(slot: u32, unread: u32) -> Session {
        let session = Session::new(Slot(slot), false);
        let mut view = room_view(1, "lobby");
        view.listing.unread = unread;
        let mut direct = direct_view(2, "beto");
        direct.listing.unread = 1;
        session.restore(Snapshot {
            connection: Connection::Live,
            account: Some(account("ana")),
            rooms: vec![view, direct],
            presence: PresenceView::default(),
            queued: 0,
            held_by: None,
        });
        session
    }

    fn slots(accounts: &Accounts) -> Vec<u32> {
        accounts.joined().iter().map(|session| session.slot().0).collect()
    }

    #[test]
    fn one_who_is_at_the_welcome_page_is_no_account_yet() {
        let accounts = Accounts::default();
        accounts.add(&joined(2, 0));
        accounts.add(&Session::new(Slot(1), false));
        accounts.add(&joined(0, 0));
        assert_eq!(slots(&accounts), [0, 2]);
        assert!(accounts.are_several());
        assert_eq!(accounts.all().len(), 3);
        accounts.add(&Session::new(Slot(3), true));
        assert_eq!(slots(&accounts), [0, 2, 3], "what was found on disk is one, read or not");
    }

    #[test]
    fn news_of_the_others_are_counted_but_for_silenced_rooms() {
        let accounts = Accounts::default();
        let (first, second) = (joined(0, 5), joined(1, 7));
        accounts.add(&first);
        accounts.add(&second);
        assert_eq!(accounts.news_beside(&first), News { unread: 8, told: 1 });
        let lobby = second.room(RoomId(1)).unwrap();
        second.change_wishes(|wishes| wishes.set_level(lobby.id(), lobby.kind(), Level::None));
        assert_eq!(accounts.news_beside(&first), News { unread: 1, told: 1 });
        assert_eq!(accounts.news_beside(&second), News { unread: 6, told: 1 });
        let lobby = first.room(RoomId(1)).unwrap();
        first.change_wishes(|wishes| wishes.set_level(lobby.id(), lobby.kind(), Level::All));
        assert_eq!(accounts.news_beside(&second), News { unread: 6, told: 6 });
    }

    #[test]
    fn when_the_one_in_sight_goes_its_neighbour_is_shown() {
        let accounts = Accounts::default();
        let sessions = [joined(0, 0), joined(1, 0), joined(2, 0)];
        sessions.iter().for_each(|session| accounts.add(session));
        accounts.show(&sessions[2]);
        accounts.show(&sessions[1]);
        accounts.show(&Session::new(Slot(3), false));
        accounts.show_before();
        assert_eq!(accounts.shown().as_ref(), Some(&sessions[1]), "back from the welcome page");
        accounts.remove(&sessions[0]);
        assert_eq!(accounts.shown().as_ref(), Some(&sessions[1]));
        accounts.remove(&sessions[1]);
        assert_eq!(accounts.shown().as_ref(), Some(&sessions[2]));
        accounts.remove(&sessions[2]);
        assert_eq!(accounts.shown(), None);
        assert!(slots(&accounts).is_empty());
    }

    #[test]
    fn rooms_of_all_are_there_those_of_the_one_in_sight_first() {
        let accounts = Accounts::default();
        let (first, second) = (joined(0, 0), joined(1, 0));
        accounts.add(&first);
        accounts.add(&second);
        accounts.show(&second);
        let rooms: Vec<_> =
            accounts.rooms().iter().map(|(of, room)| (of.slot().0, room.id().0)).collect();
        assert_eq!(rooms, [(1, 1), (1, 2), (0, 1), (0, 2)]);
    }
}
