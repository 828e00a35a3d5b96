//! `audit`: who changed what about the server, read from its log. What people write and read is
//! not in it, nor is anything secret: the log knows hashes only.

use std::{collections::BTreeMap, io, path::Path};

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use tertulia_certs::KeyFingerprint;
use tertulia_proto::{AccountId, LogPosition, RoomId, SetMember};

use super::{AdminError, database, rfc3339};
use crate::{
    data_dir,
    state::{Actor, LogCommand},
    store::{
        StoreError,
        log_rows::{self, LogRow},
        sql::int,
    },
};

/// Enough of a device's fingerprint to tell it from others.
const SHORT: usize = 12;
/// Handles kept at once; beyond, they are looked up again.
const HANDLES: usize = 4_096;

/// An administrative entry of the log; one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditLine {
    /// Its place in the log.
    pub position: u64,
    /// When: RFC 3339, UTC.
    pub time: String,
    /// The handle of who did it; `server` for the operator and the server itself.
    pub actor: String,
    /// The beginning of their device's fingerprint.
    pub device: Option<String>,
    /// What was done.
    pub action: &'static str,
    /// To whom or what.
    pub subject: Option<String>,
    /// In which room, as it is called now.
    pub room: Option<String>,
}

/// Hands every administrative entry out, oldest first.
pub fn audit(
    data: &Path,
    mut to: impl FnMut(&AuditLine) -> io::Result<()>,
) -> Result<(), AdminError> {
    let path = data_dir::database_of(data);
    let db = database(data)?;
    let sqlite = |source| StoreError::new(&path, source);
    let mut handles = BTreeMap::new();
    let mut after = LogPosition(0);
    loop {
        let page = log_rows::after(&db, after).map_err(sqlite)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position;
        for row in &page {
            let Some(Deed { action, subject, room }) = administrative(row) else { continue };
            // One who registers is nobody before.
            let actor = match (action, &subject) {
                ("register", Some(handle)) => handle.clone(),
                _ => actor(&db, &mut handles, row.actor).map_err(sqlite)?,
            };
            let device = row.actor.device.map(|key| {
                let mut shown = KeyFingerprint::from_bytes(key).to_string();
                shown.truncate(SHORT);
                shown
            });
            let room = room.map(|room| room_name(&db, room)).transpose().map_err(sqlite)?;
            let (position, time) = (row.position.0, rfc3339(row.time));
            to(&AuditLine { position, time, actor, device, action, subject, room })
                .map_err(AdminError::Output)?;
        }
    }
}

/// What an entry changed about the server.
struct Deed {
    action: &'static str,
    subject: Option<String>,
    room: Option<RoomId>,
}

/// `None` for conversation: who talks with whom is nobody's business here.
fn administrative(row: &LogRow) -> Option<Deed> {
    let (action, subject, room) = match LogCommand::from_record(&row.record) {
        Ok(LogCommand::Register(command)) => ("register", Some(command.handle.to_string()), None),
        Ok(LogCommand::CreateRoom(command)) => {
            ("create_room", Some(command.name.to_string()), None)
        }
        Ok(LogCommand::StoreInvite(command)) => {
            let uses = command.uses;
            ("invite", Some(format!("{}, {uses} uses", command.role)), None)
        }
        Ok(LogCommand::Rename(command)) => ("rename", Some(command.name.to_string()), None),
        Ok(LogCommand::SetMember(SetMember { room, handle, role })) => {
            let subject =
                role.map_or_else(|| handle.to_string(), |role| format!("{handle}, {role}"));
            ("set_member", Some(subject), Some(room))
        }
        Ok(LogCommand::RemoveMember(command)) => {
            ("remove_member", Some(command.handle.to_string()), Some(command.room))
        }
        Ok(LogCommand::SetTopic(command)) => {
            ("set_topic", Some(command.topic.to_string()), Some(command.room))
        }
        Ok(LogCommand::RenameRoom(command)) => {
            ("rename_room", Some(command.name.to_string()), Some(command.room))
        }
        Ok(LogCommand::ArchiveRoom(command)) => {
            let action = if command.archived { "archive_room" } else { "unarchive_room" };
            (action, None, Some(command.room))
        }
        Ok(
            LogCommand::Send(_)
            | LogCommand::EnterRoom(_)
            | LogCommand::LeaveRoom(_)
            | LogCommand::MarkRead(_)
            | LogCommand::OpenDirect(_),
        ) => return None,
        Err(_) => ("unreadable", None, None),
    };
    Some(Deed { action, subject, room })
}

fn room_name(db: &Connection, room: RoomId) -> rusqlite::Result<String> {
    let name: Option<String> = db
        .prepare_cached("SELECT name FROM room WHERE id = ?1")?
        .query_row([int(room.0)], |row| row.get(0))
        .optional()?;
    Ok(name.unwrap_or_else(|| format!("room {room}")))
}

fn actor(
    db: &Connection,
    known: &mut BTreeMap<AccountId, String>,
    Actor { account, .. }: Actor,
) -> rusqlite::Result<String> {
    if account.0 == 0 {
        return Ok("server".to_owned());
    }
    if let Some(handle) = known.get(&account) {
        return Ok(handle.clone());
    }
    let handle: Option<String> = db
        .prepare_cached("SELECT handle FROM account WHERE id = ?1")?
        .query_row([int(account.0)], |row| row.get(0))
        .optional()?;
    let handle = handle.unwrap_or_else(|| format!("account {}", account.0));
    if known.len() >= HANDLES {
        known.clear();
    }
    known.insert(account, handle.clone());
    Ok(handle)
}
