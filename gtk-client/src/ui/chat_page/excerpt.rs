//! The lines of a room that the list has rows for: the newest, and before them as many as are near
//! what is in sight.
//!
//! GTK 4.8 makes and measures some 200 rows of a list, whatever is in sight of them. So the list is
//! given few lines and more as one scrolls up, some with each frame; and of a flood it is given with
//! each second frame what there is then, rather than all that came in between.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{gio, glib, glib::clone, prelude::*};

use crate::{
    model::{
        TimelineLine,
        census::{KINDS, census},
    },
    ui::bottom_follower::BottomFollower,
};

/// Rows that are made in one frame for who scrolls up.
const SLICE: u32 = 8;
/// So many pages are made above what is in sight.
const PAGES_ABOVE: f64 = 1.0;
/// So many frames nothing came: then there is time for rows that are not in sight.
const CALM: u32 = 6;
/// How high a list that was not shown yet is taken to be, and its rows, in pixels.
const USUAL_HEIGHT: f64 = 600.0;
const LOW_ROW: f64 = 40.0;
/// From so many rows on one knows how high they are.
const FEW: u32 = 8;
/// So many more are made than should fill the list.
const SPARE: u32 = 4;
/// Lines at the top that older ones come under: the day.
const HEADING: u32 = 1;
/// At the end of a room the first rows go when there are so many times as many as are enough.
const TOO_MANY: u32 = 3;

/// See the module.
#[derive(Debug, Clone)]
pub(in crate::ui) struct Excerpt(Rc<State>);

struct State {
    list: glib::WeakRef<gtk::ListView>,
    adjustment: gtk::Adjustment,
    follower: BottomFollower,
    shown: gio::ListStore,
    all: RefCell<Option<(gio::ListStore, glib::SignalHandlerId)>>,
    /// The place in all lines of the first that is shown.
    first: Cell<u32>,
    /// All lines are others than when that was last looked at.
    stale: Cell<bool>,
    ticking: Cell<bool>,
    /// Frames since the end of what is shown changed.
    calm: Cell<u32>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("first", &self.first).finish_non_exhaustive()
    }
}

impl Excerpt {
    /// Gives the list its lines.
    pub(super) fn new(
        list: &gtk::ListView,
        adjustment: &gtk::Adjustment,
        follower: &BottomFollower,
    ) -> Self {
        let state = Rc::new(State {
            list: list.downgrade(),
            adjustment: adjustment.clone(),
            follower: follower.clone(),
            shown: gio::ListStore::new::<TimelineLine>(),
            all: RefCell::default(),
            first: Cell::default(),
            stale: Cell::default(),
            ticking: Cell::default(),
            calm: Cell::new(CALM),
        });
        list.set_model(Some(&gtk::NoSelection::new(Some(state.shown.clone()))));
        list.connect_map(clone!(
            #[weak]
            state,
            move |_| {
                if state.stale.get() {
                    state.catch_up();
                }
            }
        ));
        Self(state)
    }

    /// Shows the end of these lines.
    pub(super) fn set_lines(&self, lines: Option<&gio::ListStore>) {
        let state = &self.0;
        if let Some((before, handler)) = state.all.take() {
            before.disconnect(handler);
        }
        let Some(lines) = lines else {
            return state.shown.remove_all();
        };
        let handler = lines.connect_items_changed(clone!(
            #[weak]
            state,
            move |lines, at, removed, added| {
                let change = Change { at, removed, added };
                state.first.set(change.moves(state.first.get(), lines.n_items()));
                state.stale.set(true);
                let mapped = state.list.upgrade().is_some_and(|list| list.is_mapped());
                if mapped && state.calm.get() >= CALM {
                    // One's own message is there with the very next frame.
                    state.catch_up();
                }
                state.tick();
            }
        ));
        state.all.replace(Some((lines.clone(), handler)));
        state.first.set(lines.n_items().saturating_sub(state.enough()));
        state.bring();
        tracing::debug!(target: "census", "{KINDS:?} {:?}", census());
    }

    /// Has a line among those shown; its place there.
    pub(super) fn reveal(&self, place: u32) -> u32 {
        let state = &self.0;
        let first = place.saturating_sub(state.enough());
        state.first.set(state.first.get().min(first));
        state.bring();
        place.saturating_sub(state.first.get())
    }

    /// Makes more rows above, while those are few; how many lines there are that have none.
    pub(super) fn more(&self) -> u32 {
        self.0.tick();
        self.0.first.get()
    }
}

impl State {
    /// Looks with each frame what is to be done, until that is nothing.
    fn tick(self: &Rc<Self>) {
        let Some(list) = self.list.upgrade().filter(WidgetExt::is_mapped) else {
            return;
        };
        if self.ticking.replace(true) {
            return;
        }
        let state = self.clone();
        list.add_tick_callback(move |_, _| {
            let calm = state.calm.get();
            state.calm.set(calm.saturating_add(1));
            // What was shown with the last frame is brought to its end with this one.
            if state.stale.get() && calm > 0 && !state.follower.is_moving() {
                state.catch_up();
            } else if state.lacks_rows() && (calm >= CALM || !state.follower.follows()) {
                state.first.set(state.first.get().saturating_sub(SLICE));
                state.bring();
            }
            let goes_on = state.stale.get() || state.lacks_rows() || calm < CALM;
            state.ticking.set(goes_on);
            if goes_on { glib::ControlFlow::Continue } else { glib::ControlFlow::Break }
        });
    }

    fn lacks_rows(&self) -> bool {
        let adjustment = &self.adjustment;
        self.first.get() > 0 && adjustment.value() < PAGES_ABOVE * adjustment.page_size()
    }

    /// Shows what came meanwhile.
    fn catch_up(&self) {
        let count = self.all.borrow().as_ref().map_or(0, |(lines, _)| lines.n_items());
        if self.follower.follows() {
            let first = self.first.get();
            self.first.set(cut(first, count, self.shown.n_items(), self.enough()));
        }
        self.calm.set(0);
        self.bring();
    }

    /// Brings the list to what is to be shown.
    fn bring(&self) {
        self.stale.set(false);
        let all = self.all.borrow().as_ref().map(|(lines, _)| lines.clone());
        let Some(all) = all else { return };
        let wanted: Vec<_> =
            (self.first.get()..all.n_items()).filter_map(|at| all.item(at)).collect();
        let shown: Vec<_> =
            (0..self.shown.n_items()).filter_map(|at| self.shown.item(at)).collect();
        for Step { at, removed, new } in steps(&shown, &wanted) {
            self.shown.splice(at as u32, removed as u32, new);
        }
    }

    /// So many rows fill the list.
    fn enough(&self) -> u32 {
        let (rows, page) = (self.shown.n_items(), self.adjustment.page_size());
        let known = self.adjustment.upper() / f64::from(rows.max(1));
        let row = if rows < FEW || page == 0.0 { LOW_ROW } else { known.max(1.0) };
        let height = if page == 0.0 { USUAL_HEIGHT } else { page };
        // No screen is so high that this were not a small number.
        (height / row).ceil() as u32 + SPARE
    }
}

/// A change of all lines.
struct Change {
    at: u32,
    removed: u32,
    added: u32,
}

impl Change {
    /// Where what is shown begins after it; `count`: of all lines then.
    fn moves(&self, first: u32, count: u32) -> u32 {
        let Self { at, removed, added } = *self;
        let (old_end, new_end) = (at + removed, at + added);
        let stays = new_end < count;
        if stays && old_end <= first {
            // What came before it has no rows yet.
            first - removed + added
        } else if stays && at < first {
            new_end
        } else if stays && at <= first + HEADING && added > removed + SLICE {
            // A page of older ones, under the day that stands over both.
            new_end
        } else {
            first.min(at)
        }
    }
}

/// Where what is shown begins, at the end of a room, once there are `count` lines, of which `shown`
/// had rows.
fn cut(first: u32, count: u32, shown: u32, enough: u32) -> u32 {
    let wanted = count.saturating_sub(first);
    let is_flood = wanted > shown.saturating_add(enough);
    if is_flood || wanted > TOO_MANY * enough { count.saturating_sub(enough) } else { first }
}

/// A replacement in what is shown.
#[derive(Debug, PartialEq)]
struct Step<'a, T> {
    at: usize,
    removed: usize,
    new: &'a [T],
}

/// What turns `old` into `new`, where lines are gone from the front or came there, and others changed.
fn steps<'a, T: PartialEq>(old: &[T], new: &'a [T]) -> impl Iterator<Item = Step<'a, T>> {
    let place = |of: Option<&T>, among: &[T]| among.iter().position(|one| Some(one) == of);
    let gone = place(new.first(), old).unwrap_or(0);
    let came = place(old.first(), new).filter(|_| gone == 0).unwrap_or(0);
    let front = Step { at: 0, removed: gone, new: &new[..came] };
    let (old, new) = (&old[gone..], &new[came..]);
    let at = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (before, after) = (&old[at..], &new[at..]);
    let same = |(a, b): &(&T, &T)| a == b;
    let end = before.iter().rev().zip(after.iter().rev()).take_while(same).count();
    let rest =
        Step { at: at + came, removed: before.len() - end, new: &after[..after.len() - end] };
    [front, rest].into_iter().filter(|step| step.removed + step.new.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(first: u32, count: u32, (at, removed, added): (u32, u32, u32)) -> u32 {
        Change { at, removed, added }.moves(first, count)
    }

    #[test]
    fn what_is_shown_stays_the_same_lines_whatever_happens_before_them() {
        assert_eq!(moved(50, 200, (0, 0, 100)), 150, "a page of older ones");
        assert_eq!(moved(0, 110, (1, 0, 100)), 101, "under the day over both");
        assert_eq!(moved(0, 110, (0, 0, 100)), 100);
        assert_eq!(moved(150, 100, (1, 101, 1)), 50, "old ones are dropped");
        assert_eq!(moved(50, 100, (1, 101, 1)), 2, "and some of those shown");
    }

    #[test]
    fn what_happens_among_them_or_after_moves_nothing() {
        assert_eq!(moved(50, 101, (100, 0, 1)), 50);
        assert_eq!(moved(50, 100, (50, 1, 1)), 50, "a tick turns in the first row");
        assert_eq!(moved(0, 3, (1, 1, 1)), 0);
        assert_eq!(moved(0, 101, (0, 0, 101)), 0, "all that there is comes at once");
        assert_eq!(moved(50, 10, (0, 100, 10)), 0, "the room begins anew");
        assert_eq!(moved(50, 40, (40, 60, 0)), 40);
    }

    #[test]
    fn few_are_appended_and_of_a_flood_only_the_newest_are_shown() {
        assert_eq!(cut(10, 36, 25, 20), 10);
        assert_eq!(cut(10, 71, 60, 20), 51, "too many by and by");
        assert_eq!(cut(10, 66, 25, 20), 46, "more at once than fill the list");
        assert_eq!(cut(0, 5, 0, 20), 0);
    }

    #[test]
    fn every_list_is_reached_and_what_stays_is_not_touched() {
        let apply = |old: &[u32], new: &[u32]| {
            let (mut list, mut touched) = (old.to_vec(), 0);
            for step in steps(old, new) {
                touched += step.removed + step.new.len();
                list.splice(step.at..step.at + step.removed, step.new.iter().copied());
            }
            assert_eq!(list, new, "from {old:?}");
            touched
        };
        assert_eq!(apply(&[1, 2, 3], &[1, 2, 3]), 0);
        assert_eq!(apply(&[1, 2, 3], &[1, 2, 3, 4]), 1);
        assert_eq!(apply(&[1, 2, 3], &[2, 3, 4]), 2);
        assert_eq!(apply(&[1, 2, 3], &[8, 9, 1, 2, 3]), 2);
        assert_eq!(apply(&[1, 2, 3], &[8, 9, 1, 7, 3]), 4);
        assert_eq!(apply(&[1, 2, 3], &[4, 5]), 5);
        assert_eq!(apply(&[1, 2, 3], &[]), 3);
        assert_eq!(apply(&[], &[1]), 1);
        // Each front is in the other list.
        assert_eq!(apply(&[1, 2], &[2, 1]), 2);
    }
}
