//! Answering a message, and which one.

use std::rc::Rc;

use gtk::{prelude::*, subclass::prelude::*};
use tertulia_client::{Content, Item, proto::MessageId};

use super::ChatPage;

impl ChatPage {
    /// What is written next answers this message.
    pub(super) fn answer(&self, id: MessageId) {
        let item = self.room().and_then(|room| room.item(id));
        if let Some(item) = item.filter(|item| self.can_be_answered(item)) {
            self.set_answering(Some(item));
            // The menu does not take the focus back to its message.
            self.imp().menu_row.set(gtk::Widget::NONE);
            self.imp().composer.grab_focus();
        }
    }

    /// What is written next answers nothing. `false`: it did not.
    pub(super) fn drop_answer(&self) -> bool {
        let answered = self.room().is_some_and(|room| room.answering().is_some());
        self.set_answering(None);
        self.imp().composer.grab_focus();
        answered
    }

    /// Answers the message before the one that is answered now, or after it: the newest first.
    pub(super) fn step_answer(&self, back: bool) {
        let Some(room) = self.room() else { return };
        let now = room.answering().and_then(|item| item.seq);
        let next = room.with_timeline(|timeline| {
            let mut items = timeline.items().filter(|item| self.can_be_answered(item));
            match (now, back) {
                (Some(now), true) => items.rfind(|item| item.seq < Some(now)).cloned(),
                (Some(now), false) => items.find(|item| item.seq > Some(now)).cloned(),
                (None, true) => items.next_back().cloned(),
                (None, false) => None,
            }
        });
        match next {
            Some(item) => {
                let place = item.seq.and_then(|seq| room.place_of(seq));
                self.set_answering(Some(item));
                if let Some(place) = place {
                    self.bring_into_sight(place);
                }
            }
            // After the newest one there is none again.
            None if !back => self.set_answering(None),
            None => {}
        }
    }

    /// Takes what is answered, which then is not any more.
    pub(super) fn take_answered(&self) -> Option<Rc<Item>> {
        let answered = self.room().and_then(|room| room.answering());
        self.set_answering(None);
        answered
    }

    /// What is answered in the room in sight.
    pub(super) fn set_answering(&self, item: Option<Rc<Item>>) {
        if let Some(room) = self.room() {
            room.set_answering(item);
        }
        self.show_answering();
    }

    /// Shows what is answered in the room in sight.
    pub(super) fn show_answering(&self) {
        let answering = self.room().and_then(|room| room.answering());
        self.imp().answer_bar.set(answering.as_deref());
    }

    fn can_be_answered(&self, item: &Item) -> bool {
        let may_post = self.imp().composer.is_visible();
        may_post && item.seq.is_some() && matches!(item.content, Content::Text(_))
    }
}
