//! From room to room, and between the panes.

use adw::prelude::*;
use gtk::{glib, subclass::prelude::*};

use super::AccountPage;

impl AccountPage {
    /// The list of rooms is alone in sight, as in a narrow window.
    pub(in crate::ui) fn shows_list_alone(&self) -> bool {
        let imp = self.imp();
        let list = imp.sidebar.upcast_ref::<gtk::Widget>();
        imp.leaflet.is_folded() && imp.leaflet.visible_child().as_ref() == Some(list)
    }

    /// Where not all fits beside each other, the list of rooms is what shows.
    pub(in crate::ui) fn show_list(&self) {
        let imp = self.imp();
        imp.list_first.set(!self.is_main());
        imp.leaflet.set_visible_child(&*imp.sidebar);
    }

    /// Where there is a way back.
    pub(in crate::ui) fn go_back(&self) {
        let imp = self.imp();
        if imp.leaflet.navigate(adw::NavigationDirection::Back) {
            imp.sidebar.focus_list();
        }
    }

    /// Goes `by` rooms further down.
    pub(in crate::ui) fn step(&self, by: isize) {
        self.imp().sidebar.step(by);
    }

    /// Goes to the next room with something unread.
    pub(in crate::ui) fn step_to_news(&self, down: bool) {
        self.imp().sidebar.step_to_news(down);
    }

    /// Looks for these words in the room in sight.
    pub(in crate::ui) fn find_words(&self, words: &glib::Variant) {
        let imp = self.imp();
        imp.leaflet.set_visible_child(&*imp.flap);
        drop(WidgetExt::activate_action(&*imp.chat, "chat.find-words", Some(words)));
    }
}
