//! The menu of a message: by the secondary button, by a long press, by the menu key.

use gtk::{gdk, gio, glib, glib::clone, graphene, prelude::*, subclass::prelude::*};
use tertulia_client::{Content, proto::MessageId};

use super::{ChatPage, imp};
use crate::{
    i18n::{fill, tr},
    model::{Deed, deeds, file_deeds},
    ui::{
        message_links::place_of,
        message_row::MessageRow,
        row_finder::{cell_at, focused_cell, last_in_sight},
        timeline_cell::TimelineCell,
    },
};

impl imp::ChatPage {
    pub(super) fn follow_menu(&self) {
        // No gesture: the texts' own, which mark and have a menu, take the click for themselves.
        let click = gtk::EventControllerLegacy::new();
        click.set_propagation_phase(gtk::PropagationPhase::Capture);
        click.connect_event(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, event| {
                let taken = imp.clicked(event).is_some_and(|taken| taken);
                if taken { glib::Propagation::Stop } else { glib::Propagation::Proceed }
            }
        ));
        self.list.add_controller(click);
        let press = gtk::GestureLongPress::new();
        press.set_touch_only(true);
        press.set_propagation_phase(gtk::PropagationPhase::Capture);
        press.connect_pressed(clone!(
            #[weak(rename_to = imp)]
            self,
            move |press, x, y| {
                if imp.open_menu_at(x, y) {
                    press.set_state(gtk::EventSequenceState::Claimed);
                }
            }
        ));
        self.list.add_controller(press);
        let keys = gtk::EventControllerKey::new();
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        keys.connect_key_pressed(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |keys, key, _, state| {
                let taken = imp.choosing_key(key, state)
                    || imp.message_key(key, state)
                    || imp.write_key(keys, key, state);
                if taken { glib::Propagation::Stop } else { glib::Propagation::Proceed }
            }
        ));
        self.list.add_controller(keys);
    }

    pub(super) fn drop_menu(&self) {
        if let Some(menu) = self.message_menu.take() {
            menu.unparent();
        }
    }

    fn clicked(&self, event: &gdk::Event) -> Option<bool> {
        let button = event.downcast_ref::<gdk::ButtonEvent>()?.button();
        let (x, y) = place_of(event, &*self.list)?;
        Some(match (event.event_type(), button) {
            (gdk::EventType::ButtonPress, gdk::BUTTON_PRIMARY) => {
                self.choosing_click(x, y, event.modifier_state())
            }
            (gdk::EventType::ButtonPress, gdk::BUTTON_SECONDARY) => {
                cell_at(&self.list, x, y).is_some_and(|cell| self.has_menu(&cell))
            }
            // Not before: the menu would get this, and the list wait for it until the next click.
            (gdk::EventType::ButtonRelease, gdk::BUTTON_SECONDARY) => self.open_menu_at(x, y),
            _ => false,
        })
    }

    /// Keys on a message. `true`: it was one.
    fn message_key(&self, key: gdk::Key, state: gdk::ModifierType) -> bool {
        let shift = state.contains(gdk::ModifierType::SHIFT_MASK);
        let control = state.contains(gdk::ModifierType::CONTROL_MASK);
        let Some(cell) = focused_cell(&self.list) else {
            return false;
        };
        // Within a row Enter and Control+C are the text's or the button's.
        let is_row = cell.parent().is_some_and(|row| row.has_focus());
        match key {
            gdk::Key::Menu => self.open_menu(&cell, None),
            gdk::Key::F10 if shift => self.open_menu(&cell, None),
            gdk::Key::Return | gdk::Key::KP_Enter if is_row => self.open_menu(&cell, None),
            gdk::Key::c if control && is_row => {
                let id = cell.line().and_then(|line| line.message_id());
                id.inspect(|id| self.obj().copy_text(*id)).is_some()
            }
            _ => false,
        }
    }

    /// Who types on a message wants to write. `true`: it was a letter.
    fn write_key(
        &self,
        keys: &gtk::EventControllerKey,
        key: gdk::Key,
        state: gdk::ModifierType,
    ) -> bool {
        let with = gdk::ModifierType::CONTROL_MASK | gdk::ModifierType::ALT_MASK;
        let is_letter = key.to_unicode().is_some_and(|c| !c.is_control() && !c.is_whitespace());
        is_letter && !state.intersects(with) && self.composer.write_on(keys)
    }

    fn open_menu_at(&self, x: f64, y: f64) -> bool {
        cell_at(&self.list, x, y).is_some_and(|cell| self.open_menu(&cell, Some((x, y))))
    }

    pub(super) fn has_menu(&self, cell: &TimelineCell) -> bool {
        let line = cell.line();
        let item = line.as_ref().and_then(|line| line.message());
        item.is_some_and(|item| {
            item.message_id.is_some() && !deeds(item, false, self.composer.is_visible()).is_empty()
        })
    }

    /// `false`: there is nothing to offer.
    pub(in crate::ui) fn open_menu(&self, cell: &TimelineCell, at: Option<(f64, f64)>) -> bool {
        let Some(line) = cell.line() else { return false };
        let Some(item) = line.message() else { return false };
        let marked = cell.first_child().and_downcast::<MessageRow>().and_then(|row| row.marked());
        let mut deeds = deeds(item, marked.is_some(), self.composer.is_visible());
        let of_file = file_deeds(item, line.is_file_here());
        if !of_file.is_empty() {
            deeds.insert(1.min(deeds.len()), of_file);
        }
        let page = self.obj();
        let (Some(id), false) = (item.message_id, deeds.is_empty()) else {
            return false;
        };
        let place = match at {
            Some((x, y)) => {
                self.list.compute_point(&*page, &graphene::Point::new(x as f32, y as f32))
            }
            // Under the beginning of what is in sight of the row.
            None => cell.compute_bounds(&*page).map(|bounds| {
                let list = self.scroll.compute_bounds(&*page).unwrap_or(bounds);
                let bottom = (bounds.y() + bounds.height()).min(list.y() + list.height());
                let start = cell.direction() != gtk::TextDirection::Rtl;
                let x = if start { bounds.x() + 48.0 } else { bounds.x() + bounds.width() - 48.0 };
                graphene::Point::new(x, bottom.max(list.y()) - 4.0)
            }),
        };
        let Some(place) = place else { return false };
        self.marked.replace(marked);
        let menu = self.menu();
        menu.set_menu_model(Some(&model(&deeds, id)));
        menu.set_pointing_to(Some(&gdk::Rectangle::new(place.x() as i32, place.y() as i32, 1, 1)));
        self.menu_row.set(cell.parent().as_ref());
        menu.popup();
        true
    }

    /// Made when first needed.
    fn menu(&self) -> gtk::PopoverMenu {
        let page = self.obj();
        if let Some(menu) = &*self.message_menu.borrow() {
            return menu.clone();
        }
        let menu = gtk::PopoverMenu::from_model(gio::MenuModel::NONE);
        menu.set_has_arrow(false);
        menu.set_halign(gtk::Align::Start);
        menu.set_parent(&*page);
        menu.connect_closed(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_| {
                // Back to the message, unless what was chosen leads elsewhere.
                if let Some(row) = imp.menu_row.upgrade().filter(WidgetExt::is_mapped) {
                    row.grab_focus();
                }
            }
        ));
        self.message_menu.replace(Some(menu.clone()));
        menu
    }
}

impl ChatPage {
    /// From where one writes to the newest message in sight, and back.
    pub(super) fn go_to_other_half(&self) {
        let imp = self.imp();
        let there = focused_cell(&imp.list).is_some();
        let row = last_in_sight(&imp.list).and_then(|cell| cell.parent());
        match row {
            Some(row) if !there => row.grab_focus(),
            _ => imp.composer.grab_focus(),
        };
    }

    /// A message's text goes to the clipboard.
    pub(super) fn copy_text(&self, id: MessageId) {
        let item = self.room().and_then(|room| room.item(id));
        if let Some(Content::Text(text)) = item.as_ref().map(|item| &item.content) {
            self.clipboard().set_text(text.as_str());
            self.toast(tr("The message was copied."));
        }
    }

    /// What was marked of a message goes to the clipboard.
    pub(super) fn copy_marked(&self) {
        if let Some(text) = &*self.imp().marked.borrow() {
            self.clipboard().set_text(text);
        }
    }

    /// An address goes to the clipboard.
    pub(super) fn copy_link(&self, address: &str) {
        self.clipboard().set_text(address);
        self.toast(tr("The link was copied."));
    }
}

fn model(groups: &[Vec<Deed>], id: MessageId) -> gio::Menu {
    let menu = gio::Menu::new();
    let target = id.to_string().to_variant();
    for group in groups {
        let section = gio::Menu::new();
        for deed in group {
            let (label, action, target) = entry(deed, &target);
            let item = gio::MenuItem::new(Some(&label), None);
            item.set_action_and_target_value(Some(action), target.as_ref());
            section.append_item(&item);
        }
        menu.append_section(None, &section);
    }
    menu
}

fn entry(deed: &Deed, id: &glib::Variant) -> (String, &'static str, Option<glib::Variant>) {
    let plain = |label: &str, action| (label.to_owned(), action, Some(id.clone()));
    // An underscore would mark a letter to press.
    let of_host = |label, host: &str| fill(label, &[("host", &host.replace('_', "__"))]);
    match deed {
        Deed::Answer => plain(tr("Reply"), "chat.answer"),
        Deed::CopyText => plain(tr("Copy Message"), "chat.copy-text"),
        Deed::CopyMarked => (tr("Copy Selection").to_owned(), "chat.copy-marked", None),
        Deed::Choose => plain(tr("Select Messages"), "chat.choose"),
        Deed::SaveFileAs => plain(tr("Save As…"), "chat.save-file-as"),
        Deed::ShowFile => plain(tr("Show in Folder"), "chat.show-file"),
        Deed::Retry => plain(tr("Try Again"), "chat.retry"),
        Deed::Cancel => plain(tr("Cancel Sending"), "chat.discard"),
        Deed::Discard => plain(tr("Discard"), "chat.discard"),
        Deed::OpenLink { address, host } => {
            (of_host(tr("Open {host}"), host), "chat.open-link", Some(address.to_variant()))
        }
        Deed::CopyLink { address, host } => {
            let label = of_host(tr("Copy Link to {host}"), host);
            (label, "chat.copy-link", Some(address.to_variant()))
        }
    }
}
