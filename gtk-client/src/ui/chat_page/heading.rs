//! What is over and under the messages: the room's name and topic, who is writing, and whether one
//! can write.

use gtk::{prelude::*, subclass::prelude::*};
use tertulia_client::proto::{RoomKind, limits::LIST_ENTRIES};

use super::imp;
use crate::{
    i18n::{tr, trn},
    model::{Rights, Room},
};

impl imp::ChatPage {
    pub(super) fn update_title(&self) {
        let room = self.obj().room();
        self.title_button.set_visible(room.is_some());
        if let Some(room) = room {
            self.title.set_title(&room.title());
            self.title.set_subtitle(&self.subtitle(&room));
            self.lock.set_visible(room.kind() == RoomKind::Private);
        }
    }

    /// Where one can't write, why stands in the composer's place.
    pub(super) fn update_rights(&self) {
        let page = self.obj();
        let room = page.room();
        let rights =
            room.as_ref().zip(self.session.get()).and_then(|(room, session)| session.rights(room));
        // Nothing is known before the first welcome: then the server decides alone.
        let may_post = rights.is_none_or(Rights::may_post);
        let archived = room.is_some_and(|room| room.archived());
        page.action_set_enabled("chat.leave", rights.is_some_and(Rights::may_leave));
        page.action_set_enabled("chat.add-people", rights.is_some_and(Rights::may_add));
        page.action_set_enabled("chat.attach", may_post);
        self.composer.set_visible(may_post);
        self.closed.set_visible(!may_post);
        if !may_post {
            page.set_answering(None);
        }
        self.reopen.set_visible(archived && rights.is_some_and(Rights::may_archive));
        self.closed_text.set_label(if archived {
            tr("This room is archived")
        } else {
            tr("Guests read here, and don’t write")
        });
    }

    pub(super) fn update_writers(&self) {
        let writers = self.obj().room().map(|room| room.writers());
        self.writers.set_label(&writers.unwrap_or_default());
    }

    fn subtitle(&self, room: &Room) -> String {
        if let Some(peer) = room.peer() {
            return format!("@{}", peer.handle);
        }
        let topic = room.topic();
        if !topic.is_empty() {
            return topic;
        }
        // The server's count is as of when the room was listed; the members in sight are
        // followed, as far as one page of them goes.
        let followed = self.session.get().map_or(0, |session| session.members().n_items());
        let members = if followed == 0 || followed as usize >= LIST_ENTRIES {
            room.members()
        } else {
            followed
        };
        trn("one member", "{n} members", u64::from(members))
    }
}
