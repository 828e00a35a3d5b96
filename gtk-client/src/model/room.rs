//! A room of one's own: what the room list shows of it, and its timeline.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{gio, glib, glib::Properties, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Item, RoomView,
    proto::{MessageId, RoomId, Seq, Timestamp},
};

use super::{
    TimelineLine,
    calendar::{day_of, short_time},
    timeline::{Line, Timeline, splice},
};
use crate::{
    bridge::{RoomChanges, TimelineChange},
    i18n::{fill, tr},
};

/// Items kept while the newest are in sight.
const ITEMS_AT_REST: usize = 1_000;
/// Items kept while somebody reads far back; loading older ones ends here.
const ITEMS_READING: usize = 20_000;

mod imp {
    use super::*;

    #[derive(Debug, Properties)]
    #[properties(wrapper_type = super::Room)]
    pub struct Room {
        /// Its name with the `#`.
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
        /// How many are members.
        #[property(get)]
        pub(super) members: Cell<u32>,
        /// What was typed and not sent.
        #[property(get, set)]
        pub(super) draft: RefCell<String>,
        pub(super) view: RefCell<Option<RoomView>>,
        pub(super) timeline: RefCell<Timeline>,
        pub(super) lines: RefCell<Vec<Line>>,
        pub(super) store: gio::ListStore,
        pub(super) opened: Cell<bool>,
        pub(super) followed: Cell<bool>,
        pub(super) loading: Cell<bool>,
        pub(super) complete: Cell<bool>,
        pub(super) generation: Cell<u64>,
    }

    impl Default for Room {
        fn default() -> Self {
            Self {
                title: RefCell::default(),
                preview: RefCell::default(),
                time: RefCell::default(),
                unread: Cell::default(),
                members: Cell::default(),
                draft: RefCell::default(),
                view: RefCell::default(),
                timeline: RefCell::default(),
                lines: RefCell::default(),
                store: gio::ListStore::new::<TimelineLine>(),
                opened: Cell::default(),
                followed: Cell::default(),
                loading: Cell::default(),
                complete: Cell::default(),
                generation: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Room {
        const NAME: &'static str = "TertuliaRoom";
        type Type = super::Room;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Room {}
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

    /// Takes over what the server tells.
    pub(crate) fn set_view(&self, view: RoomView) {
        let imp = self.imp();
        imp.title.replace(format!("#{}", view.listing.name));
        imp.unread.set(view.listing.unread);
        imp.members.set(view.listing.members);
        let (preview, time) = match &view.preview {
            None => (tr("Nothing said yet").to_owned(), String::new()),
            Some((author, text, time)) => (
                // What comes first in a long text is all that a line shows.
                fill(tr("{author}: {text}"), &[("author", author), ("text", &one_line(text))]),
                short_time(*time),
            ),
        };
        imp.preview.replace(preview);
        imp.time.replace(time);
        imp.view.replace(Some(view));
        self.notify_title();
        self.notify_preview();
        self.notify_time();
        self.notify_unread();
        self.notify_members();
    }

    /// The list model of its timeline.
    pub(crate) fn lines(&self) -> &gio::ListStore {
        &self.imp().store
    }

    /// A message that is loaded.
    pub(crate) fn item(&self, id: MessageId) -> Option<Rc<Item>> {
        self.imp().timeline.borrow().item(id).cloned()
    }

    /// Applies what happened in the timeline.
    pub(crate) fn apply(&self, changes: RoomChanges) {
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
        for change in changes {
            let mut timeline = self.imp().timeline.borrow_mut();
            match change {
                TimelineChange::Items(items) => timeline.upsert(items),
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
        imp.generation.set(imp.generation.get() + 1);
    }

    /// Begins to show it; `true`: nothing is loaded yet.
    pub(crate) fn open(&self) -> bool {
        let imp = self.imp();
        let read = self.with_view(|view| (view.listing.unread > 0).then_some(view.listing.read));
        imp.timeline.borrow_mut().set_new_after(read.flatten());
        imp.opened.set(true);
        self.refresh();
        self.is_empty()
    }

    /// No longer in sight: keeps only what it shows at once when it is opened again.
    pub(crate) fn rest(&self) {
        self.set_followed(true);
        self.trim(ITEMS_AT_REST);
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
        let head = self.with_view(|view| view.listing.head);
        self.imp().store.n_items() == 0 && head.is_none_or(|head| head == Seq(0))
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
    pub(crate) fn clear_unread(&self) {
        let imp = self.imp();
        if imp.unread.replace(0) != 0 {
            if let Some(view) = imp.view.borrow_mut().as_mut() {
                view.listing.unread = 0;
            }
            self.notify_unread();
        }
    }

    /// Changes what is shown beside the items, then the list.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Timeline) -> T) -> T {
        let result = change(&mut self.imp().timeline.borrow_mut());
        self.refresh();
        result
    }

    /// Shows every line afresh: the calendar went on a day, or the font changed.
    pub(crate) fn redraw(&self) {
        self.imp().lines.borrow_mut().clear();
        self.imp().store.remove_all();
        self.refresh();
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

fn one_line(text: &str) -> String {
    const SHOWN: usize = 120;
    let line: String = text.chars().take(SHOWN).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{room_view, text_item, waiting_item};

    fn items(change: Vec<Item>) -> RoomChanges {
        RoomChanges { timeline: vec![TimelineChange::Items(change)], ..RoomChanges::default() }
    }

    #[test]
    fn an_unopened_room_keeps_no_items() {
        let room = Room::new(room_view(1, "garden"));
        room.apply(items(vec![text_item(1, "ana", "hi")]));
        assert_eq!(room.lines().n_items(), 0);
        assert!(room.open());
        room.apply(items(vec![text_item(2, "ana", "hi")]));
        assert_eq!(room.lines().n_items(), 2, "a day and a message");
    }

    #[test]
    fn one_page_is_loaded_at_a_time_until_the_first_item() {
        let room = Room::new(room_view(1, "garden"));
        room.open();
        let (before, generation) = room.begin_load().unwrap();
        assert_eq!(before, None);
        assert_eq!(room.begin_load(), None, "one is under way");
        room.end_load(generation, Some(vec![text_item(7, "ana", "hi")]));
        let (before, generation) = room.begin_load().unwrap();
        assert_eq!(before, Some(Seq(7)));
        room.end_load(generation, None);
        let (_, generation) = room.begin_load().unwrap();
        room.end_load(generation, Some(vec![text_item(1, "ana", "first")]));
        assert_eq!(room.begin_load(), None, "there is nothing before the first");
    }

    #[test]
    fn a_page_asked_for_before_a_reset_is_dropped() {
        let room = Room::new(room_view(1, "garden"));
        room.open();
        let (_, generation) = room.begin_load().unwrap();
        room.apply(RoomChanges { reset: true, ..RoomChanges::default() });
        room.end_load(generation, Some(vec![text_item(7, "ana", "stale")]));
        assert!(room.is_empty());
        assert!(room.begin_load().is_some());
    }

    #[test]
    fn changed_lines_are_one_change_of_the_list() {
        let room = Room::new(room_view(1, "garden"));
        room.open();
        let changes = Rc::new(RefCell::new(Vec::new()));
        room.lines().connect_items_changed({
            let changes = changes.clone();
            move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
        });
        room.apply(items((1..=100).map(|seq| text_item(seq, "ana", "hi")).collect()));
        room.apply(items(vec![waiting_item(5, "mine")]));
        room.apply(items(vec![waiting_item(5, "mine")]));
        assert_eq!(*changes.borrow(), [(0, 0, 101), (101, 0, 1)]);
    }

    #[test]
    fn a_room_at_rest_is_small_and_can_load_again() {
        let room = Room::new(room_view(1, "garden"));
        room.open();
        let many = (1..=3_000).map(|seq| text_item(seq, "ana", "hi"));
        room.apply(items(many.collect()));
        room.rest();
        assert_eq!(room.lines().n_items() as usize, ITEMS_AT_REST + 1);
        assert_eq!(room.begin_load(), Some((Some(Seq(2_001)), 0)));
    }

    #[test]
    fn a_followed_room_drops_old_items_many_at_a_time() {
        let room = Room::new(room_view(1, "garden"));
        room.open();
        room.set_followed(true);
        let many = |from: u64, to: u64| {
            items((from..=to).map(|seq| text_item(seq, "ana", "hi")).collect())
        };
        room.apply(many(1, 2_000));
        assert_eq!(room.lines().n_items(), 2_001);
        let changes = Rc::new(RefCell::new(Vec::new()));
        room.lines().connect_items_changed({
            let changes = changes.clone();
            move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
        });
        room.apply(many(2_001, 2_001));
        // The group's end moves on; then a thousand go from the front, and a group begins there.
        assert_eq!(*changes.borrow(), [(2_000, 1, 2), (1, 1_002, 1)]);
        room.apply(many(2_002, 2_002));
        assert_eq!(changes.borrow().len(), 3);
    }

    #[test]
    fn a_preview_is_one_line() {
        let mut view = room_view(1, "garden");
        view.preview = Some(("Ana".into(), "two\n  lines".into(), Timestamp(0)));
        let room = Room::new(view);
        assert_eq!(room.title(), "#garden");
        assert_eq!(room.preview(), "Ana: two lines");
    }
}
