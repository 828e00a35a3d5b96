//! Tells on the desktop what was said while nobody looked: one notification per room, taken back
//! when the room is read.

mod badge;
mod desktop;
mod freedesktop;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use gtk::{gdk, gio, glib, glib::clone, prelude::*};
use tertulia_client::{
    Content, Item,
    proto::{MessageText, RoomId, RoomKind, limits},
};

pub(crate) use self::badge::Badge;
use self::{desktop::Desktop, freedesktop::Act};
use crate::{
    application::Application,
    i18n::{fill, tr},
    model::{Room, Session, Slot, short_server, words},
};

/// So long news are gathered: a flood becomes a few notifications a second.
const GATHER: Duration = Duration::from_millis(300);
/// Rooms told of at a time, the liveliest; of the others their badges tell.
const ROOMS_AT_ONCE: usize = 4;
/// No more than one sound in so long, in microseconds.
const SOUND_GAP_US: i64 = 2_000_000;

/// One for each account; lives as long as that is open.
#[derive(Debug)]
pub(crate) struct Notifier {
    application: glib::WeakRef<Application>,
    session: glib::WeakRef<Session>,
    slot: Slot,
    /// What is to be told; no more than one has rooms.
    waiting: RefCell<BTreeMap<RoomId, (Room, Item)>>,
    gathering: Cell<bool>,
    /// What the desktop shows, and what takes it back when the room is read.
    shown: RefCell<BTreeMap<RoomId, Shown>>,
    /// What shows notifications; `None`: not asked yet, or nothing there does.
    desktop: RefCell<Option<Desktop>>,
    /// When the newest sound was made.
    sounded: Cell<Option<i64>>,
}

#[derive(Debug)]
struct Shown {
    room: Room,
    handler: glib::SignalHandlerId,
    item: Item,
}

impl Shown {
    /// Whether it tells that one was let in.
    fn is_entry(&self) -> bool {
        matches!(self.item.content, Content::Added(_))
    }
}

impl Notifier {
    /// Tells of what arrives in this session.
    pub(crate) fn new(application: &Application, session: &Session) -> Rc<Self> {
        let notifier = Rc::new(Self {
            application: application.downgrade(),
            session: session.downgrade(),
            slot: session.slot(),
            waiting: RefCell::default(),
            gathering: Cell::default(),
            shown: RefCell::default(),
            desktop: RefCell::default(),
            sounded: Cell::default(),
        });
        session.connect_arrived(clone!(
            #[weak]
            notifier,
            #[weak]
            session,
            move |room, arrival| {
                let wanted = session.with_wishes(|wishes| {
                    let level = wishes.level(room.id(), room.kind());
                    arrival.wanted(level).filter(|_| !wishes.do_not_disturb)
                });
                if let Some(item) = wanted {
                    notifier.gather(room, item);
                }
            }
        ));
        session.connect_rooms_changed(clone!(
            #[weak]
            notifier,
            move |session| {
                notifier.keep(|id| session.room(id).is_some());
                notifier.count();
            }
        ));
        notifier
    }

    /// Takes back all that is shown.
    pub(crate) fn withdraw_all(&self) {
        self.waiting.borrow_mut().clear();
        self.keep(|_| false);
    }

    /// How much concerns one and was not read, with all accounts.
    fn count(&self) {
        if let Some(application) = self.application.upgrade() {
            let sessions = application.accounts().all();
            let count = sessions.iter().map(concerning).fold(0, u32::saturating_add);
            application.badge().show(&application, count);
        }
    }

    fn gather(self: &Rc<Self>, room: &Room, item: Item) {
        let mut waiting = self.waiting.borrow_mut();
        let id = room.id();
        if waiting.len() < limits::ROOMS_PER_ACCOUNT || waiting.contains_key(&id) {
            waiting.insert(id, (room.clone(), item));
        }
        drop(waiting);
        if self.gathering.replace(true) {
            return;
        }
        glib::spawn_future_local(clone!(
            #[strong(rename_to = notifier)]
            self,
            async move {
                glib::timeout_future(GATHER).await;
                if notifier.desktop.borrow().is_none() {
                    let found = notifier.find_desktop().await;
                    notifier.desktop.replace(found);
                }
                notifier.gathering.set(false);
                notifier.tell();
            }
        ));
    }

    fn tell(self: &Rc<Self>) {
        let Some(application) = self.application.upgrade() else { return };
        let mut news: Vec<_> = self.waiting.take().into_values().collect();
        let Some(desktop) = self.desktop.borrow().clone() else { return };
        news.retain(|(room, _)| !application.is_looked_at(room));
        news.sort_by_key(|(_, item)| std::cmp::Reverse(item.time));
        for (room, item) in news.into_iter().take(ROOMS_AT_ONCE) {
            self.show(&application, &desktop, &room, item);
        }
    }

    async fn find_desktop(self: &Rc<Self>) -> Option<Desktop> {
        let application = self.application.upgrade()?;
        let notifier = Rc::downgrade(self);
        let act = move |room: &Room, act| {
            if let Some(notifier) = notifier.upgrade() {
                notifier.acted(room, act);
            }
        };
        Desktop::find(&application, act).await
    }

    /// A person did something with a notification.
    fn acted(&self, room: &Room, act: Act) {
        let Some(application) = self.application.upgrade() else { return };
        match act {
            Act::Open { token } => {
                for window in application.windows() {
                    token.iter().for_each(|token| window.set_startup_id(token));
                }
                application.activate_action("show-room", Some(&self.target(room.id())));
            }
            Act::Reply(text) => self.reply(room, &text),
        }
    }

    /// Sends what was written into a notification; what is not taken waits where one writes.
    fn reply(&self, room: &Room, typed: &str) {
        let Some(session) = self.session.upgrade() else { return };
        let said = self
            .shown
            .borrow()
            .get(&room.id())
            .filter(|shown| !shown.is_entry())
            .and_then(|shown| shown.item.seq);
        let reply_to = said.filter(|_| room.kind() != RoomKind::Direct);
        let (room, typed) = (room.clone(), typed.to_owned());
        // Who answers has read.
        session.mark_read(&room);
        glib::spawn_future_local(async move {
            let sent = match MessageText::new(&typed) {
                Ok(text) => session.send(&room, text, reply_to).await.is_ok(),
                Err(_) => false,
            };
            if !sent && room.draft().is_empty() {
                room.set_draft(typed);
            }
        });
    }

    /// Whether this one may be heard.
    fn may_sound(&self) -> bool {
        let wished = |session: Session| session.with_wishes(|wishes| !wishes.silent);
        let now = glib::monotonic_time();
        let is_early = self.sounded.get().is_some_and(|before| now - before < SOUND_GAP_US);
        let may = !is_early && self.session.upgrade().is_some_and(wished);
        if may {
            self.sounded.set(Some(now));
        }
        may
    }

    fn show(
        self: &Rc<Self>,
        application: &Application,
        desktop: &Desktop,
        room: &Room,
        item: Item,
    ) {
        let Some((title, text)) = words(&room.title(), room.kind(), &item) else {
            return;
        };
        let title = match self.server(application) {
            Some(server) => fill(tr("{what} – {server}"), &[("what", &title), ("server", &server)]),
            None => title,
        };
        let id = room.id();
        let loud = self.may_sound();
        let makes_sounds = match desktop {
            Desktop::Gnome => {
                self.send(application, id, &title, &text);
                false
            }
            Desktop::Freedesktop(service) => {
                service.show(room, &title, &text, loud);
                service.sounds()
            }
        };
        if let (true, false, Some(display)) = (loud, makes_sounds, gdk::Display::default()) {
            display.beep();
        }
        if let Some(shown) = self.shown.borrow_mut().get_mut(&id) {
            shown.item = item;
            return;
        }
        let handler = room.connect_unread_notify(clone!(
            #[weak(rename_to = notifier)]
            self,
            move |room| {
                // To be let in is nothing unread: it is known where one looks at the room.
                let is_entry = notifier.shown.borrow().get(&room.id()).is_some_and(Shown::is_entry);
                let application = notifier.application.upgrade();
                let is_looked_at = application.is_some_and(|all| all.is_looked_at(room));
                if room.unread() == 0 && (is_looked_at || !is_entry) {
                    notifier.keep(|shown| shown != room.id());
                }
            }
        ));
        let room = room.clone();
        self.shown.borrow_mut().insert(id, Shown { room, handler, item });
    }

    /// By way of GIO.
    fn send(&self, application: &Application, id: RoomId, title: &str, text: &str) {
        let notification = gio::Notification::new(title);
        notification.set_body(Some(text));
        let target = self.target(id);
        notification.set_default_action_and_target_value("app.show-room", Some(&target));
        // There is nowhere to write in it: it leads to where one writes.
        notification.add_button_with_target_value(tr("Reply"), "app.show-room", Some(&target));
        application.send_notification(Some(&self.name(id)), &notification);
    }

    /// What the action that shows a room is told.
    fn target(&self, room: RoomId) -> glib::Variant {
        (self.slot.0, room.0).to_variant()
    }

    /// Where it was said, if that does not go without saying.
    fn server(&self, application: &Application) -> Option<String> {
        let account = self.session.upgrade().and_then(|session| session.account());
        let account = account.filter(|_| application.accounts().are_several());
        account.map(|account| short_server(&account.server).to_owned())
    }

    /// What the desktop knows a room's notification by.
    fn name(&self, room: RoomId) -> String {
        format!("account-{}-room-{}", self.slot.0, room.0)
    }

    /// Takes back what is shown of other rooms.
    fn keep(&self, keeps: impl Fn(RoomId) -> bool) {
        self.waiting.borrow_mut().retain(|id, _| keeps(*id));
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.shown.take().into_iter().partition(|(id, _)| keeps(*id));
        self.shown.replace(kept);
        let desktop = self.desktop.borrow().clone();
        for (id, Shown { room, handler, .. }) in gone {
            room.disconnect(handler);
            match (&desktop, self.application.upgrade()) {
                (Some(Desktop::Freedesktop(service)), _) => service.withdraw(id),
                (_, Some(application)) => application.withdraw_notification(&self.name(id)),
                (_, None) => {}
            }
        }
    }
}

/// How much of an account's rooms concerns one and was not read.
fn concerning(session: &Session) -> u32 {
    let rooms = session.rooms().iter::<Room>().filter_map(Result::ok);
    let of_room = |room: Room| {
        let level = session.with_wishes(|wishes| wishes.level(room.id(), room.kind()));
        level.counted(room.unread(), room.mentions())
    };
    rooms.map(of_room).fold(0, u32::saturating_add)
}
