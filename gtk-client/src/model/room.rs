//! A room of one's own: what the room list shows of it. Its timeline: `contents`; who is writing
//! in it: `writers`.

mod contents;
mod leaps;
mod writers;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::OnceLock,
};

use gtk::{gio, glib, glib::Properties, glib::subclass::Signal, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Item, PresenceView, RoomView,
    proto::{Author, RoomId, RoomKind, Seq, Timestamp},
};

use super::{
    Level, TimelineLine,
    calendar::short_time,
    notices::Known,
    timeline::{Line, Reader, Timeline},
    typists::Typists,
};
use crate::i18n::{fill, tr};

mod imp {
    use super::*;

    #[derive(Debug, Properties)]
    #[properties(wrapper_type = super::Room)]
    pub struct Room {
        /// Its name with the `#`; a direct room's is the other one's name.
        #[property(get)]
        pub(super) title: RefCell<String>,
        /// The newest message in one line.
        #[property(get)]
        pub(super) preview: RefCell<String>,
        /// When that was.
        #[property(get)]
        pub(super) time: RefCell<String>,
        /// Messages of others that were not read.
        #[property(get)]
        pub(super) unread: Cell<u32>,
        /// Those of them that name the reader; in a direct room all do.
        #[property(get)]
        pub(super) mentions: Cell<u32>,
        /// How many are members.
        #[property(get)]
        pub(super) members: Cell<u32>,
        /// Whether it is closed for writing and entering.
        #[property(get)]
        pub(super) archived: Cell<bool>,
        /// Whether one wishes to hear nothing of it.
        #[property(get)]
        pub(super) muted: Cell<bool>,
        /// Whether one wishes to hear of every message in it.
        #[property(get)]
        pub(super) loud: Cell<bool>,
        /// Whether the other one of a direct room is connected.
        #[property(get)]
        pub(super) online: Cell<bool>,
        /// Who is writing, as a sentence; empty while nobody is.
        #[property(get)]
        pub(super) writers: RefCell<String>,
        /// What was typed and not sent.
        #[property(get, set)]
        pub(super) draft: RefCell<String>,
        pub(super) view: RefCell<Option<RoomView>>,
        /// One leaves it by oneself.
        pub(super) leaving: Cell<bool>,
        pub(super) typists: RefCell<Typists>,
        pub(super) typists_checked: Cell<bool>,
        pub(super) timeline: RefCell<Timeline>,
        pub(super) lines: RefCell<Vec<Line>>,
        pub(super) store: gio::ListStore,
        pub(super) opened: Cell<bool>,
        /// How many messages were new when that was last marked.
        pub(super) new_count: Cell<u32>,
        pub(super) followed: Cell<bool>,
        pub(super) loading: Cell<bool>,
        pub(super) complete: Cell<bool>,
        pub(super) generation: Cell<u64>,
        /// What is loaded ends before the newest item.
        pub(super) detached: Cell<bool>,
        pub(super) told: Cell<Seq>,
        /// What one is about to answer.
        pub(super) answering: RefCell<Option<Rc<Item>>>,
        /// What answers quote is being fetched.
        pub(super) quoting: Cell<bool>,
    }

    impl Default for Room {
        fn default() -> Self {
            Self {
                title: RefCell::default(),
                preview: RefCell::default(),
                time: RefCell::default(),
                unread: Cell::default(),
                mentions: Cell::default(),
                members: Cell::default(),
                archived: Cell::default(),
                muted: Cell::default(),
                loud: Cell::default(),
                online: Cell::default(),
                writers: RefCell::default(),
                draft: RefCell::default(),
                view: RefCell::default(),
                leaving: Cell::default(),
                typists: RefCell::default(),
                typists_checked: Cell::default(),
                timeline: RefCell::default(),
                lines: RefCell::default(),
                store: gio::ListStore::new::<TimelineLine>(),
                opened: Cell::default(),
                new_count: Cell::default(),
                followed: Cell::default(),
                loading: Cell::default(),
                complete: Cell::default(),
                generation: Cell::default(),
                detached: Cell::default(),
                told: Cell::default(),
                answering: RefCell::default(),
                quoting: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Room {
        const NAME: &'static str = "TertuliaRoom";
        type Type = super::Room;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Room {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }
}

glib::wrapper! {
    /// Its timeline is loaded from when it is first opened.
    pub struct Room(ObjectSubclass<imp::Room>);
}

impl Room {
    /// A room as it stands.
    pub(crate) fn new(view: RoomView) -> Self {
        let room: Self = glib::Object::new();
        room.set_view(view);
        room
    }

    /// Its id.
    pub(crate) fn id(&self) -> RoomId {
        self.with_view(|view| view.listing.room).unwrap_or_default()
    }

    /// Something of what the server tells about it.
    pub(crate) fn with_view<T>(&self, read: impl FnOnce(&RoomView) -> T) -> Option<T> {
        self.imp().view.borrow().as_ref().map(read)
    }

    /// When something was last said in it.
    pub(crate) fn newest(&self) -> Timestamp {
        self.with_view(|view| view.preview.as_ref().map(|(_, _, time)| *time))
            .flatten()
            .unwrap_or_default()
    }

    /// Who may see and enter it.
    pub(crate) fn kind(&self) -> RoomKind {
        self.with_view(|view| view.listing.kind).unwrap_or(RoomKind::Public)
    }

    /// The other one, in a direct room.
    pub(crate) fn peer(&self) -> Option<Author> {
        self.with_view(|view| view.listing.peer.clone()).flatten()
    }

    /// What it is about, in one line; may be empty.
    pub(crate) fn topic(&self) -> String {
        self.with_view(|view| one_line(view.listing.topic.as_str())).unwrap_or_default()
    }

    /// Takes over what the server tells.
    pub(crate) fn set_view(&self, view: RoomView) {
        let imp = self.imp();
        let listing = &view.listing;
        let is_direct = listing.kind == RoomKind::Direct;
        imp.title.replace(match &listing.peer {
            Some(peer) if is_direct => peer.display.to_string(),
            _ if is_direct => listing.address(),
            _ => format!("#{}", listing.name),
        });
        imp.unread.set(listing.unread);
        imp.mentions.set(if is_direct { listing.unread } else { listing.mentions });
        imp.members.set(listing.members);
        imp.archived.set(listing.archived);
        let (preview, time) = preview(&view);
        imp.preview.replace(preview);
        imp.time.replace(time);
        if listing.archived {
            self.nobody_writes();
        }
        imp.timeline.borrow_mut().set_direct(is_direct);
        imp.view.replace(Some(view));
        self.notify_title();
        self.notify_preview();
        self.notify_time();
        self.notify_unread();
        self.notify_mentions();
        self.notify_members();
        self.notify_archived();
        self.emit_by_name::<()>("changed", &[]);
    }

    /// What was typed and not sent, in one line that says so; `None`: nothing was.
    pub(crate) fn draft_line(&self) -> Option<String> {
        let draft = one_line(&self.draft());
        (!draft.is_empty()).then(|| fill(tr("Draft: {text}"), &[("text", &draft)]))
    }

    /// What one is about to answer.
    pub(crate) fn answering(&self) -> Option<Rc<Item>> {
        self.imp().answering.borrow().clone()
    }

    /// What is written next answers this.
    pub(crate) fn set_answering(&self, item: Option<Rc<Item>>) {
        self.imp().answering.replace(item);
    }

    /// Who reads it: what names them is marked, what they did is told as theirs.
    pub(crate) fn set_reader(&self, reader: Option<Reader>) {
        self.imp().timeline.borrow_mut().set_reader(reader);
    }

    /// What needs not be told on the desktop any more.
    pub(crate) fn known(&self) -> Known {
        /// In ms; who was away for longer sees the room in the list.
        const NEWS: u64 = 10 * 60 * 1_000;
        let read = self.with_view(|view| view.listing.read);
        let since = Timestamp((glib::real_time() as u64 / 1_000).saturating_sub(NEWS));
        Known { told: self.imp().told.get(), read: read.unwrap_or_default(), since }
    }

    /// One was told up to here.
    pub(crate) fn set_told(&self, seq: Seq) {
        self.imp().told.set(self.imp().told.get().max(seq));
    }

    /// Its numbers may have begun anew.
    pub(crate) fn forget_told(&self) {
        self.imp().told.set(Seq(0));
    }

    /// Whether one leaves it by oneself: then its end is no news.
    pub(crate) fn is_leaving(&self) -> bool {
        self.imp().leaving.get()
    }

    /// One begins to leave it, or stays after all.
    pub(crate) fn set_leaving(&self, leaving: bool) {
        self.imp().leaving.set(leaving);
    }

    /// Of which of its messages one wishes to hear.
    pub(crate) fn set_level(&self, level: Level) {
        let (muted, loud) = (level == Level::None, level == Level::All);
        if self.imp().loud.replace(loud) != loud {
            self.notify_loud();
        }
        if self.imp().muted.replace(muted) != muted {
            self.notify_muted();
        }
    }

    /// Takes in who is connected.
    pub(crate) fn set_presence(&self, presence: &PresenceView) {
        let is_here = |peer: Author| presence.people.iter().any(|p| p.account == peer.account);
        let online = self.peer().is_some_and(is_here);
        if self.imp().online.replace(online) != online {
            self.notify_online();
        }
    }

    /// Calls `changed` when anything of what the server tells changed.
    pub(crate) fn connect_changed(
        &self,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_local("changed", false, move |values| {
            // The emitter is a signal's first value.
            if let Some(Ok(room)) = values.first().map(|value| value.get::<Self>()) {
                changed(&room);
            }
            None
        })
    }
}

/// The newest message in one line, and when that was.
fn preview(view: &RoomView) -> (String, String) {
    let Some((author, text, time)) = &view.preview else {
        return (tr("Nothing said yet").to_owned(), String::new());
    };
    // What comes first in a long text is all that a line shows.
    let text = one_line(text);
    let is_peer = |peer: &Author| peer.display.as_str() == author;
    let line = if view.listing.peer.as_ref().is_some_and(is_peer) {
        text
    } else {
        fill(tr("{author}: {text}"), &[("author", author), ("text", &text)])
    };
    (line, short_time(*time))
}

fn one_line(text: &str) -> String {
    const SHOWN: usize = 120;
    let line: String = text.chars().take(SHOWN).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
