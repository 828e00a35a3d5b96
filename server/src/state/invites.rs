//! Invites: the database knows their hashes only.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{Refusal, Role, Timestamp};

use super::{
    account::acting_account,
    authorize::{Action, authorize},
    entry::{Actor, Entry, StoreInvite},
    verdict::{Reply, Stop, Verdict},
};
use crate::{
    limits,
    store::sql::{column, int},
};

/// Keeps an invite. An owner's invite by the server itself replaces the one before it.
pub(crate) fn store(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &StoreInvite,
) -> Result<Verdict, Stop> {
    if entry.actor == Actor::SERVER {
        if command.role == Role::Owner && command.expires_ms.is_none() {
            tx.prepare_cached("DELETE FROM invite WHERE role = ?1 AND expires IS NULL")?
                .execute([Role::Owner as i64])?;
        }
    } else {
        let account = acting_account(tx, entry.actor.account)?;
        authorize(account.role, Action::Invite(command.role))?;
    }
    tx.prepare_cached("DELETE FROM invite WHERE expires < ?1")?
        .execute([int(entry.time.0) - limits::DEAD_INVITE_KEPT_MS])?;
    let kept: u32 = tx.query_row("SELECT count(*) FROM invite", [], |row| column(row, 0))?;
    if kept >= limits::INVITES {
        return Err(Refusal::LIMIT.into());
    }
    let expires = command.expires_ms.map(|life| entry.time.0.saturating_add(life));
    tx.prepare_cached(
        "INSERT INTO invite (token_hash, role, uses_left, expires, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        command.token_hash.as_slice(),
        command.role as i64,
        command.uses,
        expires.map(int),
        int(entry.actor.account.0),
    ])?;
    Ok(Verdict::Applied(Reply::Done, Vec::new()))
}

/// The role an invite gives, if it can be used now.
pub(crate) fn check(tx: &Connection, hash: &[u8; 32], now: Timestamp) -> Result<Role, Stop> {
    let found = tx
        .prepare_cached("SELECT role, uses_left, expires FROM invite WHERE token_hash = ?1")?
        .query_row([hash.as_slice()], |row| {
            Ok((column(row, 0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
        })
        .optional()?;
    let Some((role, uses_left, expires)) = found else {
        return Err(Refusal::INVITE_UNKNOWN.into());
    };
    if expires.is_some_and(|expires| int(now.0) >= expires) {
        return Err(Refusal::INVITE_EXPIRED.into());
    }
    if uses_left <= 0 {
        return Err(Refusal::INVITE_USED_UP.into());
    }
    Ok(role)
}

/// Takes one use off.
pub(crate) fn use_up(tx: &Connection, hash: &[u8; 32]) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE invite SET uses_left = uses_left - 1 WHERE token_hash = ?1")?
        .execute([hash.as_slice()])
        .map(drop)
}
