//! Keeps a list at its newest row, as long as one is there.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{glib, prelude::*};

use crate::appearance::Looks;

/// So near to the end still counts as being there, in pixels.
const NEAR: f64 = 48.0;
/// Older rows are wanted when less than this many pages are above.
const PAGES_ABOVE: f64 = 2.0;
/// So many frames a list needs until all its rows have the heights of another look.
const LOOK_FRAMES: u32 = 4;

/// Follows the end of a scrolled list.
///
/// GTK 4.8 sets the adjustment several times during a layout, and a value set in between is
/// overwritten by it; one tick callback per frame comes after all of them.
#[derive(Debug, Clone)]
pub(crate) struct BottomFollower(Rc<State>);

struct State {
    adjustment: gtk::Adjustment,
    list: glib::WeakRef<gtk::ListView>,
    follows: Cell<bool>,
    pending: Cell<bool>,
    /// On the way elsewhere: what is in sight says nothing.
    away: Cell<bool>,
    /// For so many frames what scrolls is the layout, not the person.
    held: Cell<u32>,
    /// The end of the list is not where it goes on: it is not kept to.
    open_end: Cell<bool>,
    changed: RefCell<Option<Callback>>,
    near_top: RefCell<Option<Callback>>,
    near_end: RefCell<Option<Callback>>,
}

type Callback = Rc<dyn Fn()>;

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("follows", &self.follows).finish_non_exhaustive()
    }
}

impl BottomFollower {
    /// Follows this list, from its end on.
    pub(crate) fn new(list: &gtk::ListView, adjustment: gtk::Adjustment) -> Self {
        let state = Rc::new(State {
            adjustment: adjustment.clone(),
            list: list.downgrade(),
            follows: Cell::new(true),
            pending: Cell::new(false),
            away: Cell::new(false),
            held: Cell::new(0),
            open_end: Cell::new(false),
            changed: RefCell::default(),
            near_top: RefCell::default(),
            near_end: RefCell::default(),
        });
        // The adjustment outlives no widget of ours, and the state holds the adjustment.
        let weak = Rc::downgrade(&state);
        let grown = move |_: &gtk::Adjustment| {
            if let Some(state) = weak.upgrade() {
                state.keep_up();
                // At its very end nothing can be scrolled that would ask for more.
                state.look_down();
            }
        };
        adjustment.connect_upper_notify(grown.clone());
        adjustment.connect_page_size_notify(grown);
        let weak = Rc::downgrade(&state);
        adjustment.connect_value_changed(move |_| {
            if let Some(state) = weak.upgrade() {
                state.scrolled();
            }
        });
        let weak = Rc::downgrade(&state);
        let list = list.clone();
        Looks::shared().connect_closure(
            "notify::revision",
            false,
            glib::closure_local!(
                #[watch]
                list,
                move |_: Looks, _: glib::ParamSpec| {
                    // Before the layout, which scrolls by itself.
                    if let (Some(state), true) = (weak.upgrade(), list.is_mapped()) {
                        state.hold();
                    }
                }
            ),
        );
        Self(state)
    }

    /// Whether the newest row is in sight and stays so.
    pub(crate) fn follows(&self) -> bool {
        self.0.follows.get()
    }

    /// Whether it goes to the end with the next frame.
    pub(crate) fn is_moving(&self) -> bool {
        self.0.pending.get()
    }

    /// Goes to the newest row and stays there.
    pub(crate) fn go_to_end(&self) {
        self.0.away.set(false);
        self.0.set_follows(true);
        self.0.keep_up();
    }

    /// Somebody scrolls elsewhere: stays out of the way until [`Self::look_again`].
    pub(crate) fn let_go(&self) {
        self.0.away.set(true);
        self.0.set_follows(false);
    }

    /// That is over: follows again where the end is in sight.
    pub(crate) fn look_again(&self) {
        self.0.away.set(false);
        self.0.scrolled();
    }

    /// Calls `changed` when [`Self::follows`] changed.
    pub(crate) fn on_change(&self, changed: impl Fn() + 'static) {
        self.0.changed.replace(Some(Rc::new(changed)));
    }

    /// Whether more comes at the end by and by, as it does at the top: then the end is not kept to.
    pub(crate) fn set_open_end(&self, open: bool) {
        self.0.open_end.set(open);
        if open {
            self.0.set_follows(false);
        }
    }

    /// Calls `near` while little is below what is in sight, and more comes.
    pub(crate) fn on_near_end(&self, near: impl Fn() + 'static) {
        self.0.near_end.replace(Some(Rc::new(near)));
    }

    /// Calls `near` while little is above what is in sight.
    pub(crate) fn on_near_top(&self, near: impl Fn() + 'static) {
        self.0.near_top.replace(Some(Rc::new(near)));
    }
}

impl State {
    fn scrolled(&self) {
        if self.pending.get() || self.away.get() || self.held.get() > 0 {
            return;
        }
        let adjustment = &self.adjustment;
        let end = adjustment.upper() - adjustment.page_size();
        self.set_follows(!self.open_end.get() && adjustment.value() >= end - NEAR);
        self.look_up();
        self.look_down();
    }

    fn look_up(&self) {
        let adjustment = &self.adjustment;
        let near = self.near_top.borrow().clone();
        if let Some(near) = near
            && adjustment.value() < PAGES_ABOVE * adjustment.page_size()
        {
            near();
        }
    }

    fn look_down(&self) {
        let adjustment = &self.adjustment;
        let below = adjustment.upper() - adjustment.page_size() - adjustment.value();
        let near = self.near_end.borrow().clone();
        if let Some(near) = near.filter(|_| self.open_end.get())
            && below < PAGES_ABOVE * adjustment.page_size()
        {
            near();
        }
    }

    fn keep_up(self: &Rc<Self>) {
        let Some(list) = self.list.upgrade() else {
            return;
        };
        if !self.follows.get() || self.pending.replace(true) {
            return;
        }
        let state = self.clone();
        list.add_tick_callback(move |_, _| {
            let adjustment = &state.adjustment;
            // It may have been let go meanwhile.
            if state.follows.get() {
                adjustment.set_value(adjustment.upper() - adjustment.page_size());
            }
            state.pending.set(false);
            state.look_up();
            glib::ControlFlow::Break
        });
    }

    /// All rows get other heights: follows on, or not, as before.
    fn hold(self: &Rc<Self>) {
        let Some(list) = self.list.upgrade() else {
            return;
        };
        if self.held.replace(LOOK_FRAMES) > 0 {
            return;
        }
        let state = self.clone();
        list.add_tick_callback(move |_, _| {
            state.held.set(state.held.get() - 1);
            if state.held.get() > 0 {
                return glib::ControlFlow::Continue;
            }
            state.keep_up();
            glib::ControlFlow::Break
        });
    }

    fn set_follows(&self, follows: bool) {
        if self.follows.replace(follows) != follows {
            let changed = self.changed.borrow().clone();
            if let Some(changed) = changed {
                changed();
            }
        }
    }
}
