//! A timeline of which a piece further back is loaded, and not what is between that and the newest.

use gtk::subclass::prelude::*;
use tertulia_client::{Item, proto::Seq};

use super::Room;

impl Room {
    /// Whether the newest items are not loaded, though others are.
    pub(crate) fn is_detached(&self) -> bool {
        self.imp().detached.get()
    }

    /// Shows this piece in place of what is loaded. `generation`: of when it was asked for. `false`:
    /// the timeline began anew meanwhile, or there is nothing.
    pub(crate) fn leap(&self, generation: u64, items: Vec<Item>) -> bool {
        let imp = self.imp();
        if imp.generation.get() != generation || items.is_empty() {
            return false;
        }
        let newest = items.iter().filter_map(|item| item.seq).max();
        let oldest = items.iter().filter_map(|item| item.seq).min();
        let detached = newest < self.newest_seq();
        self.forget();
        imp.detached.set(detached);
        imp.complete.set(oldest.is_none_or(|seq| seq <= Seq(1)));
        self.change(|timeline| timeline.upsert(items));
        true
    }

    /// Of which generation of the timeline a piece is about to be asked for.
    pub(crate) fn generation(&self) -> u64 {
        self.imp().generation.get()
    }

    /// Claims the next page of newer items: after which one, and what [`Self::end_load_newer`] takes.
    /// `None`: one is under way, or the newest are loaded.
    pub(crate) fn begin_load_newer(&self) -> Option<(Seq, u64)> {
        let imp = self.imp();
        let newest = imp.timeline.borrow().span().map(|(_, newest)| newest)?;
        if !imp.detached.get() || imp.loading.replace(true) {
            return None;
        }
        Some((newest, imp.generation.get()))
    }

    /// Takes the page in; `None`: it could not be had.
    pub(crate) fn end_load_newer(&self, generation: u64, page: Option<Vec<Item>>) {
        let imp = self.imp();
        if imp.generation.get() != generation {
            return;
        }
        imp.loading.set(false);
        let Some(items) = page else { return };
        let newest = items.iter().filter_map(|item| item.seq).max();
        // From now on what comes is next to it again.
        imp.detached.set(newest < self.newest_seq());
        self.change(|timeline| timeline.upsert(items));
    }
}
