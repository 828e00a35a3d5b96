//! Several messages chosen and copied together.

use std::rc::Rc;

use gtk::{gdk, glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::proto::MessageId;

use super::{ChatPage, imp};
use crate::{
    i18n::{tr, trn},
    model::{Chosen, clock, copied, day_of, is_text},
    ui::{
        row_finder::{cell_at, cells, focused_cell},
        timeline_cell::TimelineCell,
    },
};

impl ChatPage {
    /// Chooses a message, or no longer; with the first one choosing begins.
    pub(super) fn choose(&self, id: MessageId) {
        self.change_chosen(|page, chosen| {
            if page.room().is_some_and(|room| room.item(id).is_some()) {
                chosen.toggle(id);
            }
        });
    }

    /// Chooses all from the one chosen last to this one.
    fn choose_up_to(&self, id: MessageId) {
        self.change_chosen(|page, chosen| {
            if let Some(room) = page.room() {
                room.with_timeline(|timeline| chosen.extend(id, timeline.items()));
            }
        });
    }

    /// Chooses every message that is loaded.
    fn choose_all(&self) {
        self.change_chosen(|page, chosen| {
            if let Some(room) = page.room() {
                room.with_timeline(|timeline| chosen.all(timeline.items()));
            }
        });
    }

    /// Nothing is chosen any more. `false`: nothing was being chosen.
    pub(super) fn end_choosing(&self) -> bool {
        let was = self.imp().chosen.take().is_some();
        if was {
            self.imp().show_chosen();
        }
        was
    }

    /// The chosen messages go to the clipboard, and choosing ends.
    pub(super) fn copy_chosen(&self) {
        let (Some(room), Some(chosen)) = (self.room(), self.imp().chosen.take()) else {
            return;
        };
        let items: Vec<Rc<_>> = room.with_timeline(|timeline| {
            let is_chosen = |id: Option<MessageId>| id.is_some_and(|id| chosen.has(id));
            timeline.items().filter(|item| is_chosen(item.message_id)).cloned().collect()
        });
        self.imp().show_chosen();
        if !items.is_empty() {
            self.clipboard().set_text(&copied(&items, clock, day_of));
            self.toast(&trn(
                "One message was copied.",
                "{n} messages were copied.",
                items.len() as u64,
            ));
        }
        self.imp().composer.grab_focus();
    }

    fn change_chosen(&self, change: impl FnOnce(&Self, &mut Chosen)) {
        let imp = self.imp();
        let mut chosen = imp.chosen.take().unwrap_or_default();
        change(self, &mut chosen);
        imp.chosen.replace(Some(chosen));
        imp.show_chosen();
    }
}

impl imp::ChatPage {
    /// Escape takes back what was begun: choosing first, then an answer.
    pub(super) fn follow_escape(&self) {
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, _| {
                let is_escape = key == gdk::Key::Escape;
                let page = imp.obj();
                if is_escape && (page.end_choosing() || page.end_finding() || page.drop_answer()) {
                    glib::Propagation::Stop
                } else {
                    glib::Propagation::Proceed
                }
            }
        ));
        self.obj().add_controller(keys);
    }

    /// A click on a message: while some are chosen each does; otherwise with Control. `true`: it was
    /// one.
    pub(super) fn choosing_click(&self, x: f64, y: f64, state: gdk::ModifierType) -> bool {
        let choosing = self.chosen.borrow().is_some();
        if !choosing && !state.contains(gdk::ModifierType::CONTROL_MASK) {
            return false;
        }
        let Some(cell) = cell_at(&self.list, x, y) else {
            return false;
        };
        let Some(id) = id_of(&cell) else { return false };
        if let Some(row) = cell.parent() {
            row.grab_focus();
        }
        if state.contains(gdk::ModifierType::SHIFT_MASK) {
            self.obj().choose_up_to(id);
        } else {
            self.obj().choose(id);
        }
        true
    }

    /// Keys on the messages. `true`: it was one.
    pub(super) fn choosing_key(&self, key: gdk::Key, state: gdk::ModifierType) -> bool {
        let page = self.obj();
        let control = state.contains(gdk::ModifierType::CONTROL_MASK);
        let choosing = self.chosen.borrow().is_some();
        match key {
            gdk::Key::space if choosing => {
                let Some(id) = focused_cell(&self.list).and_then(|cell| id_of(&cell)) else {
                    return false;
                };
                if state.contains(gdk::ModifierType::SHIFT_MASK) {
                    page.choose_up_to(id);
                } else {
                    page.choose(id);
                }
            }
            gdk::Key::a if control && choosing => page.choose_all(),
            gdk::Key::c if control && choosing => page.copy_chosen(),
            _ => return false,
        }
        true
    }

    /// A row shows another line, or another choice.
    pub(super) fn show_choice(&self, cell: &TimelineCell) {
        let choice = self.chosen.borrow();
        let id = id_of(cell);
        cell.set_choice(choice.as_ref().zip(id).map(|(chosen, id)| chosen.has(id)));
    }

    /// Messages came or went.
    pub(super) fn keep_chosen(&self) {
        let Some(room) = self.obj().room() else { return };
        let before = self.chosen.borrow().as_ref().map(Chosen::len);
        if let Some(chosen) = &mut *self.chosen.borrow_mut() {
            chosen.keep(|id| room.item(id).is_some());
        }
        if self.chosen.borrow().as_ref().map(Chosen::len) != before {
            self.show_chosen();
        }
    }

    fn show_chosen(&self) {
        let count = self.chosen.borrow().as_ref().map(Chosen::len);
        self.choosing.set_visible(count.is_some());
        self.copy_chosen.set_sensitive(count.is_some_and(|count| count > 0));
        self.choosing_text.set_label(&match count {
            None | Some(0) => tr("Click the messages to select").to_owned(),
            Some(count) => trn("One message selected", "{n} messages selected", count as u64),
        });
        for cell in cells(&self.list) {
            self.show_choice(&cell);
        }
    }
}

/// The message of a row, if it is one that can be chosen.
fn id_of(cell: &TimelineCell) -> Option<MessageId> {
    let line = cell.line()?;
    line.message().filter(|item| is_text(item))?.message_id
}
