//! What an account has to do with a room.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{AccountId, HistoryPolicy, Refusal, Role, RoomId, RoomKind, Seq};

use super::{
    account::AccountRow,
    authorize::{Action, authorize},
};
use crate::store::sql::{column, int};

/// Bits of a room's flags.
pub(crate) const SINCE_JOINED: i64 = 1;
pub(crate) const ARCHIVED: i64 = 1 << 1;

/// A room, and one's place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) kind: RoomKind,
    pub(crate) archived: bool,
    pub(crate) history: HistoryPolicy,
    /// Its role there, if it is a member.
    pub(crate) member: Option<Role>,
    /// The event by which it became one.
    pub(crate) since: Seq,
}

impl Access {
    /// The first event that may be read.
    pub(crate) fn readable_from(&self) -> Seq {
        match (self.history, self.member) {
            (HistoryPolicy::All, _) => Seq(0),
            (HistoryPolicy::SinceJoined, Some(_)) => self.since,
            (HistoryPolicy::SinceJoined, None) => Seq(i64::MAX as u64),
        }
    }
}

/// The policy that the flag stands for.
pub(crate) const fn history_policy(since_joined: bool) -> HistoryPolicy {
    if since_joined { HistoryPolicy::SinceJoined } else { HistoryPolicy::All }
}

/// What an account has to do with a room; `None` where there is no such room.
pub(crate) fn access(
    db: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<Option<Access>> {
    db.prepare_cached(
        "SELECT kind, flags, role, since
         FROM room LEFT JOIN member ON member.room = room.id AND member.account = ?2
         WHERE id = ?1",
    )?
    .query_row(params![int(room.0), int(account.0)], |row| {
        let flags: i64 = row.get(1)?;
        let member = row.get::<_, Option<i64>>(2)?.is_some();
        Ok(Access {
            kind: column(row, 0)?,
            archived: flags & ARCHIVED != 0,
            history: history_policy(flags & SINCE_JOINED != 0),
            member: if member { Some(column(row, 2)?) } else { None },
            since: if member { column(row, 3)? } else { Seq(0) },
        })
    })
    .optional()
}

/// Judges what an account wants of a room; what it has to do with it.
pub(super) fn authorized(
    db: &Connection,
    account: &AccountRow,
    room: RoomId,
    action: impl FnOnce(Option<Access>) -> Action,
) -> Result<Access, super::Stop> {
    let found = access(db, account.id, room)?;
    authorize(account.role, action(found))?;
    Ok(found.ok_or(Refusal::NO_SUCH_ROOM)?)
}
