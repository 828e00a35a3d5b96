//! The control stream, outwards: replies in the order of the requests, and notices.

use std::{future, pin::pin, time::Duration};

use tertulia_proto::{
    DatagramKind, Done, GoAway, History, InviteMade, ListMembers, ListRooms, ListUsers, MemberPage,
    MessageId, Receipt, Refusal, Rejected, ReqId, RoomInfo, RoomPage, ServerMessage, UserPage,
    close::CloseCode, limits as wire,
};
use tertulia_quic::{Awaited, Copies};
use tokio::time::{Instant, sleep_until};

use super::{Ended, Shared, frames::FrameWriter, line::Line, pages::Pages};
use crate::{
    hub::{Bell, PresenceTracker},
    limits,
    log::Pending,
    state::{AccountRow, Outcome, Reply},
};

/// A client whose command the disk refused tries again after so long.
pub(crate) const STORAGE_RETRY_MS: u32 = 2_000;

/// What a request is owed. It may hold an invite's token: no Debug.
pub(crate) enum Due {
    /// The outcome of a commit.
    Commit { pending: Pending, message_id: Option<MessageId>, token: Option<[u8; 16]> },
    /// What the database says, once all requests before it are answered.
    Query(Query),
    /// No.
    Refused { refusal: Refusal, retry_after: Option<Duration> },
}

/// A question to the database or the hub.
#[derive(Debug)]
pub(crate) enum Query {
    Rooms(ListRooms),
    Users(ListUsers),
    Members(ListMembers),
    History(History),
}

impl Due {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self::Refused { refusal, retry_after: None }
    }

    pub(crate) fn refused_for(refusal: Refusal, retry_after: Duration) -> Self {
        Self::Refused { refusal, retry_after: Some(retry_after) }
    }
}

/// Writes the control stream until the requests end and all are answered. `typing`: whose
/// notices go here too.
pub(crate) async fn write(
    shared: &Shared,
    account: &AccountRow,
    writer: &mut FrameWriter,
    copies: Option<&Copies>,
    pages: &mut Pages,
    typing: Option<&Bell>,
    due: &Line<(ReqId, Due)>,
) -> Result<(), Ended> {
    let mut presence = shared.hub.presence();
    let mut tracker = PresenceTracker::default();
    let mut next_presence = Instant::now();
    let mut told_to_go = false;
    loop {
        let presence_due = async {
            sleep_until(next_presence).await;
            // Last, so that a change is not forgotten when another branch wins.
            presence.changed().await;
        };
        let typed = async {
            match typing {
                Some(bell) => bell.typing().await.frame,
                None => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shared.stopping.raised(), if !told_to_go => {
                told_to_go = true;
                writer.write_one(go_away(shared).encode()).await?;
            }
            () = pin!(presence_due) => {
                let roll = shared.hub.roll();
                next_presence = Instant::now() + roll.interval();
                if let Some(change) = tracker.tell(roll) {
                    writer.write_one(ServerMessage::from(change).encode()).await?;
                }
            }
            page = pages.ended() => page?,
            frame = typed => writer.write_one(frame).await?,
            next = due.next() => {
                let Some((req_id, due)) = next else { break };
                // On the heap only while it lasts: most ask nothing most of the time.
                let answer = Box::pin(answer(shared, account, pages, req_id, due));
                if let Some(message) = answer.await? {
                    let frame = message.encode();
                    // Somebody waits for its tick; the message itself tells it as well.
                    if let (Some(copies), ServerMessage::Receipt(_)) = (copies, &message) {
                        let frames = [frame.clone().into()];
                        copies.offer(DatagramKind::ControlCopy, &frames, Awaited::ByNobody);
                    }
                    writer.write_one(frame).await?;
                }
            }
        }
    }
    writer.finish();
    Ok(())
}

/// Each comes back at its own time, so that they do not all come at once.
fn go_away(shared: &Shared) -> ServerMessage {
    let mut random = [0; 4];
    shared.env.fill_random(&mut random);
    let spread = limits::RETURN_SPREAD.as_millis() as u32;
    GoAway { retry_after_ms: u32::from_le_bytes(random) % spread.max(1) }.into()
}

/// The frame that answers a request; `None` where a page does.
async fn answer(
    shared: &Shared,
    account: &AccountRow,
    pages: &mut Pages,
    req_id: ReqId,
    due: Due,
) -> Result<Option<ServerMessage>, Ended> {
    let message = match due {
        Due::Commit { pending, message_id, token } => {
            let stopped = |_| Ended::Close(CloseCode::GO_AWAY, "the server stops");
            match pending.await.map_err(stopped)? {
                Ok(outcome) => {
                    committed(shared, account, req_id, outcome, message_id, token).await?
                }
                Err(_) => rejected(req_id, Refusal::STORAGE, Some(STORAGE_RETRY_MS), None),
            }
        }
        Due::Refused { refusal, retry_after } => {
            let retry_after_ms = retry_after.map(|wait| wait.as_millis() as u32 + 1);
            rejected(req_id, refusal, retry_after_ms, None)
        }
        Due::Query(query) => match ask(shared, account, pages, req_id, query).await? {
            Some(message) => message,
            None => return Ok(None),
        },
    };
    match &message {
        ServerMessage::Receipt(_) => drop(shared.metrics.receipts.inc()),
        ServerMessage::Rejected(rejected) => shared.metrics.refused(rejected.refusal),
        _ => {}
    }
    Ok(Some(message))
}

/// The answer to a command that was committed, or refused.
pub(super) async fn committed(
    shared: &Shared,
    account: &AccountRow,
    req_id: ReqId,
    outcome: Outcome,
    message_id: Option<MessageId>,
    token: Option<[u8; 16]>,
) -> Result<ServerMessage, Ended> {
    let (reply, duplicate) = match outcome {
        Outcome::Applied(applied) => (applied.reply, false),
        Outcome::Repeat(reply) => (reply, true),
        Outcome::Refused { refusal, proposal } => {
            return Ok(rejected(req_id, refusal, None, proposal));
        }
    };
    Ok(match (reply, message_id, token) {
        (Reply::Posted { room, seq, position, time }, Some(message_id), _) => {
            Receipt { req_id, message_id, room, seq, position, time, duplicate }.into()
        }
        (Reply::Room(room), ..) => match shared.readers.listing(account.id, room).await? {
            Some(room) => RoomInfo { req_id, room }.into(),
            None => rejected(req_id, Refusal::NO_SUCH_ROOM, None, None),
        },
        (_, _, Some(token)) => InviteMade { req_id, token }.into(),
        _ => Done { req_id }.into(),
    })
}

async fn ask(
    shared: &Shared,
    account: &AccountRow,
    pages: &mut Pages,
    req_id: ReqId,
    query: Query,
) -> Result<Option<ServerMessage>, Ended> {
    Ok(Some(match query {
        Query::Rooms(ListRooms { after }) => {
            let (rooms, more) = shared.readers.rooms(account.id, after).await?;
            RoomPage { req_id, rooms, more }.into()
        }
        Query::Users(ListUsers { after }) => {
            let mut people = shared.hub.people_after(after, wire::LIST_ENTRIES + 1);
            let more = people.len() > wire::LIST_ENTRIES;
            people.truncate(wire::LIST_ENTRIES);
            UserPage { req_id, people, more }.into()
        }
        Query::Members(ListMembers { room, after }) => {
            let found = shared.readers.members(account, room, after).await?;
            let (mut people, more) = match found {
                Ok(found) => found,
                Err(refusal) => return Ok(Some(rejected(req_id, refusal, None, None))),
            };
            for person in &mut people {
                person.online = shared.hub.is_online(person.account);
            }
            MemberPage { req_id, room, people, more }.into()
        }
        Query::History(history) => {
            // In its turn among the replies; the page itself judges again.
            if let Err(refusal) = shared.readers.readable(account, history.room).await? {
                return Ok(Some(rejected(req_id, refusal, None, None)));
            }
            pages.send(shared, account, req_id, history).await?;
            return Ok(None);
        }
    }))
}

fn rejected(
    req_id: ReqId,
    refusal: Refusal,
    retry_after_ms: Option<u32>,
    proposal: Option<String>,
) -> ServerMessage {
    Rejected { req_id, refusal, retry_after_ms, proposal }.into()
}
