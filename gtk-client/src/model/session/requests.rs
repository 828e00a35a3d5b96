//! What a session asks of its client.

use std::time::Duration;

use async_channel::Receiver;
use gtk::{glib, subclass::prelude::*};
use tertulia_client::{
    Account, Closed, Content, Delivery, Glimpse, Item, JoinError, Pattern, RequestError, Searched,
    SendError, Status, Trouble,
    certs::{HostPort, ServerLink},
    nearby::NearbyEvent,
    proto::{Author, DisplayName, MessageId, MessageText, Person, Role, Seq},
};

use super::{Room, Session};
use crate::{
    bridge::{self, Bridge, PAGE_ITEMS},
    model::now,
};

/// How soon it is looked whether a page has come that another asked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long and how often an invite made in the window can be used.
const INVITE_EXPIRES: Duration = Duration::from_secs(7 * 24 * 3_600);
const INVITE_USES: u32 = 10;

impl Session {
    /// Looks at a server that one may join. Nothing is trusted by it, and nothing is kept.
    pub(crate) async fn peek(
        &self,
        addresses: Vec<HostPort>,
        patience: Duration,
    ) -> Result<Glimpse, Trouble> {
        match self.bridge() {
            Some(_) => bridge::peek(addresses, patience).await,
            None => Err(Trouble::Lost(SendError::Closed.to_string())),
        }
    }

    /// What changes among the servers nearby, until the receiver is dropped.
    pub(crate) fn nearby(&self) -> Option<Receiver<NearbyEvent>> {
        self.bridge().map(|_| bridge::nearby())
    }

    /// Registers this profile.
    pub(crate) async fn join(
        &self,
        link: ServerLink,
        name: DisplayName,
    ) -> Result<Account, JoinError> {
        let Some(bridge) = self.bridge() else {
            return Err(JoinError::Io(SendError::Closed.to_string()));
        };
        bridge.ask(|client| async move { client.join(&link, &name).await }).await
    }

    /// Sends a message. It shows at once, before the outbox has it; an error takes it back.
    pub(crate) async fn send(
        &self,
        room: &Room,
        text: MessageText,
        reply_to: Option<Seq>,
    ) -> Result<(), SendError> {
        let (Some(bridge), Some(account)) = (self.bridge(), self.account()) else {
            return Err(SendError::Closed);
        };
        // Who answers has read.
        let echo = room.change(|timeline| {
            timeline.set_new_after(None);
            timeline.echo(unsent(account, text.clone(), reply_to))
        });
        let id = room.id();
        let sent =
            bridge.ask(move |client| async move { client.send(id, text, reply_to).await }).await;
        if sent.is_err() {
            room.change(|timeline| timeline.drop_echo(echo));
        }
        sent.map(drop)
    }

    /// One step of a search; see the client's.
    pub(crate) async fn search(
        &self,
        room: &Room,
        pattern: Pattern,
        before: Option<Seq>,
        asks_server: bool,
    ) -> Result<Searched, RequestError> {
        let bridge = self.bridge().ok_or(RequestError::Closed)?;
        let id = room.id();
        bridge
            .ask(
                move |client| async move { client.search(id, &pattern, before, asks_server).await },
            )
            .await
    }

    /// Sends a failed message again.
    pub(crate) async fn retry(&self, id: MessageId) -> Result<(), SendError> {
        let bridge = self.bridge().ok_or(SendError::Closed)?;
        bridge.ask(move |client| async move { client.retry(id).await }).await
    }

    /// Takes a message out of the outbox.
    pub(crate) async fn cancel(&self, id: MessageId) -> Result<bool, SendError> {
        let bridge = self.bridge().ok_or(SendError::Closed)?;
        bridge.ask(move |client| async move { client.cancel(id).await }).await
    }

    /// Loads the next page of what was said before, unless one is on its way.
    pub(crate) fn load_older(&self, room: &Room) {
        if self.bridge().is_none() || self.show_first_page(room) {
            return;
        }
        let (session, room) = (self.clone(), room.clone());
        glib::spawn_future_local(async move { session.load_page(&room).await });
    }

    /// What was read of this room while the window was made. `false`: nothing, or that was shown.
    fn show_first_page(&self, room: &Room) -> bool {
        let page = self.imp().first_page.take().filter(|(id, _)| *id == room.id());
        let Some((_, items)) = page.filter(|_| room.is_empty()) else {
            return false;
        };
        let claimed = room.begin_load();
        if let Some((_, generation)) = claimed {
            room.end_load(generation, Some(items));
            self.load_quotes(room);
        }
        claimed.is_some()
    }

    /// The same, awaited, after the one that is on its way. `false`: none came.
    pub(crate) async fn load_next_page(&self, room: &Room) -> bool {
        while room.is_loading() {
            glib::timeout_future(LOOK_AGAIN).await;
        }
        self.load_page(room).await
    }

    /// Loads a page, awaited. `false`: none came.
    async fn load_page(&self, room: &Room) -> bool {
        let Some(bridge) = self.bridge() else {
            return false;
        };
        let Some((before, generation)) = room.begin_load() else {
            return false;
        };
        let id = room.id();
        let page = bridge
            .ask(move |client| async move { client.timeline(id, before, PAGE_ITEMS).await })
            .await;
        let has_come = page.as_ref().is_ok_and(|items| !items.is_empty());
        room.end_load(generation, page.ok());
        self.load_quotes(room);
        has_come
    }

    /// Fetches what the loaded messages answer, one after the other.
    pub(super) fn load_quotes(&self, room: &Room) {
        let Some(bridge) = self.bridge() else { return };
        if room.wanted_quote().is_none() || !room.begin_quotes() {
            return;
        }
        let room = room.clone();
        glib::spawn_future_local(async move {
            while let Some(seq) = room.wanted_quote() {
                let id = room.id();
                let found = bridge
                    .ask(
                        move |client| async move { client.timeline(id, Some(seq.next()), 1).await },
                    )
                    .await;
                match found {
                    Ok(items) => {
                        let item = items.into_iter().find(|item| item.seq == Some(seq));
                        room.change(|timeline| timeline.quote(seq, item));
                    }
                    // It is no more to be had: the server says so each time.
                    Err(RequestError::Refused { retry_after: None, .. }) => {
                        room.change(|timeline| timeline.quote(seq, None));
                    }
                    // Another time.
                    Err(_) => break,
                }
            }
            room.end_quotes();
        });
    }

    /// Asks who the members of the room in sight are. One question at a time: many may come and
    /// go before the answer.
    pub(super) fn load_members(&self) {
        let asked = &self.imp().members_asked;
        if asked.get().is_some() {
            asked.set(Some(true));
            return;
        }
        let Some(bridge) = self.bridge() else { return };
        asked.set(Some(false));
        let session = self.clone();
        glib::spawn_future_local(async move {
            let asked = &session.imp().members_asked;
            while let Some(room) = session.current() {
                asked.set(Some(false));
                let id = room.id();
                let people = bridge.ask(move |client| async move { client.members(id).await });
                let people = people.await;
                let still_in_sight = session.current().as_ref() == Some(&room);
                if let (Ok(people), true) = (people, still_in_sight) {
                    session.set_members(people);
                }
                if asked.get() != Some(true) {
                    break;
                }
            }
            asked.set(None);
        });
    }

    /// Everyone connected to the server now.
    pub(crate) async fn users(&self) -> Result<Vec<Person>, RequestError> {
        let bridge = self.bridge().ok_or(RequestError::Closed)?;
        bridge.ask(|client| async move { client.users().await }).await
    }

    /// Makes an invite link for members.
    pub(crate) async fn invite(&self) -> Result<ServerLink, RequestError> {
        let bridge = self.bridge().ok_or(RequestError::Closed)?;
        bridge
            .ask(|client| async move {
                client
                    .invite(Role::Member, INVITE_USES, INVITE_EXPIRES)
                    .await
            })
            .await
    }

    /// The room was read to its end.
    pub(crate) fn mark_read(&self, room: &Room) {
        let seq = room.newest_seq();
        if room.unread() > 0
            && let (Some(bridge), Some(seq)) = (self.bridge(), seq)
        {
            room.read_to(seq);
            bridge.client().mark_read(room.id(), seq);
        }
    }

    /// Keeps what was typed in a room and not sent, over the window's end too.
    pub(crate) fn keep_draft(&self, room: &Room, text: &str) {
        if let Some(bridge) = self.bridge() {
            bridge.client().set_draft(room.id(), text.to_owned());
        }
    }

    /// What was kept goes to its room.
    pub(super) fn take_draft(&self, room: &Room) {
        if let Some(draft) = self.bridge().and_then(|bridge| bridge.client().draft(room.id())) {
            room.set_draft(draft);
        }
    }

    /// Tries to connect now.
    pub(crate) fn wake(&self) {
        if let Some(bridge) = self.bridge() {
            bridge.client().wake();
        }
    }

    /// Figures of the connection.
    pub(crate) fn status(&self) -> Option<Status> {
        self.bridge().map(|bridge| bridge.client().status())
    }

    /// Messages that wait in the outbox.
    pub(crate) fn queued(&self) -> usize {
        self.bridge().map_or(0, |bridge| bridge.client().status().queued)
    }

    /// Sends what waits, for at most `flush`, and ends the client.
    pub(crate) async fn close(&self, flush: Duration) -> Closed {
        match self.bridge() {
            None => Closed { waiting: 0 },
            Some(bridge) => {
                bridge.ask(move |client| async move { client.close(flush).await }).await
            }
        }
    }

    pub(super) fn bridge(&self) -> Option<Bridge> {
        self.imp().bridge.get().cloned()
    }
}

/// A message that is not in the outbox.
pub(super) fn unsent(account: Account, text: MessageText, reply_to: Option<Seq>) -> Item {
    Item {
        seq: None,
        message_id: None,
        author: Author { account: account.id, handle: account.handle, display: account.display },
        time: now(),
        mine: true,
        reply_to,
        content: Content::Text(text),
        file: None,
        delivery: Delivery::Pending,
    }
}
