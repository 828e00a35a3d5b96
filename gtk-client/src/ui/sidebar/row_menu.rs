//! The menu of a room in the list: by the secondary button, by a long press, by the menu key.

use gtk::{gdk, glib, glib::clone, prelude::*, subclass::prelude::*};

use super::imp;
use crate::ui::room_row::RoomRow;

impl imp::Sidebar {
    pub(super) fn follow_row_menu(&self) {
        let click = gtk::GestureClick::builder()
            .button(gdk::BUTTON_SECONDARY)
            .propagation_phase(gtk::PropagationPhase::Capture)
            .build();
        // Not before the release: the menu would get that.
        click.connect_released(clone!(
            #[weak(rename_to = imp)]
            self,
            move |click, _, x, y| {
                if imp.open_row_menu_at(x, y) {
                    click.set_state(gtk::EventSequenceState::Claimed);
                }
            }
        ));
        self.list.add_controller(click);
        let press = gtk::GestureLongPress::builder()
            .touch_only(true)
            .propagation_phase(gtk::PropagationPhase::Capture)
            .build();
        press.connect_pressed(clone!(
            #[weak(rename_to = imp)]
            self,
            move |press, x, y| {
                if imp.open_row_menu_at(x, y) {
                    press.set_state(gtk::EventSequenceState::Claimed);
                }
            }
        ));
        self.list.add_controller(press);
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, state| {
                let shift = state.contains(gdk::ModifierType::SHIFT_MASK);
                let asked = key == gdk::Key::Menu || (key == gdk::Key::F10 && shift);
                let row = imp.list.focus_child().and_then(|row| row.first_child());
                match row.and_downcast::<RoomRow>().filter(|_| asked) {
                    Some(row) => imp.open_row_menu(&row),
                    None => return glib::Propagation::Proceed,
                }
                glib::Propagation::Stop
            }
        ));
        self.list.add_controller(keys);
    }

    pub(super) fn drop_row_menu(&self) {
        if let Some(menu) = self.row_menu.take() {
            menu.unparent();
        }
    }

    fn open_row_menu_at(&self, x: f64, y: f64) -> bool {
        let picked = self.list.pick(x, y, gtk::PickFlags::DEFAULT);
        let row = picked.and_then(|picked| match picked.first_child().and_downcast::<RoomRow>() {
            // The list's own widget around it.
            Some(row) => Some(row),
            None => picked.ancestor(RoomRow::static_type()).and_downcast(),
        });
        row.iter().for_each(|row| self.open_row_menu(row));
        row.is_some()
    }

    pub(in crate::ui) fn open_row_menu(&self, row: &RoomRow) {
        let Some(bounds) = row.compute_bounds(&*self.obj()) else { return };
        if let Some(levels) = self.levels.get() {
            levels.set_room(row.room().as_ref());
        }
        self.menu_row.set(row.parent().as_ref());
        let menu = self.menu();
        let middle = (bounds.x() + bounds.width() / 2.0, bounds.y() + bounds.height() - 8.0);
        menu.set_pointing_to(Some(&gdk::Rectangle::new(middle.0 as i32, middle.1 as i32, 1, 1)));
        menu.popup();
    }

    /// Made when first needed.
    fn menu(&self) -> gtk::PopoverMenu {
        if let Some(menu) = &*self.row_menu.borrow() {
            return menu.clone();
        }
        let menu = gtk::PopoverMenu::from_model(Some(&*self.row_menu_model));
        menu.set_parent(&*self.obj());
        menu.connect_closed(clone!(
            #[weak(rename_to = imp)]
            self,
            move |_| {
                if let Some(row) = imp.menu_row.upgrade().filter(WidgetExt::is_mapped) {
                    row.grab_focus();
                }
            }
        ));
        self.row_menu.replace(Some(menu.clone()));
        menu
    }
}
