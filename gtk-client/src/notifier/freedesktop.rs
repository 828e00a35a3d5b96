//! The freedesktop notification service, spoken to directly: GIO, which would do it too, can
//! neither ask for a sound nor take a reply.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
};

use gtk::{gio, glib, prelude::*};
use tertulia_client::proto::RoomId;

use crate::{APPLICATION_ID, i18n::tr, model::Room};

pub(super) const NAME: &str = "org.freedesktop.Notifications";
pub(super) const PATH: &str = "/org/freedesktop/Notifications";
/// Of the freedesktop sound theme: somebody wrote.
const SOUND: &str = "message-new-instant";
/// How long the service may take.
const CALL_MS: i32 = 5_000;
/// The service decides how long it shows a notification.
const ITS_OWN_TIME: i32 = -1;

/// What a person did with a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Clicked it. With what shows that it was a person, where the desktop gave such a thing.
    Open { token: Option<String> },
    /// Wrote a reply into it.
    Reply(String),
}

/// What is shown of a room.
#[derive(Debug)]
struct Shown {
    room: Room,
    /// The service's number; `None`: it has not told yet, or took the notification away.
    number: Option<u32>,
    /// Of the newest call.
    serial: u64,
}

/// Is told what a person did.
type Acted = Box<dyn Fn(&Room, Act)>;

/// The service. What is shown is bounded by the rooms that one has.
pub(super) struct Freedesktop {
    bus: gio::DBusConnection,
    markup: bool,
    sounds: bool,
    replies: bool,
    shown: RefCell<BTreeMap<RoomId, Shown>>,
    serial: Cell<u64>,
    token: RefCell<Option<String>>,
    act: Acted,
    signals: RefCell<Vec<gio::SignalSubscription>>,
}

impl fmt::Debug for Freedesktop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Freedesktop").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Freedesktop {
    /// A service that can do this.
    pub(super) fn new(
        bus: gio::DBusConnection,
        can: &[String],
        act: impl Fn(&Room, Act) + 'static,
    ) -> Rc<Self> {
        let can = |word: &str| can.iter().any(|known| known == word);
        let service = Rc::new(Self {
            bus: bus.clone(),
            markup: can("body-markup"),
            sounds: can("sound"),
            replies: can("inline-reply"),
            shown: RefCell::default(),
            serial: Cell::default(),
            token: RefCell::default(),
            act: Box::new(act),
            signals: RefCell::default(),
        });
        let weak = Rc::downgrade(&service);
        let signals = bus.subscribe_to_signal(
            Some(NAME),
            Some(NAME),
            None,
            Some(PATH),
            None,
            gio::DBusSignalFlags::NONE,
            move |signal| {
                if let Some(service) = weak.upgrade() {
                    service.heard(signal.signal_name, signal.parameters);
                }
            },
        );
        service.signals.borrow_mut().push(signals);
        service
    }

    /// Whether it makes sounds by itself, when asked.
    pub(super) fn sounds(&self) -> bool {
        self.sounds
    }

    /// Shows this of a room, in the place of what is shown of it.
    pub(super) fn show(self: &Rc<Self>, room: &Room, title: &str, text: &str, loud: bool) {
        let serial = self.serial.get() + 1;
        self.serial.set(serial);
        let id = room.id();
        let mut shown = self.shown.borrow_mut();
        let kept =
            shown.entry(id).or_insert_with(|| Shown { room: room.clone(), number: None, serial });
        kept.serial = serial;
        let words = self.words(kept.number.unwrap_or(0), title, text, loud);
        drop(shown);
        let service = self.clone();
        glib::spawn_future_local(async move {
            let answer = service.call("Notify", &words).await;
            let Some((number,)) = answer.and_then(|answer| answer.get::<(u32,)>()) else {
                return;
            };
            let is_newest = match service.shown.borrow_mut().get_mut(&id) {
                Some(shown) if shown.serial == serial => {
                    shown.number = Some(number);
                    true
                }
                // Replaced meanwhile, in the place of this very one.
                Some(shown) if shown.number == Some(number) => true,
                _ => false,
            };
            if !is_newest {
                service.close(number).await;
            }
        });
    }

    /// Takes back what is shown of a room.
    pub(super) fn withdraw(self: &Rc<Self>, id: RoomId) {
        let shown = self.shown.borrow_mut().remove(&id);
        if let Some(number) = shown.and_then(|shown| shown.number) {
            let service = self.clone();
            glib::spawn_future_local(async move { service.close(number).await });
        }
    }

    fn words(&self, replaces: u32, title: &str, text: &str, loud: bool) -> glib::Variant {
        let text = if self.markup { glib::markup_escape_text(text) } else { text.into() };
        let mut actions = vec!["default", tr("Open")];
        if self.replies {
            actions.extend(["inline-reply", tr("Reply")]);
        }
        let hints = glib::VariantDict::new(None);
        hints.insert("desktop-entry", APPLICATION_ID);
        hints.insert("category", "im.received");
        if loud {
            hints.insert("sound-name", SOUND);
        } else {
            hints.insert("suppress-sound", true);
        }
        glib::Variant::tuple_from_iter([
            "Tertulia".to_variant(),
            replaces.to_variant(),
            APPLICATION_ID.to_variant(),
            title.to_variant(),
            text.to_variant(),
            actions.to_variant(),
            hints.end(),
            ITS_OWN_TIME.to_variant(),
        ])
    }

    fn heard(&self, signal: &str, words: &glib::Variant) {
        match signal {
            "ActionInvoked" => {
                if let Some((number, "default")) =
                    words.get::<(u32, String)>().as_ref().map(|(n, key)| (*n, key.as_str()))
                {
                    let token = self.token.take();
                    self.acted(number, Act::Open { token });
                }
            }
            // Comes before what it is for.
            "ActivationToken" => {
                if let Some((number, token)) = words.get::<(u32, String)>()
                    && self.room_of(number).is_some()
                {
                    self.token.replace(Some(token));
                }
            }
            "NotificationReplied" => {
                if let Some((number, text)) = words.get::<(u32, String)>() {
                    self.acted(number, Act::Reply(text));
                }
            }
            "NotificationClosed" => {
                if let Some((number, _)) = words.get::<(u32, u32)>() {
                    self.shown.borrow_mut().retain(|_, shown| shown.number != Some(number));
                }
            }
            _ => {}
        }
    }

    fn acted(&self, number: u32, act: Act) {
        if let Some(room) = self.room_of(number) {
            (self.act)(&room, act);
        }
    }

    fn room_of(&self, number: u32) -> Option<Room> {
        let shown = self.shown.borrow();
        shown.values().find(|shown| shown.number == Some(number)).map(|shown| shown.room.clone())
    }

    async fn close(&self, number: u32) {
        self.call("CloseNotification", &(number,).to_variant()).await;
    }

    /// `None`: it does not answer, or not so.
    async fn call(&self, method: &str, words: &glib::Variant) -> Option<glib::Variant> {
        let flags = gio::DBusCallFlags::NONE;
        let words = Some(words);
        self.bus.call_future(Some(NAME), PATH, NAME, method, words, None, flags, CALL_MS).await.ok()
    }
}
