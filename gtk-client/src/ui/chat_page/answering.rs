//! Answering a message: which one, and the way back to what was answered.

use std::rc::Rc;

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Content, Item,
    proto::{MessageId, Seq},
};

use super::ChatPage;
use crate::i18n::tr;

/// Pages loaded on the way to a message; a further one is said to be too far.
const PAGES: usize = 200;

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

    /// Goes to the message of that number, loading what is between it and what is there.
    pub(super) fn show_message(&self, seq: Seq) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let in_sight = || page.room().as_ref() == Some(&room);
                let mut pages = 0..PAGES;
                while room.place_of(seq).is_none() && in_sight() {
                    if pages.next().is_none() || !session.load_next_page(&room).await {
                        return page.toast(tr("That message can’t be shown now."));
                    }
                }
                if let (Some(place), true) = (room.place_of(seq), in_sight()) {
                    page.show_line(place, true);
                }
            }
        ));
    }

    fn can_be_answered(&self, item: &Item) -> bool {
        let may_post = self.imp().composer.is_visible();
        may_post && item.seq.is_some() && matches!(item.content, Content::Text(_))
    }
}
