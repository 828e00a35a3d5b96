//! Reading beside the writer: a few connections lent to short jobs.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, params};
use tertulia_proto::{
    AccountId, Attachment, Env, Event, History, PageHead, Person, ReadMarker, Refusal, ReqId,
    RoomId, RoomListing, Seq, Span, Timestamp, Upload, limits as wire,
};
use tokio::sync::{Semaphore, oneshot};

use super::{
    events,
    listings::{listing, read_marker},
    open_for_reading,
    sql::{column, int},
};
use crate::{
    limits,
    state::{
        Access, AccountRow, Action, DeviceKey, Prospect, Stop, access, account_by_device,
        authorize, file_of, invite_role, judge_upload,
    },
};

/// The read side of the database. Every method reads one consistent state of it.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    path: PathBuf,
    env: Arc<dyn Env>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

/// What may be refused.
pub(crate) type Asked<T> = rusqlite::Result<Result<T, Refusal>>;

/// A room's part of what a resuming connection is sent.
#[derive(Debug, Clone)]
pub(crate) struct CatchUp {
    pub(crate) listing: RoomListing,
    /// The first event to send.
    pub(crate) next: Seq,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, env: Arc<dyn Env>) -> Self {
        let permits = Arc::new(Semaphore::new(limits::READERS));
        Self { path, env, idle: Arc::default(), permits }
    }

    /// The account of a device.
    pub(crate) async fn account(&self, device: DeviceKey) -> rusqlite::Result<Option<AccountRow>> {
        self.read(move |db| account_by_device(db, &device)).await
    }

    /// What the writer would say of an invite, its time left out.
    pub(crate) async fn invite_refusal(
        &self,
        hash: Option<[u8; 32]>,
        invite_needed: bool,
    ) -> rusqlite::Result<Option<Refusal>> {
        let Some(hash) = hash else {
            return Ok(invite_needed.then_some(Refusal::INVITE_NEEDED));
        };
        self.read(move |db| match invite_role(db, &hash, Timestamp(0)) {
            Ok(_) | Err(Stop::NameTaken(_)) => Ok(None),
            Err(Stop::Refused(refusal)) => Ok(Some(refusal)),
            Err(Stop::Sql(error)) => Err(error),
        })
        .await
    }

    /// What an account has to do with a room that it may read.
    pub(crate) async fn readable(&self, account: &AccountRow, room: RoomId) -> Asked<Access> {
        let account = account.clone();
        self.read(move |db| readable(db, &account, room)).await
    }

    /// The rooms an account is a member of.
    pub(crate) async fn own_rooms(&self, account: AccountId) -> rusqlite::Result<Vec<RoomId>> {
        self.read(move |db| {
            db.prepare_cached("SELECT room FROM member WHERE account = ?1 ORDER BY room")?
                .query_map([int(account.0)], |row| column(row, 0))?
                .collect()
        })
        .await
    }

    /// One room as an account sees it; `None` if there is no such room.
    pub(crate) async fn listing(
        &self,
        account: AccountId,
        room: RoomId,
    ) -> rusqlite::Result<Option<RoomListing>> {
        self.read(move |db| listing(db, account, room)).await
    }

    /// The account's rooms and the public ones with a larger id, and whether more follow.
    pub(crate) async fn rooms(
        &self,
        account: AccountId,
        after: RoomId,
    ) -> rusqlite::Result<(Vec<RoomListing>, bool)> {
        self.read(move |db| {
            let mut ids: Vec<RoomId> = db
                .prepare_cached(
                    "SELECT id FROM room WHERE id > ?2 AND (kind = 0 OR EXISTS (
                         SELECT 1 FROM member WHERE account = ?1 AND room = id))
                     ORDER BY id LIMIT ?3",
                )?
                .query_map(params![int(account.0), int(after.0), page_and_one()], |row| {
                    column(row, 0)
                })?
                .collect::<rusqlite::Result<_>>()?;
            let more = cut(&mut ids);
            let mut rooms = Vec::with_capacity(ids.len());
            for id in ids {
                rooms.extend(listing(db, account, id)?);
            }
            Ok((rooms, more))
        })
        .await
    }

    /// How far an account has read a room; `None` where it is no member.
    pub(crate) async fn read_marker(
        &self,
        account: AccountId,
        room: RoomId,
    ) -> rusqlite::Result<Option<ReadMarker>> {
        self.read(move |db| read_marker(db, account, room)).await
    }

    /// A room's members with a larger id and their roles there, and whether more follow. `online`
    /// is left false.
    pub(crate) async fn members(
        &self,
        account: &AccountRow,
        room: RoomId,
        after: AccountId,
    ) -> Asked<(Vec<Person>, bool)> {
        let account = account.clone();
        self.read(move |db| {
            if let Err(refusal) = readable(db, &account, room)? {
                return Ok(Err(refusal));
            }
            let mut people: Vec<Person> = db
                .prepare_cached(
                    "SELECT id, handle, display, member.role FROM member
                     JOIN account ON account.id = member.account
                     WHERE room = ?1 AND account > ?2 ORDER BY account LIMIT ?3",
                )?
                .query_map(params![int(room.0), int(after.0), page_and_one()], |row| {
                    Ok(AccountRow::read(row, 0)?.person(false))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let more = cut(&mut people);
            Ok(Ok((people, more)))
        })
        .await
    }

    /// Where a connection that has a room up to `have` goes on, if that is not too far back.
    pub(crate) async fn catch_up(
        &self,
        account: AccountId,
        room: RoomId,
        have: Option<Seq>,
    ) -> rusqlite::Result<Option<CatchUp>> {
        self.read(move |db| {
            let Some(listing) = listing(db, account, room)? else {
                return Ok(None);
            };
            let from = access(db, account, room)?.map_or(Seq(0), |access| access.readable_from());
            let next = resume_at(db, &listing, have)?.max(from);
            Ok(Some(CatchUp { listing, next }))
        })
        .await
    }

    /// A room's events from `next` on, at most so many and about so many bytes.
    pub(crate) async fn events_from(
        &self,
        room: RoomId,
        next: Seq,
        limit: usize,
        bytes: usize,
    ) -> rusqlite::Result<Vec<Event>> {
        let span = Span::After(next.prev());
        self.read(move |db| events::collect(db, room, span, Seq(0), limit, bytes)).await
    }

    /// A page of what an account may read of a room's history, ascending.
    pub(crate) async fn page(
        &self,
        account: &AccountRow,
        req_id: ReqId,
        query: History,
    ) -> Asked<(PageHead, Vec<Event>)> {
        let account = account.clone();
        self.read(move |db| {
            let History { room, span, limit } = query;
            let from = match readable(db, &account, room)? {
                Ok(access) => access.readable_from(),
                Err(refusal) => return Ok(Err(refusal)),
            };
            let limit = usize::from(limit.clamp(1, wire::PAGE_EVENTS));
            let bytes = wire::PAGE_BYTES - 1_024;
            let mut events = events::collect(db, room, span, from, limit, bytes)?;
            if !matches!(span, Span::After(_)) {
                events.reverse();
            }
            let (oldest, head) = db
                .prepare_cached(
                    "SELECT coalesce(
                         (SELECT min(seq) FROM event WHERE room = ?1 AND seq >= ?2), 0), head
                     FROM room WHERE id = ?1",
                )?
                .query_row(params![int(room.0), int(from.0)], |row| {
                    Ok((column(row, 0)?, column(row, 1)?))
                })?;
            let count = events.len() as u16;
            Ok(Ok((PageHead { req_id, room, events: count, oldest, head }, events)))
        })
        .await
    }

    /// What becomes of an upload, before its bytes are taken.
    pub(crate) async fn upload(&self, account: &AccountRow, upload: &Upload) -> Asked<Prospect> {
        let (account, upload) = (account.clone(), upload.clone());
        self.read(move |db| asked(judge_upload(db, &account, &upload))).await
    }

    /// The file of a message that an account may read.
    pub(crate) async fn file(
        &self,
        account: &AccountRow,
        room: RoomId,
        seq: Seq,
    ) -> Asked<Attachment> {
        let account = account.clone();
        self.read(move |db| asked(file_of(db, &account, room, seq))).await
    }

    /// Runs a job on one of the connections. Cancelling the future leaves the job to end alone.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let gone = || rusqlite::Error::InvalidQuery;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| gone())?;
        let (tx, rx) = oneshot::channel();
        let (idle, path) = (Arc::clone(&self.idle), self.path.clone());
        self.env.run_blocking(Box::new(move || {
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let result = lent.map_or_else(|| open_for_reading(&path), Ok).and_then(|db| {
                // One transaction, so that several statements see one state.
                db.prepare_cached("BEGIN")?.execute([])?;
                let result = job(&db);
                db.prepare_cached("ROLLBACK")?.execute([])?;
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
                result
            });
            drop(permit);
            // The asker may have gone away.
            let _ = tx.send(result);
        }));
        rx.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn asked<T>(judged: Result<T, Stop>) -> rusqlite::Result<Result<T, Refusal>> {
    match judged {
        Ok(found) => Ok(Ok(found)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::NameTaken(_)) => Ok(Err(Refusal::NAME_TAKEN)),
        Err(Stop::Sql(error)) => Err(error),
    }
}

/// Judged in the transaction that reads: what was allowed before may not be any more.
fn readable(
    db: &Connection,
    account: &AccountRow,
    room: RoomId,
) -> rusqlite::Result<Result<Access, Refusal>> {
    let found = access(db, account.id, room)?;
    let judged = authorize(account.role, Action::Read(found));
    Ok(judged.and_then(|()| found.ok_or(Refusal::NO_SUCH_ROOM)))
}

fn page_and_one() -> i64 {
    wire::LIST_ENTRIES as i64 + 1
}

/// Cuts a list that was asked for with one entry too many; whether that one was there.
fn cut<T>(list: &mut Vec<T>) -> bool {
    let more = list.len() > wire::LIST_ENTRIES;
    list.truncate(wire::LIST_ENTRIES);
    more
}

/// One past what the client has, unless that is too much to send one by one; then the newest few.
fn resume_at(db: &Connection, listing: &RoomListing, have: Option<Seq>) -> rusqlite::Result<Seq> {
    let head = listing.head;
    let fresh = Seq(head.0.saturating_sub(wire::FRESH_EVENTS) + 1);
    let Some(have) = have else { return Ok(fresh) };
    // A cursor past the head is of a history that was lost: start afresh.
    if have > head {
        return Ok(fresh);
    }
    if head.0 - have.0 > wire::CATCH_UP_EVENTS {
        return Ok(fresh);
    }
    // So few events can't be too many bytes.
    if head.0 - have.0 <= wire::CATCH_UP_BYTES / wire::TEXT_BYTES as u64 {
        return Ok(have.next());
    }
    let bytes: i64 = db
        .prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0) FROM event JOIN body USING (position)
             WHERE room = ?1 AND seq > ?2",
        )?
        .query_row(params![int(listing.room.0), int(have.0)], |row| row.get(0))?;
    Ok(if bytes as u64 > wire::CATCH_UP_BYTES { fresh } else { have.next() })
}
