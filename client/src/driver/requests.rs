//! Numbered requests: what is asked, and whose question it is.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tertulia_proto::{
    Command as Wire, MessageId, Rejected, ReqId, Request, RoomId, ServerMessage, close::CloseCode,
    limits,
};
use tokio::sync::oneshot;

use super::{Answer, Driver};
use crate::{
    connection::Connected,
    core::{outbox, session::End},
    error::RequestError,
    model::Trouble,
};

/// Requests unanswered beside those of the outbox.
const ASKED: usize = limits::REQUESTS_IN_FLIGHT - outbox::IN_FLIGHT;
/// Requests that wait until others are answered; more commands are not taken.
const WAITING: usize = 256;
/// The wait after a page was refused for now, where the server names none.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Whom an answer is for.
#[derive(Debug)]
pub(super) enum Asker {
    /// A handle.
    Handle(oneshot::Sender<Result<Answer, RequestError>>),
    /// The outbox, for this message.
    Outbox(MessageId),
    /// The hole in a room's timeline.
    Hole(RoomId),
    /// The hole before a follower.
    Follower(RoomId),
    /// Nobody.
    Nobody,
}

/// Questions without answers yet.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last: ReqId,
    unanswered: BTreeMap<ReqId, (Asker, Duration)>,
    waiting: VecDeque<(Wire, Asker)>,
}

impl Requests {
    /// When the oldest unanswered one was asked.
    pub(super) fn asked_at(&self) -> Option<Duration> {
        self.unanswered.values().next().map(|(_, at)| *at)
    }

    /// Whether every answer came.
    pub(super) fn is_idle(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether no more are to be taken from handles.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    /// `false`: the connection takes no more.
    fn ask(&mut self, to: &Connected, command: Wire, asker: Asker, now: Duration) -> bool {
        let req_id = self.last.next();
        self.last = req_id;
        let request = Request { req_id, command: Ok(command) };
        self.unanswered.insert(req_id, (asker, now));
        to.write(request.encode())
    }
}

impl Driver {
    /// Asks the server now, or as soon as others are answered.
    pub(super) fn ask(&mut self, command: impl Into<Wire>, asker: Asker) {
        let can_ask = self.session.is_welcome() && !self.is_leaving;
        match asker {
            Asker::Handle(reply) if !can_ask => {
                // Whoever asked may have gone.
                let _ = reply.send(Err(RequestError::Offline));
            }
            asker => self.requests.waiting.push_back((command.into(), asker)),
        }
    }

    /// Asks what waits, as far as it may be unanswered.
    pub(super) fn send_waiting(&mut self) {
        let now = self.now();
        while let Some(connection) = &self.connection
            && !self.is_leaving
            && self.requests.unanswered.len() < ASKED
            && let Some((command, asker)) = self.requests.waiting.pop_front()
        {
            if !self.requests.ask(connection, command, asker, now) {
                return self.stuck();
            }
        }
    }

    /// Sends rows of the outbox, as far as they may be unanswered.
    pub(super) fn send_rows(&mut self) {
        let now = self.now();
        while let Some(connection) = &self.connection
            && !self.is_leaving
            && let Some(row) = self.desk.outbox.send_next(now)
        {
            let asker = Asker::Outbox(row.message_id);
            if !self.requests.ask(connection, row.command().into(), asker, now) {
                return self.stuck();
            }
        }
    }

    /// An answer came.
    pub(super) fn answered(&mut self, req_id: ReqId, answer: Answer) {
        // Answered before, or never asked: nothing of ours hangs on it.
        let Some((asker, _)) = self.requests.unanswered.remove(&req_id) else {
            return;
        };
        match (asker, answer) {
            (Asker::Handle(reply), answer) => {
                let result = match answer {
                    Answer::Refused(rejected) => Err(RequestError::Refused(rejected.refusal)),
                    answer => Ok(answer),
                };
                // Whoever asked may have gone.
                let _ = reply.send(result);
            }
            (Asker::Outbox(_), Answer::Message(ServerMessage::Receipt(receipt))) => {
                self.receipted(receipt);
            }
            (Asker::Outbox(message_id), Answer::Refused(rejected)) => {
                self.refused(message_id, &rejected);
            }
            (Asker::Hole(room), Answer::Page(events)) => self.hole_filled(room, events),
            (Asker::Follower(room), Answer::Page(events)) => self.follower_filled(room, events),
            (Asker::Hole(room), Answer::Refused(rejected)) => {
                match self.postpone_refill(&rejected) {
                    true => self.room_fetching_ended(room),
                    false => self.hole_filled(room, Vec::new()),
                }
            }
            (Asker::Follower(room), Answer::Refused(rejected)) => {
                match self.postpone_refill(&rejected) {
                    true => self.follower_fetching_ended(room),
                    false => drop(self.followers.remove(&room)),
                }
            }
            (Asker::Nobody, _) => {}
            (asker, _) => {
                tracing::warn!(?asker, "the server answered something else than was asked");
                let text = "the server broke the protocol: an answer that does not fit".to_owned();
                self.disconnect(CloseCode::PROTOCOL, End::retry(Trouble::Lost(text)));
            }
        }
    }

    /// The connection is gone, and its answers with it.
    pub(super) fn fail_requests(&mut self) {
        let requests = std::mem::take(&mut self.requests);
        let lost = requests.unanswered.into_values().map(|(asker, _)| (asker, RequestError::Lost));
        let unasked = requests.waiting.into_iter().map(|(_, asker)| (asker, RequestError::Offline));
        for (asker, error) in lost.chain(unasked) {
            match asker {
                Asker::Handle(reply) => drop(reply.send(Err(error))),
                Asker::Hole(room) => self.room_fetching_ended(room),
                Asker::Follower(room) => self.follower_fetching_ended(room),
                Asker::Outbox(_) | Asker::Nobody => {}
            }
        }
        self.desk.outbox.disconnected();
    }

    /// `true`: not final, and asked again later.
    fn postpone_refill(&mut self, rejected: &Rejected) -> bool {
        if rejected.refusal.is_final() {
            return false;
        }
        let wait = rejected.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms)));
        self.refill_at = Some(self.now() + wait.unwrap_or(RETRY_AFTER));
        true
    }

    /// The writer takes no more than the bound allows: it is gone, and the end is about to be
    /// reported, or it is stuck.
    fn stuck(&mut self) {
        self.disconnect(CloseCode::TIMEOUT, End::retry(Trouble::Lost("writing failed".into())));
    }
}
