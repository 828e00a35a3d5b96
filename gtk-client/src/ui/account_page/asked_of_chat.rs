//! What the window asks of the conversation in sight.

use adw::prelude::*;
use gtk::subclass::prelude::*;

use super::AccountPage;

impl AccountPage {
    /// What there is to the room in sight.
    pub(in crate::ui) fn show_room_details(&self) {
        // Nothing hangs on the result: where no room is in sight, there are no details.
        drop(WidgetExt::activate_action(&*self.imp().chat, "chat.details", None));
    }

    /// Lets people into the room in sight.
    pub(in crate::ui) fn add_people(&self) {
        // Nothing hangs on the result: where one may not, nobody is let in.
        drop(WidgetExt::activate_action(&*self.imp().chat, "chat.add-people", None));
    }

    /// Looks for words in the room in sight.
    pub(in crate::ui) fn find(&self) {
        // Nothing hangs on the result: where no room is in sight, nothing is found.
        drop(WidgetExt::activate_action(&*self.imp().chat, "chat.find", None));
    }
}
