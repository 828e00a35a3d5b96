//! An event's change as the columns of its row, both ways.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use tertulia_proto::{
    AccountId, Added, Archived, Attachment, Author, Body, Change, Event, Joined, Left, MessageId,
    Posted, Removed, Role, RoleChanged, RoomId, RoomRenamed, Seq, TopicChanged,
};

use super::sql::{bytes, column, int, invalid};
use crate::state::AccountRow;

/// A message's kind.
const POSTED: i64 = 256;

/// What a row holds of a change. A message's body lies apart.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// As on the wire; a message is one whether it brings a file or not.
    pub(crate) kind: i64,
    pub(crate) message_id: Option<[u8; 16]>,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) subject: Option<AccountId>,
    pub(crate) detail: Option<Vec<u8>>,
}

impl Columns {
    pub(crate) fn of(event: &Event) -> rusqlite::Result<Self> {
        let kind = int(event.kind());
        let columns = match &event.change {
            Change::Posted(posted) => {
                return Ok(Self {
                    kind: POSTED,
                    message_id: Some(posted.message_id.0),
                    reply_to: posted.reply_to,
                    subject: None,
                    detail: posted.file.as_ref().map(packed).transpose()?,
                });
            }
            Change::Added(Added { member, role })
            | Change::RoleChanged(RoleChanged { member, role }) => Self {
                subject: Some(member.account),
                detail: Some(packed(role)?),
                ..Self::default()
            },
            Change::Removed(Removed { member }) => {
                Self { subject: Some(member.account), ..Self::default() }
            }
            Change::TopicChanged(body) => Self { detail: Some(packed(body)?), ..Self::default() },
            Change::RoomRenamed(body) => Self { detail: Some(packed(body)?), ..Self::default() },
            Change::Archived(body) => Self { detail: Some(packed(body)?), ..Self::default() },
            Change::Joined(_) | Change::Left(_) | Change::Unknown(_) => Self::default(),
        };
        Ok(Self { kind, ..columns })
    }
}

/// Reads the columns `kind, message_id, reply_to, edited, subject, detail, bytes`, from `first` on.
pub(crate) fn read(db: &Connection, row: &Row<'_>, first: usize) -> rusqlite::Result<Change> {
    let kind: i64 = row.get(first)?;
    let subject = || author(db, column(row, first + 4)?);
    Ok(match kind {
        POSTED => Change::Posted(Posted {
            message_id: MessageId(bytes(row, first + 1)?),
            reply_to: optional(row, first + 2)?,
            edited: optional(row, first + 3)?,
            body: match row.get::<_, Option<Vec<u8>>>(first + 6)? {
                Some(bytes) => Some(unpacked::<Body>(&bytes, first + 6)?),
                None => None,
            },
            file: match row.get::<_, Option<Vec<u8>>>(first + 5)? {
                Some(bytes) => Some(unpacked::<Attachment>(&bytes, first + 5)?),
                None => None,
            },
        }),
        260 => Change::Joined(Joined {}),
        261 => Change::Left(Left {}),
        262 => Change::Added(Added { member: subject()?, role: detail::<Role>(row, first)? }),
        263 => Change::Removed(Removed { member: subject()? }),
        264 => Change::RoleChanged(RoleChanged {
            member: subject()?,
            role: detail::<Role>(row, first)?,
        }),
        265 => Change::TopicChanged(detail::<TopicChanged>(row, first)?),
        266 => Change::RoomRenamed(detail::<RoomRenamed>(row, first)?),
        267 => Change::Archived(detail::<Archived>(row, first)?),
        other => Change::Unknown(u64::try_from(other).unwrap_or_default()),
    })
}

/// The file that a message brought, if it is one and did.
pub(crate) fn file(
    db: &Connection,
    room: RoomId,
    seq: Seq,
) -> rusqlite::Result<Option<Attachment>> {
    db.prepare_cached(
        "SELECT detail FROM event WHERE room = ?1 AND seq = ?2 AND kind = ?3 AND detail NOT NULL",
    )?
    .query_row(params![int(room.0), int(seq.0), POSTED], |row| {
        unpacked(&row.get::<_, Vec<u8>>(0)?, 0)
    })
    .optional()
}

/// An account as it is called now.
fn author(db: &Connection, id: AccountId) -> rusqlite::Result<Author> {
    db.prepare_cached("SELECT id, handle, display, role FROM account WHERE id = ?1")?
        .query_row([int(id.0)], |row| Ok(AccountRow::read(row, 0)?.author()))
}

fn optional<T: super::sql::Column>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<i64>>(index)?.map(|_| column(row, index)).transpose()
}

fn detail<T: DeserializeOwned>(row: &Row<'_>, first: usize) -> rusqlite::Result<T> {
    unpacked(&row.get::<_, Vec<u8>>(first + 5)?, first + 5)
}

fn packed(value: &impl Serialize) -> rusqlite::Result<Vec<u8>> {
    postcard::to_stdvec(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn unpacked<T: DeserializeOwned>(bytes: &[u8], index: usize) -> rusqlite::Result<T> {
    postcard::from_bytes(bytes).map_err(|_| invalid(index, Type::Blob))
}
