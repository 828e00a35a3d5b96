//! The one seam between tokio, where the client lives, and the GLib main loop, where widgets do.
//!
//! Requests go over by [`Bridge::ask`] and are awaited on the main loop; events come over by
//! [`follow`], in batches small enough that a flood of them can't freeze a frame.

mod carrying;
mod opening;

use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use async_channel::Receiver;
use gtk::{gdk, glib};
use tertulia_client::{
    Account, Client, ClientEvent, Connection, Content, Glimpse, Item, PresenceView, RoomView,
    Trouble,
    certs::HostPort,
    nearby::{self, NearbyEvent},
    proto::{Author, MessageId, Refusal, RoomId},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinError,
};

pub(crate) use self::{
    carrying::{Cancel, Carried, settle},
    opening::{Opened, Opening},
};

/// Events taken at most before the main loop gets its turn.
const BATCH_EVENTS: usize = 200;
/// Time taken at most for folding them, in microseconds: a quarter of a frame.
const BATCH_US: i64 = 4_000;

/// Items that are read of a room at a time.
pub(crate) const PAGE_ITEMS: u16 = 100;
/// News of servers nearby that wait for the main loop.
const NEARBY_EVENTS: usize = 16;

/// A handle to the client, usable on the main loop; clones are the same client.
#[derive(Debug, Clone)]
pub(crate) struct Bridge {
    client: Client,
}

impl Bridge {
    /// Runs a request on tokio; the answer is awaited on the main loop.
    pub(crate) async fn ask<F, T>(&self, request: impl FnOnce(Client) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        on_tokio(request(self.client.clone())).await
    }

    /// For what neither waits nor blocks.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

/// Looks at a server that one may join, and tells the server nothing.
pub(crate) async fn peek(addresses: Vec<HostPort>, patience: Duration) -> Result<Glimpse, Trouble> {
    on_tokio(async move { tertulia_client::peek(&addresses, None, patience).await }).await
}

/// What changes among the servers nearby, until the receiver is dropped.
pub(crate) fn nearby() -> Receiver<NearbyEvent> {
    let (sender, events) = async_channel::bounded(NEARBY_EVENTS);
    runtime().spawn(async move {
        let mut search = match nearby::search() {
            Ok(search) => search,
            Err(error) => return eprintln!("tertulia: {error}"),
        };
        loop {
            let event = tokio::select! {
                biased;
                () = sender.closed() => break,
                event = search.next() => event,
            };
            let Some(event) = event else { break };
            if sender.send(event).await.is_err() {
                break;
            }
        }
    });
    events
}

/// Ends when the system asks the process to end: SIGTERM, SIGINT or SIGHUP.
pub(crate) async fn termination() {
    let asked = on_tokio(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
        std::io::Result::Ok(())
    });
    if let Err(error) = asked.await {
        // Without a handler the signal ends the process, and the outbox keeps what waits.
        eprintln!("tertulia: signals can't be handled: {error}");
        std::future::pending::<()>().await;
    }
}

async fn on_tokio<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    joined(runtime().spawn(future).await)
}

fn joined<T>(answer: Result<T, JoinError>) -> T {
    match answer {
        Ok(answer) => answer,
        // The runtime lives as long as the process and nothing aborts its tasks, so the task
        // panicked: a bug of ours, which must not go unnoticed.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            // One: requests reach the client in the order in which they were made.
            .worker_threads(1)
            .thread_name("tertulia-net")
            .enable_all()
            .build()
            .expect("the system gives a program at its start one thread and one epoll handle")
    })
}

/// What happened since the last turn, folded: one entry per room.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Batch {
    /// Events were lost: everything is to be taken afresh, after the rest was applied.
    pub(crate) lagged: bool,
    pub(crate) connection: Option<Connection>,
    /// The newest news of it; `None` where it did not change.
    pub(crate) held_by: Option<Option<Refusal>>,
    pub(crate) account: Option<Account>,
    pub(crate) presence: Option<PresenceView>,
    pub(crate) rooms: BTreeMap<RoomId, RoomChanges>,
}

/// What happened to one room, in order.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RoomChanges {
    /// The newest view; `None` where it did not change.
    pub(crate) view: Option<RoomView>,
    /// One is no member any more.
    pub(crate) gone: bool,
    /// The timeline jumped, before `timeline` was.
    pub(crate) reset: bool,
    pub(crate) timeline: Vec<TimelineChange>,
    /// Who writes, and did not post since.
    pub(crate) writing: Vec<Author>,
}

impl RoomChanges {
    /// Whether somebody came or went, or may do more or less.
    pub(crate) fn moves_people(&self) -> bool {
        let moves = |item: &Item| {
            matches!(
                item.content,
                Content::Joined
                    | Content::Left
                    | Content::Added(_)
                    | Content::Removed(_)
                    | Content::RoleChanged(..)
            )
        };
        self.timeline.iter().any(|change| match change {
            TimelineChange::Items(items) => items.iter().any(moves),
            TimelineChange::Gone(_) => false,
        })
    }
}

/// A step of a timeline.
#[derive(Debug, PartialEq)]
pub(crate) enum TimelineChange {
    Items(Vec<Item>),
    Gone(MessageId),
}

impl Batch {
    /// Adds one event.
    pub(crate) fn fold(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connection(connection) => self.connection = Some(connection),
            ClientEvent::Held(held_by) => self.held_by = Some(held_by),
            ClientEvent::Account(account) => self.account = Some(account),
            ClientEvent::Presence(presence) => self.presence = Some(presence),
            ClientEvent::Lagged { .. } => self.lagged = true,
            ClientEvent::Room(view) => {
                let room = self.room(view.listing.room);
                room.gone = false;
                room.view = Some(view);
            }
            ClientEvent::RoomGone(room) => {
                let gone = RoomChanges { gone: true, ..RoomChanges::default() };
                self.rooms.insert(room, gone);
            }
            ClientEvent::Items { room, mut items } => {
                let RoomChanges { timeline, writing, .. } = self.room(room);
                writing.retain(|person| {
                    let posted = |item: &Item| item.author.account == person.account;
                    !items.iter().any(posted)
                });
                match timeline.last_mut() {
                    Some(TimelineChange::Items(earlier)) => earlier.append(&mut items),
                    _ => timeline.push(TimelineChange::Items(items)),
                }
            }
            ClientEvent::ItemGone { room, message_id } => {
                self.room(room).timeline.push(TimelineChange::Gone(message_id));
            }
            ClientEvent::TimelineReset(room) => {
                let room = self.room(room);
                room.reset = true;
                room.timeline.clear();
            }
            ClientEvent::Typing { room, person } => {
                let writing = &mut self.room(room).writing;
                // No more than events in a batch; each person once.
                writing.retain(|one| one.account != person.account);
                writing.push(person);
            }
        }
    }

    fn room(&mut self, room: RoomId) -> &mut RoomChanges {
        self.rooms.entry(room).or_default()
    }
}

/// Hands events to `sink` in batches until the client is closed. Between two batches the main
/// loop gets its turn.
pub(crate) async fn follow(events: Receiver<ClientEvent>, mut sink: impl FnMut(Batch)) {
    // As urgent as drawing is: of what is more urgent a flood never ends, and no frame is drawn.
    let as_drawing = glib::Priority::from(gdk::PRIORITY_REDRAW as i32);
    while let Ok(first) = events.recv().await {
        let begin = glib::monotonic_time();
        let mut batch = Batch::default();
        batch.fold(first);
        for _ in 1..BATCH_EVENTS {
            if glib::monotonic_time() - begin > BATCH_US {
                break;
            }
            match events.try_recv() {
                Ok(event) => batch.fold(event),
                Err(_) => break,
            }
        }
        sink(batch);
        glib::timeout_future_with_priority(as_drawing, Duration::ZERO).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{author, room_view, text_item};

    #[test]
    fn a_flood_becomes_one_change_per_room() {
        let mut batch = Batch::default();
        for seq in 1..=150 {
            let room = RoomId(seq % 2);
            let items = vec![text_item(seq, "ana", "x")];
            batch.fold(ClientEvent::Items { room, items });
        }
        assert_eq!(batch.rooms.len(), 2);
        for changes in batch.rooms.values() {
            assert!(
                matches!(&changes.timeline[..], [TimelineChange::Items(items)] if items.len() == 75)
            );
        }
    }

    #[test]
    fn what_came_before_a_reset_is_forgotten_and_what_comes_after_is_kept() {
        let mut batch = Batch::default();
        let items =
            |seq| ClientEvent::Items { room: RoomId(1), items: vec![text_item(seq, "ana", "x")] };
        batch.fold(items(1));
        batch.fold(ClientEvent::TimelineReset(RoomId(1)));
        batch.fold(items(9));
        let changes = &batch.rooms[&RoomId(1)];
        assert!(changes.reset);
        assert_eq!(changes.timeline, [TimelineChange::Items(vec![text_item(9, "ana", "x")])]);
    }

    #[test]
    fn a_room_left_and_entered_again_is_there() {
        let mut batch = Batch::default();
        batch.fold(ClientEvent::RoomGone(RoomId(3)));
        assert!(batch.rooms[&RoomId(3)].gone);
        batch.fold(ClientEvent::Room(room_view(3, "garden")));
        assert!(!batch.rooms[&RoomId(3)].gone);
    }

    #[test]
    fn who_posted_after_writing_writes_no_more() {
        let mut batch = Batch::default();
        let room = RoomId(1);
        let writes = |name| ClientEvent::Typing { room, person: author(name) };
        batch.fold(writes("ana"));
        batch.fold(writes("beto"));
        batch.fold(writes("ana"));
        batch.fold(ClientEvent::Items { room, items: vec![text_item(1, "ana", "x")] });
        assert_eq!(batch.rooms[&room].writing, [author("beto")]);
        batch.fold(writes("ana"));
        assert_eq!(batch.rooms[&room].writing, [author("beto"), author("ana")]);
    }

    #[test]
    fn events_are_followed_in_order_until_the_client_ends() {
        let (sender, receiver) = async_channel::bounded(1_000);
        for seq in 1..=500 {
            let items = vec![text_item(seq, "ana", "x")];
            let event = ClientEvent::Items { room: RoomId(1), items };
            sender.try_send(event).unwrap();
        }
        drop(sender);
        let (mut seqs, mut batches) = (Vec::new(), 0);
        let context = glib::MainContext::new();
        context
            .with_thread_default(|| {
                context.block_on(follow(receiver, |batch| {
                    batches += 1;
                    for change in &batch.rooms[&RoomId(1)].timeline {
                        let TimelineChange::Items(items) = change else { unreachable!() };
                        seqs.extend(items.iter().filter_map(|item| item.seq).map(|seq| seq.0));
                    }
                }));
            })
            .unwrap();
        assert_eq!(seqs, (1..=500).collect::<Vec<_>>());
        assert!(batches >= 3, "{batches} batches for 500 events");
    }
}
