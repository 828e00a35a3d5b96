//! What handles ask of the driver.

use std::time::Duration;

use tertulia_certs::ServerLink;
use tertulia_proto::{
    Command as Wire, DisplayName, Event, MessageId, MessageText, Rejected, RoomId, RoomName, Seq,
    ServerMessage,
};
use tokio::sync::oneshot;

use super::{Closing, Driver, Feed, Outcome, cache::Read, requests::Asker};
use crate::{
    error::{JoinError, RequestError, SendError},
    handle::Closed,
    model::{Account, Item},
    store::room_names::RoomNames,
};

/// See the handle's methods.
#[derive(Debug)]
pub(crate) enum Command {
    Join {
        link: ServerLink,
        name: DisplayName,
        reply: oneshot::Sender<Result<Account, JoinError>>,
    },
    Queue {
        room: RoomId,
        text: MessageText,
        reply_to: Option<Seq>,
        stored: oneshot::Sender<Result<MessageId, SendError>>,
        outcome: Option<oneshot::Sender<Outcome>>,
    },
    Retry {
        message_id: MessageId,
        reply: oneshot::Sender<Result<(), SendError>>,
    },
    Cancel {
        message_id: MessageId,
        reply: oneshot::Sender<Result<bool, SendError>>,
    },
    Kept {
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
        reply: oneshot::Sender<KeptTimeline>,
    },
    Keep {
        room: RoomId,
        events: Vec<Event>,
    },
    Follow {
        room: RoomId,
        after: Seq,
        reply: oneshot::Sender<Feed>,
    },
    Refill(RoomId),
    /// What waits to be sent.
    Waiting(oneshot::Sender<Vec<(RoomId, Item)>>),
    /// Rooms were listed.
    Listed(Vec<(RoomName, RoomId)>),
    /// A room that was listed once.
    Known(RoomName, oneshot::Sender<Option<RoomId>>),
    /// The link of the server, without an invite.
    Link(oneshot::Sender<Option<ServerLink>>),
    MarkRead(RoomId, Seq),
    Typing(RoomId),
    /// A draft changed.
    Drafted,
    Wake,
    Close {
        flush: Duration,
        reply: oneshot::Sender<Closed>,
    },
}

/// What a handle asks the server.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) command: Wire,
    pub(crate) reply: oneshot::Sender<Result<Answer, RequestError>>,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A reply with a result.
    Message(ServerMessage),
    /// A whole page.
    Page(Vec<Event>),
    /// No.
    Refused(Rejected),
}

/// What is known of a timeline without asking the server.
#[derive(Debug, Default)]
pub(crate) struct KeptTimeline {
    /// Of the cache's run, ascending.
    pub(crate) events: Vec<Event>,
    /// The first event of the run.
    pub(crate) oldest: Option<Seq>,
    /// What waits in the outbox, where the newest were asked for.
    pub(crate) waiting: Vec<Item>,
}

impl Driver {
    pub(super) fn handle_command(&mut self, command: Command) {
        match command {
            Command::Join { link, name, reply } => self.join(link, name, reply),
            Command::Queue { room, text, reply_to, stored, outcome } => {
                self.typing_ended(room);
                self.queue(room, text, reply_to, stored, outcome);
            }
            Command::Retry { message_id, reply } => self.retry(message_id, reply),
            Command::Cancel { message_id, reply } => self.cancel(message_id, reply),
            Command::Kept { room, before, limit, reply } => {
                let waiting = match before {
                    Some(_) => Vec::new(),
                    None => self.waiting_items(room),
                };
                self.cache.read(Read { room, before, limit, waiting, reply });
            }
            Command::Keep { room, events } => self.cache.prepend(room, events),
            Command::Follow { room, after, reply } => self.follow(room, after, reply),
            Command::Refill(room) => self.refill(room),
            Command::Waiting(reply) => {
                let items =
                    self.desk.outbox.rows().filter_map(|row| Some((row.room, self.item(row)?)));
                let _ = reply.send(items.collect());
            }
            Command::Listed(rooms) => self.remember(rooms),
            Command::Known(name, reply) => {
                let known = self.names.as_ref().zip(self.epoch());
                let _ = reply.send(known.and_then(|(names, epoch)| names.get(epoch, &name)));
            }
            Command::Link(reply) => {
                let link = self.profile.as_ref().map(|profile| profile.link.clone());
                // Whoever asked may have gone.
                let _ = reply.send(link);
            }
            Command::MarkRead(room, seq) => self.mark_read(room, seq),
            Command::Typing(room) => self.typing(room),
            Command::Drafted => {}
            Command::Wake => self.wake(),
            Command::Close { flush, reply } => {
                let until = self.now().saturating_add(flush);
                self.closing = Some(Closing { until, reply });
            }
        }
    }

    pub(super) fn handle_question(&mut self, question: Question) {
        self.ask(question.command, Asker::Handle(question.reply));
    }

    /// Writes down which rooms there are, if they changed.
    fn remember(&mut self, rooms: Vec<(RoomName, RoomId)>) {
        let Some(profile) = &self.profile else {
            return;
        };
        let names = RoomNames::new(profile.epoch, rooms.into_iter());
        if self.names.as_ref() == Some(&names) {
            return;
        }
        self.names = Some(names.clone());
        // Only a memory: nobody waits for it, and nothing hangs on it.
        drop(self.dir.start(move |dir| names.save(dir)));
    }
}
