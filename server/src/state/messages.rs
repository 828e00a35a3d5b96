//! Posting.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{
    Body, Change, LogPosition, Posted, Refusal, Role, RoomId, Send, Seq, Timestamp,
};

use super::{
    access::access,
    account::acting_account,
    authorize::{Action, authorize},
    entry::{Entry, PostMessage},
    happening::{happen, head},
    members, reading,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::store::sql::{column, int};

/// Posts a message once, however often it is sent. A public room is entered on the way.
pub(super) fn send(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &PostMessage,
) -> Result<Verdict, Stop> {
    let PostMessage { send: command, mentions } = command;
    if let Some(reply) = earlier(tx, entry, command)? {
        return Ok(Verdict::Repeat(reply));
    }
    // Reserved until both ends negotiate it.
    let Body::Text(_) = &command.body else {
        return Err(Refusal::UNSUPPORTED.into());
    };
    let account = acting_account(tx, entry.actor.account)?;
    let room = access(tx, account.id, command.room)?;
    authorize(account.role, Action::Post(room))?;
    if let Some(target) = command.reply_to
        && (target.0 == 0 || target > head(tx, command.room)?)
    {
        return Err(Refusal::INVALID.into());
    }
    let mut effects = Vec::new();
    if room.is_some_and(|room| room.member.is_none()) {
        let role = account.role.min(Role::Member);
        effects = members::add_member(tx, entry, &account, command.room, role)?;
    }
    let posted = Posted {
        message_id: command.message_id,
        reply_to: command.reply_to,
        body: Some(command.body.clone()),
        edited: None,
    };
    let event = happen(tx, entry, &account, command.room, Change::Posted(posted))?;
    let reply = posted_reply(command.room, event.head.seq, entry.position, entry.time);
    // What one posted one has read.
    reading::advance_marker(tx, account.id, command.room, event.head.seq)?;
    reading::note_mentions(tx, account.id, command.room, event.head.seq, mentions)?;
    effects.push(Effect::Happened(event));
    Ok(Verdict::Applied(reply, effects))
}

fn earlier(tx: &Connection, entry: &Entry<'_>, command: &Send) -> rusqlite::Result<Option<Reply>> {
    tx.prepare_cached(
        "SELECT room, seq, position, time FROM event WHERE account = ?1 AND message_id = ?2",
    )?
    .query_row(params![int(entry.actor.account.0), command.message_id.0.as_slice()], |row| {
        Ok(posted_reply(column(row, 0)?, column(row, 1)?, column(row, 2)?, column(row, 3)?))
    })
    .optional()
}

const fn posted_reply(room: RoomId, seq: Seq, position: LogPosition, time: Timestamp) -> Reply {
    Reply::Posted { room, seq, position, time }
}
