//! Numbered requests: what is asked, and whose question it is.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tertulia_proto::{
    Command as Wire, Event, History, MessageId, Refusal, Rejected, ReqId, Request, RoomId, Seq,
    ServerMessage, Span, close::CloseCode, limits,
};
use tokio::sync::oneshot;

use super::{Answer, Driver};
use crate::{
    connection::Outgoing,
    core::{backoff, outbox, session::End, timeline::Ticket},
    error::RequestError,
    model::Trouble,
};

/// Requests unanswered beside those of the outbox.
const ASKED: usize = limits::REQUESTS_IN_FLIGHT - outbox::IN_FLIGHT;
/// Requests that wait until others are answered; more questions are not taken.
const WAITING: usize = 256;
/// Pages for holes asked for at once, waiting ones too: whoever has holes in every room fills them
/// one after the other, and a handle's question comes between.
const FETCHES: usize = 8;
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
    Hole(RoomId, Ticket),
    /// The hole before a follower.
    Follower(RoomId, Ticket),
    /// Nobody: it is a read marker, which is told again if it did not get through.
    Mark(RoomId, Seq),
    /// Nobody: that there is one is all one wants to know.
    Doubt,
}

/// Questions without answers yet.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last: ReqId,
    unanswered: BTreeMap<ReqId, Unanswered>,
    waiting: VecDeque<(Wire, Asker)>,
    /// Those for holes among both.
    fetches: usize,
    last_ticket: u64,
}

#[derive(Debug)]
struct Unanswered {
    asker: Asker,
    asked_at: Duration,
    /// What a page has to be.
    page: Option<History>,
}

impl Requests {
    /// When the oldest unanswered one was asked.
    pub(super) fn asked_at(&self) -> Option<Duration> {
        self.unanswered.values().next().map(|request| request.asked_at)
    }

    /// Whether every answer came.
    pub(super) fn is_idle(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether no more are to be taken from handles, nor markers sent.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    /// A page for a hole may be asked for, with this ticket.
    pub(super) fn ticket(&mut self) -> Option<Ticket> {
        if self.fetches >= FETCHES {
            return None;
        }
        self.fetches += 1;
        self.last_ticket += 1;
        Some(Ticket(self.last_ticket))
    }

    /// What is answered now. `None`: answered before, or never asked.
    fn answered(&mut self, req_id: ReqId) -> Option<Unanswered> {
        let request = self.unanswered.remove(&req_id)?;
        if matches!(request.asker, Asker::Hole(..) | Asker::Follower(..)) {
            self.fetches -= 1;
        }
        Some(request)
    }

    /// `false`: the connection takes no more.
    fn ask(&mut self, to: &Outgoing, command: Wire, asker: Asker, now: Duration) -> bool {
        let req_id = self.last.next();
        self.last = req_id;
        let page = match &command {
            Wire::History(history) => Some(history.clone()),
            _ => None,
        };
        let request = Request { req_id, command: Ok(command) };
        self.unanswered.insert(req_id, Unanswered { asker, asked_at: now, page });
        to.write(request.encode())
    }
}

impl Driver {
    /// Asks the server now, or as soon as others are answered.
    pub(super) fn ask(&mut self, command: impl Into<Wire>, asker: Asker) {
        let can_ask = self.session.is_welcome() && self.leaves_by.is_none();
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
        if self.connection.is_none() {
            return;
        }
        let Some(way) = self.way_out() else { return };
        while self.requests.unanswered.len() < ASKED
            && let Some((command, asker)) = self.requests.waiting.pop_front()
        {
            if !self.requests.ask(&way, command, asker, now) {
                return self.stuck();
            }
        }
    }

    /// Sends rows of the outbox, as far as they may be unanswered.
    pub(super) fn send_rows(&mut self) {
        let (now, epoch) = (self.now(), self.epoch());
        let Some(way) = self.way_out() else { return };
        // What belongs to another history than the one known waits for what the server says.
        if self.connection.is_none() && self.desk.outbox.rows().any(|row| row.epoch != epoch) {
            return;
        }
        self.mark_rows();
        while let Some(row) = self.desk.outbox.send_next(now) {
            if row.epoch != epoch {
                // A room of that number is another one in this history, if there is one.
                let message_id = row.message_id;
                self.fail(message_id, Refusal::NO_SUCH_ROOM);
                continue;
            }
            let asker = Asker::Outbox(row.message_id);
            if !self.requests.ask(&way, row.command().into(), asker, now) {
                return self.stuck();
            }
        }
    }

    /// An answer came.
    pub(super) fn answered(&mut self, req_id: ReqId, answer: Answer) {
        let Some(Unanswered { asker, page, .. }) = self.requests.answered(req_id) else {
            // Nothing of ours hangs on it.
            return;
        };
        if let Answer::Page(events) = &answer
            && !page.is_some_and(|asked| fits(&asked, events))
        {
            return self.unfit(asker);
        }
        match (asker, answer) {
            (Asker::Handle(reply), answer) => {
                let result = match answer {
                    Answer::Refused(rejected) => Err(RequestError::Refused {
                        refusal: rejected.refusal,
                        retry_after: retry_after(&rejected),
                    }),
                    answer => Ok(answer),
                };
                // Whoever asked may have gone.
                let _ = reply.send(result);
            }
            (Asker::Outbox(message_id), Answer::Message(ServerMessage::Receipt(receipt)))
                if receipt.message_id == message_id =>
            {
                self.receipted(receipt);
            }
            (Asker::Outbox(message_id), Answer::Refused(rejected)) => {
                self.refused(message_id, &rejected);
            }
            (Asker::Hole(room, ticket), Answer::Page(events)) => {
                self.hole_filled(room, ticket, events);
            }
            (Asker::Follower(room, ticket), Answer::Page(events)) => {
                self.follower_filled(room, ticket, events);
            }
            (Asker::Hole(room, ticket), Answer::Refused(rejected)) => {
                match self.postpone_refill(&rejected) {
                    true => drop(self.room_fetched(room, ticket)),
                    false => self.hole_filled(room, ticket, Vec::new()),
                }
            }
            (Asker::Follower(room, ticket), Answer::Refused(rejected)) => {
                let is_awaited = self.follower_fetched(room, ticket);
                if !self.postpone_refill(&rejected) {
                    if is_awaited {
                        self.followers.remove(&room);
                    }
                    self.fill_holes();
                }
            }
            (Asker::Mark(room, seq), Answer::Refused(rejected)) if !rejected.refusal.is_final() => {
                self.mark_again(room, seq);
            }
            (Asker::Mark(..), _) => {}
            (Asker::Doubt, _) => self.liveness.is_sure(),
            (asker, _) => self.unfit(asker),
        }
    }

    fn unfit(&mut self, asker: Asker) {
        tracing::warn!(?asker, "the server answered something else than was asked");
        let text = "the server broke the protocol: an answer that does not fit".to_owned();
        self.disconnect(CloseCode::PROTOCOL, End::retry(Trouble::Lost(text)));
        self.unanswered(asker, RequestError::Lost);
    }

    /// No answer comes.
    fn unanswered(&mut self, asker: Asker, error: RequestError) {
        match asker {
            // Whoever asked may have gone.
            Asker::Handle(reply) => drop(reply.send(Err(error))),
            Asker::Hole(room, ticket) => drop(self.room_fetched(room, ticket)),
            Asker::Follower(room, ticket) => drop(self.follower_fetched(room, ticket)),
            Asker::Mark(room, seq) => self.mark_again(room, seq),
            Asker::Outbox(_) | Asker::Doubt => {}
        }
    }

    /// A page ended halfway. If it was asked for, its request is never answered.
    pub(super) fn page_lost(&mut self, req_id: ReqId) {
        if self.requests.unanswered.contains_key(&req_id) {
            let text = "the server broke a page off".to_owned();
            self.disconnect(CloseCode::PROTOCOL, End::retry(Trouble::Lost(text)));
        }
    }

    /// The connection is gone, and its answers with it.
    pub(super) fn fail_requests(&mut self) {
        let requests = std::mem::take(&mut self.requests);
        let lost = requests.unanswered.into_values();
        let lost = lost.map(|request| (request.asker, RequestError::Lost));
        let unasked = requests.waiting.into_iter().map(|(_, asker)| (asker, RequestError::Offline));
        for (asker, error) in lost.chain(unasked) {
            self.unanswered(asker, error);
        }
        self.desk.outbox.disconnected();
    }

    /// `true`: not final, and asked again later.
    fn postpone_refill(&mut self, rejected: &Rejected) -> bool {
        if rejected.refusal.is_final() {
            return false;
        }
        self.refill_at = Some(self.now() + retry_after(rejected).unwrap_or(RETRY_AFTER));
        true
    }

    /// The writer takes no more than the bound allows: it is gone, and the end is about to be
    /// reported, or it is stuck.
    fn stuck(&mut self) {
        self.disconnect(CloseCode::TIMEOUT, End::retry(Trouble::Lost("writing failed".into())));
    }
}

/// Whether a page is what was asked for. Its order was looked at when it was read.
fn fits(asked: &History, events: &[Event]) -> bool {
    let is_within = |seq: Seq| match asked.span {
        Span::Newest => true,
        Span::Before(end) => seq < end,
        Span::After(start) => seq > start,
    };
    events.len() <= usize::from(asked.limit)
        && events.iter().all(|event| event.head.room == asked.room && is_within(event.head.seq))
}

fn retry_after(rejected: &Rejected) -> Option<Duration> {
    rejected.retry_after_ms.map(backoff::asked_wait)
}
