//! Posting.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use tertulia_proto::{
    AccountId, Attachment, Body, Change, EventHead, LogPosition, MessageId, Posted, Refusal, Role,
    RoomId, Seq, Timestamp, Upload,
};

use super::{
    access::{Access, authorized},
    account::{AccountRow, acting_account},
    authorize::Action,
    entry::{Entry, PostMessage},
    happening::{happen, head},
    members, reading,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::{
    files::Usage,
    store::{
        changes,
        sql::{column, int},
    },
};

/// Posts a message once, however often it is sent. A public room is entered on the way.
pub(super) fn send(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &PostMessage,
) -> Result<Verdict, Stop> {
    let PostMessage { send: command, mentions, file } = command;
    if let Some(reply) = earlier(tx, entry.actor.account, command.message_id)? {
        return Ok(Verdict::Repeat(reply));
    }
    // Reserved until both ends negotiate it.
    let Body::Text(_) = &command.body else {
        return Err(Refusal::UNSUPPORTED.into());
    };
    let account = acting_account(tx, entry.actor.account)?;
    let room = may_post(tx, &account, command.room, command.reply_to)?;
    let mut effects = Vec::new();
    if room.member.is_none() {
        let role = account.role.min(Role::Member);
        effects = members::add_member(tx, entry, &account, command.room, role)?;
    }
    let posted = Posted {
        message_id: command.message_id,
        reply_to: command.reply_to,
        body: Some(command.body.clone()),
        edited: None,
        file: file.clone(),
    };
    let event = happen(tx, entry, &account, command.room, Change::Posted(posted))?;
    let reply = posted_reply(command.room, event.head.seq, entry.position, entry.time);
    // What one posted one has read.
    reading::advance_marker(tx, account.id, command.room, event.head.seq)?;
    reading::note_mentions(tx, account.id, command.room, event.head.seq, mentions)?;
    if let Some(file) = file {
        note_file(tx, account.id, &event.head, file)?;
    }
    effects.push(Effect::Happened(event));
    Ok(Verdict::Applied(reply, effects))
}

/// Its content is kept for as long as a message tells of it.
fn note_file(
    tx: &Connection,
    account: AccountId,
    at: &EventHead,
    file: &Attachment,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO file (hash, room, seq, account, size) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        file.hash.0.as_slice(),
        int(at.room.0),
        int(at.seq.0),
        int(account.0),
        int(file.size)
    ])
    .map(drop)
}

/// Judges who would post there, and what they would answer to.
fn may_post(
    db: &Connection,
    account: &AccountRow,
    room: RoomId,
    reply_to: Option<Seq>,
) -> Result<Access, Stop> {
    let found = authorized(db, account, room, Action::Post)?;
    match reply_to {
        Some(target) if target.0 == 0 || target > head(db, room)? => Err(Refusal::INVALID.into()),
        _ => Ok(found),
    }
}

/// What a file would become, judged before its bytes are taken; and again when it is posted.
pub(crate) fn judge_upload(
    db: &Connection,
    account: &AccountRow,
    upload: &Upload,
) -> Result<Prospect, Stop> {
    if let Some(reply) = earlier(db, account.id, upload.message_id)? {
        return Ok(Prospect::Posted(reply));
    }
    if upload.file.name.judged().is_err() {
        return Err(Refusal::INVALID.into());
    }
    may_post(db, account, upload.room, upload.reply_to)?;
    let sum = |sql, params: &[&dyn ToSql]| {
        db.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0))
    };
    let of_account = sum(
        "SELECT coalesce(sum(size), 0) FROM
             (SELECT DISTINCT hash, size FROM file WHERE account = ?1)",
        &[&int(account.id.0)],
    )?;
    let total =
        sum("SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT hash, size FROM file)", &[])?;
    let usage = Usage { account: of_account.cast_unsigned(), total: total.cast_unsigned() };
    Ok(Prospect::ToCome(usage))
}

/// What becomes of an upload.
#[derive(Debug)]
pub(crate) enum Prospect {
    /// It is a message already.
    Posted(Reply),
    /// Its bytes may come. So much is kept by now.
    ToCome(Usage),
}

/// The file of a message that one may read.
pub(crate) fn file_of(
    db: &Connection,
    account: &AccountRow,
    room: RoomId,
    seq: Seq,
) -> Result<Attachment, Stop> {
    let access = authorized(db, account, room, Action::Read)?;
    let found = match seq >= access.readable_from() {
        true => changes::file(db, room, seq)?,
        false => None,
    };
    Ok(found.ok_or(Refusal::NO_SUCH_FILE)?)
}

fn earlier(
    tx: &Connection,
    account: AccountId,
    message_id: MessageId,
) -> rusqlite::Result<Option<Reply>> {
    tx.prepare_cached(
        "SELECT room, seq, position, time FROM event WHERE account = ?1 AND message_id = ?2",
    )?
    .query_row(params![int(account.0), message_id.0.as_slice()], |row| {
        Ok(posted_reply(column(row, 0)?, column(row, 1)?, column(row, 2)?, column(row, 3)?))
    })
    .optional()
}

const fn posted_reply(room: RoomId, seq: Seq, position: LogPosition, time: Timestamp) -> Reply {
    Reply::Posted { room, seq, position, time }
}
