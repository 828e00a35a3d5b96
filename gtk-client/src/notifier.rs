//! Tells on the desktop what was said while nobody looked: one notification per room, taken back
//! when the room is read.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use gtk::{gio, glib, glib::clone, prelude::*};
use tertulia_client::{
    Item,
    proto::{RoomId, limits},
};

use crate::{
    application::Application,
    i18n::{fill, tr},
    model::{Room, Session, Slot, short_server, words},
};

/// So long news are gathered: a flood becomes a few notifications a second.
const GATHER: Duration = Duration::from_millis(300);
/// Rooms told of at a time, the liveliest; of the others their badges tell.
const ROOMS_AT_ONCE: usize = 4;
/// How long the desktop may take to say what it can show.
const DESKTOP_MS: i32 = 2_000;

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
    shown: RefCell<BTreeMap<RoomId, (Room, glib::SignalHandlerId)>>,
    /// Whether the desktop takes a text for markup; `None`: not asked yet, or nothing there shows
    /// notifications.
    markup: Cell<Option<bool>>,
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
            markup: Cell::default(),
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
            move |session| notifier.keep(|id| session.room(id).is_some())
        ));
        notifier
    }

    /// Takes back all that is shown.
    pub(crate) fn withdraw_all(&self) {
        self.waiting.borrow_mut().clear();
        self.keep(|_| false);
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
                if notifier.markup.get().is_none() {
                    notifier.markup.set(takes_markup(&notifier).await);
                }
                notifier.gathering.set(false);
                notifier.tell();
            }
        ));
    }

    fn tell(self: &Rc<Self>) {
        let Some(application) = self.application.upgrade() else { return };
        let mut news: Vec<_> = self.waiting.take().into_values().collect();
        if self.markup.get().is_none() {
            return;
        }
        news.retain(|(room, _)| !application.is_looked_at(room));
        news.sort_by_key(|(_, item)| std::cmp::Reverse(item.time));
        for (room, item) in news.into_iter().take(ROOMS_AT_ONCE) {
            self.show(&application, &room, &item);
        }
    }

    fn show(self: &Rc<Self>, application: &Application, room: &Room, item: &Item) {
        let Some((title, text)) = words(&room.title(), room.kind(), item) else {
            return;
        };
        let title = match self.server(application) {
            Some(server) => fill(tr("{what} – {server}"), &[("what", &title), ("server", &server)]),
            None => title,
        };
        let id = room.id();
        let notification = gio::Notification::new(&title);
        let text = if self.markup.get() == Some(false) {
            text
        } else {
            glib::markup_escape_text(&text).into()
        };
        notification.set_body(Some(&text));
        let target = (self.slot.0, id.0).to_variant();
        notification.set_default_action_and_target_value("app.show-room", Some(&target));
        notification.add_button_with_target_value(tr("Open"), "app.show-room", Some(&target));
        application.send_notification(Some(&self.name(id)), &notification);
        if self.shown.borrow().contains_key(&id) {
            return;
        }
        let handler = room.connect_unread_notify(clone!(
            #[weak(rename_to = notifier)]
            self,
            move |room| {
                if room.unread() == 0 {
                    notifier.keep(|shown| shown != room.id());
                }
            }
        ));
        self.shown.borrow_mut().insert(id, (room.clone(), handler));
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
        for (id, (room, handler)) in gone {
            room.disconnect(handler);
            if let Some(application) = self.application.upgrade() {
                application.withdraw_notification(&self.name(id));
            }
        }
    }
}

/// Whether what shows notifications here takes their text for markup. GIO hands the text on as it
/// is: to GNOME's own service, which shows it so, or where there is none to the freedesktop one,
/// which says by itself what it does. `None`: there is none, and GIO would complain.
async fn takes_markup(notifier: &Notifier) -> Option<bool> {
    let application = notifier.application.upgrade();
    let bus = application.and_then(|application| application.dbus_connection())?;
    let ask = async |name: &str, path: &str, method: &str, arguments: Option<glib::Variant>| {
        let flags = gio::DBusCallFlags::NONE;
        let asked = bus.call_future(
            Some(name),
            path,
            name,
            method,
            arguments.as_ref(),
            None,
            flags,
            DESKTOP_MS,
        );
        asked.await.ok()
    };
    let gnome = Some(("org.gtk.Notifications",).to_variant());
    let has_gnome =
        ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "NameHasOwner", gnome).await;
    if has_gnome.and_then(|answer| answer.get::<(bool,)>()) == Some((true,)) {
        return Some(false);
    }
    let path = "/org/freedesktop/Notifications";
    let can = ask("org.freedesktop.Notifications", path, "GetCapabilities", None).await;
    let (can,) = can?.get::<(Vec<String>,)>()?;
    Some(can.iter().any(|word| word == "body-markup"))
}
