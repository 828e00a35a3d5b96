//! A room's timeline as far as it is loaded, and how more of it is.

use std::rc::Rc;

use gtk::{gio, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Item,
    proto::{MessageId, Seq},
};

use super::Room;
use crate::{
    bridge::{RoomChanges, TimelineChange},
    model::{
        TimelineLine,
        calendar::day_of,
        timeline::{Line, Timeline, splice},
    },
};

/// Items kept while the newest are in sight.
pub(super) const ITEMS_AT_REST: usize = 300;
/// Items kept while somebody reads far back; loading older ones ends here.
const ITEMS_READING: usize = 20_000;

impl Room {
    /// The list model of its timeline.
    pub(crate) fn lines(&self) -> &gio::ListStore {
        &self.imp().store
    }

    /// A message that is loaded.
    pub(crate) fn item(&self, id: MessageId) -> Option<Rc<Item>> {
        self.imp().timeline.borrow().item(id).cloned()
    }

    /// Which line shows the item of that number; `None`: it is not loaded, or has no line.
    pub(crate) fn place_of(&self, seq: Seq) -> Option<u32> {
        let shows = |line: &Line| match line {
            Line::Message { item, .. } | Line::Note { item, .. } => item.seq == Some(seq),
            _ => false,
        };
        let place = self.imp().lines.borrow().iter().position(shows);
        place.and_then(|place| place.try_into().ok())
    }

    /// The newest message that is answered by a loaded one and not known.
    pub(crate) fn wanted_quote(&self) -> Option<Seq> {
        self.imp().timeline.borrow().wanted_quote()
    }

    /// Claims the fetching of what answers quote. `false`: it is under way.
    pub(crate) fn begin_quotes(&self) -> bool {
        !self.imp().quoting.replace(true)
    }

    /// It is over.
    pub(crate) fn end_quotes(&self) {
        self.imp().quoting.set(false);
    }

    /// Reads what is loaded.
    pub(crate) fn with_timeline<T>(&self, read: impl FnOnce(&Timeline) -> T) -> T {
        read(&self.imp().timeline.borrow())
    }

    /// Applies what happened in the timeline.
    pub(crate) fn apply(&self, changes: RoomChanges) {
        self.heed_writers(&changes);
        if self.imp().opened.get() {
            if changes.reset {
                self.forget();
            }
            self.apply_timeline(changes.timeline);
        }
        // Last: whoever sees what is unread looks at the timeline.
        if let Some(view) = changes.view {
            self.set_view(view);
        }
    }

    fn apply_timeline(&self, changes: Vec<TimelineChange>) {
        let detached = self.imp().detached.get();
        for change in changes {
            let mut timeline = self.imp().timeline.borrow_mut();
            match change {
                TimelineChange::Items(mut items) => {
                    if detached {
                        // What comes is not next to what is there: it is loaded on the way.
                        let newest = timeline.span().map(|(_, newest)| newest);
                        let beyond = items.extract_if(.., |item| item.seq > newest);
                        let ids: Vec<_> = beyond.filter_map(|item| item.message_id).collect();
                        ids.into_iter().for_each(|id| timeline.remove(id));
                    }
                    timeline.upsert(items);
                }
                TimelineChange::Gone(id) => timeline.remove(id),
            }
        }
        // Before and after: what is appended and what is dropped are two changes of the list,
        // which as one would replace everything between them.
        self.refresh();
        let limit = if self.imp().followed.get() { 2 * ITEMS_AT_REST } else { ITEMS_READING };
        // Many at a time: dropping one with each that comes would lay the list out each time.
        if self.imp().timeline.borrow().len() > limit {
            self.trim(limit - ITEMS_AT_REST);
        }
    }

    /// Forgets the items: they are to be loaded afresh.
    pub(crate) fn forget(&self) {
        let imp = self.imp();
        imp.timeline.borrow_mut().clear();
        imp.complete.set(false);
        imp.loading.set(false);
        imp.detached.set(false);
        imp.generation.set(imp.generation.get() + 1);
    }

    /// Begins to show it; `true`: nothing is loaded yet.
    pub(crate) fn open(&self) -> bool {
        self.imp().opened.set(true);
        self.mark_new();
        self.refresh();
        self.is_empty()
    }

    /// No longer in sight: keeps only what it shows at once when it is opened again.
    pub(crate) fn rest(&self) {
        self.set_followed(true);
        if self.is_detached() {
            self.forget();
        }
        self.change(|timeline| timeline.set_new_after(None));
        self.trim(ITEMS_AT_REST);
    }

    /// The person looks at it: what is unread now is new until the room is left or answered in.
    /// `false`: nothing is.
    pub(crate) fn mark_new(&self) -> bool {
        let unread =
            self.with_view(|view| (view.listing.read, view.listing.unread)).filter(|(_, n)| *n > 0);
        let Some((read, count)) = unread else {
            return false;
        };
        self.imp().new_count.set(count);
        self.change(|timeline| timeline.set_new_after(Some(read)));
        true
    }

    /// How many messages were new when that was last marked; `None`: none is marked.
    pub(crate) fn new_count(&self) -> Option<u32> {
        let imp = self.imp();
        imp.timeline.borrow().new_after().map(|_| imp.new_count.get())
    }

    /// Which line says that what follows is new; `None`: none, or it is not loaded yet.
    pub(crate) fn new_place(&self) -> Option<u32> {
        let place = self.imp().lines.borrow().iter().position(|line| matches!(line, Line::New));
        place.and_then(|place| place.try_into().ok())
    }

    /// Whether its newest items are in sight: then older ones need not be kept.
    pub(crate) fn set_followed(&self, followed: bool) {
        self.imp().followed.set(followed);
    }

    /// Whether no item is loaded.
    pub(crate) fn is_empty(&self) -> bool {
        self.imp().timeline.borrow().span().is_none()
    }

    /// Whether there is nothing to show, and nothing to be loaded either.
    pub(crate) fn is_silent(&self) -> bool {
        let imp = self.imp();
        let head = self.with_view(|view| view.listing.head);
        let has_all = imp.complete.get() || head.is_none_or(|head| head == Seq(0));
        imp.store.n_items() == 0 && has_all
    }

    /// Whether a page is on its way.
    pub(crate) fn is_loading(&self) -> bool {
        self.imp().loading.get()
    }

    /// Claims the next page of older items: what is to be asked for, and what
    /// [`Self::end_load`] takes. `None`: one is under way, or there are none.
    pub(crate) fn begin_load(&self) -> Option<(Option<Seq>, u64)> {
        let imp = self.imp();
        let span = imp.timeline.borrow().span();
        let full = imp.store.n_items() as usize >= ITEMS_READING;
        if imp.loading.get() || (imp.complete.get() && span.is_some()) || full {
            return None;
        }
        imp.loading.set(true);
        Some((span.map(|(oldest, _)| oldest), imp.generation.get()))
    }

    /// Takes the page in; `None`: it could not be had.
    pub(crate) fn end_load(&self, generation: u64, page: Option<Vec<Item>>) {
        let imp = self.imp();
        if imp.generation.get() != generation {
            return;
        }
        imp.loading.set(false);
        let Some(items) = page else { return };
        let oldest = items.iter().filter_map(|item| item.seq).min();
        imp.complete.set(oldest.is_none_or(|seq| seq <= Seq(1)));
        imp.timeline.borrow_mut().upsert(items);
        self.refresh();
    }

    /// The newest item, be it loaded already or on its way here.
    pub(crate) fn newest_seq(&self) -> Option<Seq> {
        let loaded = self.imp().timeline.borrow().span();
        let told = self.with_view(|view| view.listing.head);
        loaded.map(|(_, newest)| newest).max(told)
    }

    /// It was read to its end: the badge goes before the server tells so.
    pub(crate) fn read_to(&self, seq: Seq) {
        let imp = self.imp();
        if imp.unread.replace(0) != 0 {
            imp.mentions.set(0);
            if let Some(view) = imp.view.borrow_mut().as_mut() {
                (view.listing.unread, view.listing.mentions) = (0, 0);
                view.listing.read = seq.max(view.listing.read);
            }
            self.notify_unread();
            self.notify_mentions();
        }
    }

    /// Changes what is shown beside the items, then the list.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Timeline) -> T) -> T {
        let result = change(&mut self.imp().timeline.borrow_mut());
        self.refresh();
        result
    }

    /// Tells anew when something was said last: the calendar went on a day. The lines stay; their
    /// rows show the new day when [`crate::appearance::Looks`] changes.
    pub(crate) fn redraw(&self) {
        if let Some(view) = self.imp().view.take() {
            self.set_view(view);
        }
    }

    fn trim(&self, limit: usize) {
        if self.imp().timeline.borrow_mut().trim(limit) {
            self.imp().complete.set(false);
            self.refresh();
        }
    }

    /// Brings the list to what the timeline says, by one splice.
    fn refresh(&self) {
        let imp = self.imp();
        let new = imp.timeline.borrow().lines(day_of);
        let splice = splice(&imp.lines.borrow(), &new);
        let Some(splice) = splice else { return };
        let added: Vec<_> = new[splice.at..splice.at + splice.added]
            .iter()
            .cloned()
            .map(TimelineLine::new)
            .collect();
        imp.lines.replace(new);
        // A list model counts in u32, and a room keeps far fewer lines.
        imp.store.splice(splice.at as u32, splice.removed as u32, &added);
    }
}
