//! Completing a word in the composer: a small list over the cursor. The composer keeps the focus.

use std::cell::{Cell, RefCell};

use gtk::{gdk, glib, glib::clone, pango, prelude::*, subclass::prelude::*};

use super::imp;
use crate::model::{Named, Suggestion, asked, finished_emoji, suggestions};

/// Tells whom one may name.
type People = Box<dyn Fn() -> Vec<Named>>;

/// The list, and what it may name.
#[derive(Default)]
pub(super) struct Completing {
    popover: RefCell<Option<(gtk::Popover, gtk::ListBox)>>,
    people: RefCell<Option<People>>,
    shown: RefCell<Vec<Suggestion>>,
    /// Characters that a suggestion replaces.
    length: Cell<usize>,
    /// A suggestion is being put in.
    inserting: Cell<bool>,
}

impl std::fmt::Debug for Completing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completing").finish_non_exhaustive()
    }
}

impl imp::Composer {
    /// Whom `@` may name.
    pub(super) fn set_people(&self, people: impl Fn() -> Vec<Named> + 'static) {
        self.completing.people.replace(Some(Box::new(people)));
    }

    /// The person changed the text: shows what the word at the cursor may become.
    pub(super) fn complete(&self) {
        let completing = &self.completing;
        if completing.inserting.get() {
            return;
        }
        let before = self.line_before();
        if let Some((length, emoji)) = finished_emoji(&before) {
            self.hide_suggestions();
            // The text is still being changed by what told us.
            glib::idle_add_local_once(clone!(
                #[weak(rename_to = imp)]
                self,
                move || {
                    if imp.line_before() == before {
                        imp.put(length, emoji);
                    }
                }
            ));
            return;
        }
        let asked = asked(&before);
        let found = asked.as_ref().map(|asked| {
            completing.length.set(asked.length);
            let people = completing.people.borrow();
            suggestions(asked, &people.as_ref().map(|people| people()).unwrap_or_default())
        });
        match found {
            Some(found) if !found.is_empty() => self.show(found),
            _ => self.hide_suggestions(),
        }
    }

    /// Whether the key is the list's.
    pub(super) fn completing_key(&self, key: gdk::Key) -> bool {
        let Some(list) = self.visible_list() else {
            return false;
        };
        match key {
            gdk::Key::Down | gdk::Key::KP_Down => step(&list, 1),
            gdk::Key::Up | gdk::Key::KP_Up => step(&list, -1),
            gdk::Key::Escape => self.hide_suggestions(),
            gdk::Key::Tab | gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter => {
                if let Some(row) = list.selected_row() {
                    self.take(&row);
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn hide_suggestions(&self) {
        if let Some((popover, _)) = &*self.completing.popover.borrow() {
            popover.popdown();
        }
    }

    pub(super) fn drop_suggestions(&self) {
        if let Some((popover, _)) = self.completing.popover.take() {
            popover.unparent();
        }
    }

    fn show(&self, found: Vec<Suggestion>) {
        let (popover, list) = self.list();
        while let Some(row) = list.row_at_index(0) {
            list.remove(&row);
        }
        for suggestion in &found {
            list.append(&row_of(suggestion));
        }
        list.select_row(list.row_at_index(0).as_ref());
        self.completing.shown.replace(found);
        let (cursor, _) = self.text.cursor_locations(None);
        let (x, y) =
            self.text.buffer_to_window_coords(gtk::TextWindowType::Widget, cursor.x(), cursor.y());
        let place = self.text.translate_coordinates(&*self.obj(), f64::from(x), f64::from(y));
        if let Some((x, y)) = place {
            let place = gdk::Rectangle::new(x as i32, y as i32, 1, cursor.height());
            popover.set_pointing_to(Some(&place));
        }
        popover.popup();
    }

    /// Made when first needed.
    fn list(&self) -> (gtk::Popover, gtk::ListBox) {
        if let Some(made) = &*self.completing.popover.borrow() {
            return made.clone();
        }
        let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::Browse).build();
        list.add_css_class("suggestions");
        list.set_can_focus(false);
        let popover = gtk::Popover::builder()
            .autohide(false)
            .has_arrow(false)
            .can_focus(false)
            .position(gtk::PositionType::Top)
            .halign(gtk::Align::Start)
            .child(&list)
            .build();
        popover.set_parent(&*self.obj());
        list.connect_row_activated(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_, row| imp.take(row)
        ));
        self.completing.popover.replace(Some((popover.clone(), list.clone())));
        (popover, list)
    }

    fn visible_list(&self) -> Option<gtk::ListBox> {
        let made = self.completing.popover.borrow();
        let (popover, list) = made.as_ref()?;
        popover.is_visible().then(|| list.clone())
    }

    fn take(&self, row: &gtk::ListBoxRow) {
        let at = usize::try_from(row.index()).ok();
        let chosen = at.and_then(|at| self.completing.shown.borrow().get(at).cloned());
        self.hide_suggestions();
        if let Some(chosen) = chosen {
            self.put(self.completing.length.get(), &chosen.insert);
        }
        self.text.grab_focus();
    }

    /// Puts a text in the place of the `length` characters before the cursor; one step to undo.
    fn put(&self, length: usize, text: &str) {
        let buffer = self.text.buffer();
        let mut end = buffer.iter_at_mark(&buffer.get_insert());
        let mut start = end;
        // A word is at most some forty characters long.
        if !start.backward_chars(length as i32) && start.offset() != 0 {
            return;
        }
        self.completing.inserting.set(true);
        buffer.begin_user_action();
        buffer.delete(&mut start, &mut end);
        buffer.insert(&mut start, text);
        buffer.end_user_action();
        self.completing.inserting.set(false);
    }

    /// The line up to the cursor.
    fn line_before(&self) -> String {
        let buffer = self.text.buffer();
        let cursor = buffer.iter_at_mark(&buffer.get_insert());
        let mut start = cursor;
        start.set_line_offset(0);
        buffer.text(&start, &cursor, true).into()
    }
}

fn step(list: &gtk::ListBox, by: i32) {
    let count = list.observe_children().n_items() as i32;
    let chosen = list.selected_row().map_or(0, |row| row.index());
    // Round and round: it is short.
    let row = list.row_at_index((chosen + by).rem_euclid(count.max(1)));
    list.select_row(row.as_ref());
}

fn row_of(suggestion: &Suggestion) -> gtk::ListBoxRow {
    let label = |text: &str| {
        let ellipsize = pango::EllipsizeMode::End;
        gtk::Label::builder()
            .label(text)
            .xalign(0.0)
            .ellipsize(ellipsize)
            .max_width_chars(24)
            .build()
    };
    let line = gtk::Box::builder().spacing(8).build();
    line.append(&label(&suggestion.title));
    let detail = label(&suggestion.detail);
    detail.add_css_class("faint");
    line.append(&detail);
    gtk::ListBoxRow::builder().child(&line).can_focus(false).build()
}
