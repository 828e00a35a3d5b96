//! From a handle's `send` to the receipt.

use std::{collections::BTreeMap, io, time::Duration};

use tertulia_proto::{MessageId, MessageText, Receipt, Refusal, Rejected, RoomId, Seq, Timestamp};
use tokio::sync::oneshot;

use super::Driver;
use crate::{
    core::{
        backoff,
        outbox::{Outbox, Row, RowId},
    },
    error::SendError,
    model::{ClientEvent, Content, Delivery, Item},
    store::{
        Blocking,
        outbox_file::{Change, OutboxFile},
    },
};

/// How often rows of processes that died are looked for.
const SEARCH: Duration = Duration::from_secs(5);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is durable on the server.
    Sent { message_id: MessageId, seq: Seq, time: Timestamp },
    /// The server will not have it.
    Refused { message_id: MessageId, refusal: Refusal },
}

/// Rows that dead processes left.
type Found = io::Result<Vec<(RowId, Row)>>;

type Stored = oneshot::Sender<Result<MessageId, SendError>>;

/// The outbox, its file, and who waits for it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) outbox: Outbox,
    file: Blocking<OutboxFile>,
    /// The transaction under way; while there is one, changes gather for the next.
    pub(super) job: Option<oneshot::Receiver<rusqlite::Result<Vec<RowId>>>>,
    storing: Batch,
    next: Batch,
    /// Rows that are done with and still on disk, because a transaction failed: they go with the
    /// next one that there is another reason for.
    unremoved: Vec<RowId>,
    /// The search for rows of the dead under way.
    pub(super) search: Option<oneshot::Receiver<Found>>,
    searched_at: Duration,
    outcomes: BTreeMap<MessageId, oneshot::Sender<Outcome>>,
    last_id_at: Timestamp,
}

#[derive(Debug, Default)]
struct Batch {
    changes: Vec<Change>,
    rows: Vec<Storing>,
    cancels: Vec<oneshot::Sender<Result<bool, SendError>>>,
    /// What of the changes under way removes rows.
    removes: Vec<RowId>,
    /// Rows that are marked as sent, if only just in time.
    marks: Vec<RowId>,
}

/// A row that is not on disk yet.
#[derive(Debug)]
struct Storing {
    row: Row,
    reply: Stored,
    /// The failed row whose place it takes.
    replaced: Option<(RowId, Row)>,
}

impl Desk {
    pub(super) fn new(file: Blocking<OutboxFile>, rows: Vec<(RowId, Row)>) -> Self {
        let mut outbox = Outbox::default();
        for (id, row) in rows {
            outbox.inherit(id, row);
        }
        Self {
            outbox,
            file,
            job: None,
            storing: Batch::default(),
            next: Batch::default(),
            unremoved: Vec::new(),
            search: None,
            searched_at: Duration::ZERO,
            outcomes: BTreeMap::new(),
            last_id_at: Timestamp(0),
        }
    }

    /// Messages without a receipt, stored or about to be.
    pub(super) fn pending(&self) -> usize {
        self.outbox.pending() + self.unstored()
    }

    fn unstored(&self) -> usize {
        self.storing.rows.len() + self.next.rows.len()
    }

    /// When to look for the dead again; not while that is being done.
    pub(super) fn search_at(&self) -> Option<Duration> {
        match self.search {
            None => Some(self.searched_at + SEARCH),
            Some(_) => None,
        }
    }

    /// Begins the next transaction, if none is under way.
    pub(super) fn store(&mut self) {
        if self.job.is_some() || self.next.changes.is_empty() {
            return;
        }
        self.storing = std::mem::take(&mut self.next);
        let mut changes = std::mem::take(&mut self.storing.changes);
        changes.extend(self.unremoved.drain(..).map(Change::Remove));
        self.storing.removes = changes.iter().filter_map(Change::removes).collect();
        self.job = Some(self.file.start(|file| file.apply(changes)));
    }

    /// Stores everything that was taken.
    pub(super) async fn settle(&mut self) {
        while self.job.is_some() || !self.next.changes.is_empty() {
            self.store();
            let stored = super::answer(&mut self.job).await;
            for row in self.stored(stored) {
                drop(row);
            }
        }
    }

    /// The transaction ended: the rows that are to be shown now, as stored or as before.
    fn stored(&mut self, stored: Option<rusqlite::Result<Vec<RowId>>>) -> Vec<Row> {
        let batch = std::mem::take(&mut self.storing);
        // On a full disk it is better sent than marked: this process knows that it was.
        batch.marks.iter().for_each(|id| self.outbox.marked(*id));
        let failure = match stored {
            Some(Ok(ids)) => {
                let mut rows = Vec::new();
                for (id, Storing { row, reply, .. }) in ids.into_iter().zip(batch.rows) {
                    self.outbox.insert(id, row.clone());
                    // Whoever sent it may have gone; the message stays.
                    let _ = reply.send(Ok(row.message_id));
                    rows.push(row);
                }
                for reply in batch.cancels {
                    let _ = reply.send(Ok(true));
                }
                return rows;
            }
            Some(Err(error)) => error.to_string(),
            None => "the job was lost".to_owned(),
        };
        tracing::error!(%failure, "the outbox can't be written");
        self.unremoved = batch.removes;
        let mut rows = Vec::new();
        for Storing { row, reply, replaced } in batch.rows {
            self.outcomes.remove(&row.message_id);
            if let Some((id, failed)) = replaced {
                self.outbox.insert(id, failed.clone());
                rows.push(failed);
            }
            let _ = reply.send(Err(SendError::Storage(failure.clone())));
        }
        for reply in batch.cancels {
            let _ = reply.send(Err(SendError::Storage(failure.clone())));
        }
        rows
    }

    fn finish(&mut self, outcome: Outcome) {
        let (Outcome::Sent { message_id, .. } | Outcome::Refused { message_id, .. }) = outcome;
        if let Some(reply) = self.outcomes.remove(&message_id) {
            let _ = reply.send(outcome);
        }
    }
}

impl Driver {
    pub(super) fn queue(
        &mut self,
        room: RoomId,
        text: MessageText,
        reply_to: Option<Seq>,
        stored: Stored,
        outcome: Option<oneshot::Sender<Outcome>>,
    ) {
        if self.desk.outbox.is_full(self.desk.unstored()) {
            let _ = stored.send(Err(SendError::Storage("it is full".to_owned())));
            return;
        }
        let row = self.new_row(room, text, reply_to);
        if let Some(outcome) = outcome {
            self.desk.outcomes.insert(row.message_id, outcome);
        }
        self.desk.next.changes.push(Change::Insert(row.clone()));
        self.desk.next.rows.push(Storing { row, reply: stored, replaced: None });
    }

    fn new_row(&mut self, room: RoomId, text: MessageText, reply_to: Option<Seq>) -> Row {
        let created = self.wall_clock();
        let message_id = self.next_message_id(created);
        // With a connection it goes out at once: it is marked in the same transaction.
        let may_be_sent = self.session.is_welcome() || self.way_out().is_some();
        let epoch = self.epoch();
        Row { message_id, epoch, room, text, reply_to, created, failed: None, may_be_sent }
    }

    /// Marks what is about to be sent, so that whoever inherits it knows.
    pub(super) fn mark_rows(&mut self) {
        let now = self.now();
        for id in self.desk.outbox.take_unmarked(now) {
            self.desk.next.changes.push(Change::Mark { id, may_be_sent: true });
            self.desk.next.marks.push(id);
        }
    }

    pub(super) fn stored(&mut self, stored: Option<rusqlite::Result<Vec<RowId>>>) {
        for row in self.desk.stored(stored) {
            self.show(&row);
        }
    }

    pub(super) fn retry(
        &mut self,
        message_id: MessageId,
        reply: oneshot::Sender<Result<(), SendError>>,
    ) {
        let failed = self.desk.outbox.get(message_id).is_some_and(|(_, row)| row.failed.is_some());
        if !failed {
            self.desk.outbox.wake();
            self.wake();
            let _ = reply.send(Ok(()));
            return;
        }
        if let Some((id, failed)) = self.desk.outbox.remove(message_id) {
            self.outlet.emit(ClientEvent::ItemGone { room: failed.room, message_id });
            let row = self.new_row(failed.room, failed.text.clone(), failed.reply_to);
            self.desk.next.changes.push(Change::Replace(id, row.clone()));
            let (stored, rx) = oneshot::channel();
            let replaced = Some((id, failed));
            self.desk.next.rows.push(Storing { row, reply: stored, replaced });
            tokio::spawn(async move {
                let stored = rx.await.unwrap_or(Err(SendError::Closed));
                let _ = reply.send(stored.map(drop));
            });
        }
    }

    pub(super) fn cancel(
        &mut self,
        message_id: MessageId,
        reply: oneshot::Sender<Result<bool, SendError>>,
    ) {
        if !self.desk.outbox.is_unsent(message_id) {
            let _ = reply.send(Ok(false));
            return;
        }
        if let Some((id, row)) = self.desk.outbox.remove(message_id) {
            self.desk.next.changes.push(Change::Remove(id));
            self.desk.next.cancels.push(reply);
            self.desk.outcomes.remove(&message_id);
            self.outlet.emit(ClientEvent::ItemGone { room: row.room, message_id });
        }
    }

    pub(super) fn receipted(&mut self, receipt: Receipt) {
        self.sent(receipt.message_id, receipt.seq, receipt.time);
    }

    /// A message of one's own has its place: by its receipt or by its echo, whichever is first.
    pub(super) fn sent(&mut self, message_id: MessageId, seq: Seq, time: Timestamp) {
        let Some((id, row)) = self.desk.outbox.remove(message_id) else {
            return;
        };
        self.desk.next.changes.push(Change::Remove(id));
        self.desk.finish(Outcome::Sent { message_id, seq, time });
        if let Some(item) = self.item(&row) {
            let item = Item { seq: Some(seq), time, delivery: Delivery::Sent, ..item };
            self.outlet.emit(ClientEvent::Items { room: row.room, items: vec![item] });
        }
    }

    pub(super) fn refused(&mut self, message_id: MessageId, rejected: &Rejected) {
        if !self.desk.outbox.is_refused(message_id) {
            return;
        }
        let refusal = rejected.refusal;
        if !refusal.is_final() {
            let wait = rejected.retry_after_ms.map(backoff::asked_wait);
            let now = self.now();
            if let Some(id) = self.desk.outbox.postpone(message_id, refusal, wait, now) {
                self.desk.next.changes.push(Change::Mark { id, may_be_sent: false });
            }
            return;
        }
        self.fail(message_id, refusal);
    }

    /// The message is never sent as it is: a person decides what becomes of it.
    pub(super) fn fail(&mut self, message_id: MessageId, refusal: Refusal) {
        let Some((id, row)) = self.desk.outbox.fail(message_id, refusal) else {
            return;
        };
        let row = row.clone();
        self.desk.next.changes.push(Change::Fail(id, refusal));
        self.desk.finish(Outcome::Refused { message_id, refusal });
        self.show(&row);
    }

    /// Looks for rows that dead processes left, every now and then.
    pub(super) fn look_for_the_dead(&mut self, now: Duration) {
        if self.desk.search_at().is_some_and(|at| at <= now) {
            self.desk.searched_at = now;
            self.desk.search = Some(self.desk.file.start(OutboxFile::take_over));
        }
    }

    pub(super) fn inherited(&mut self, found: Option<Found>) {
        match found {
            Some(Ok(rows)) => {
                // Who wrote them counts on somebody to try, as after a send of one's own.
                if !rows.is_empty() && !self.session.is_stopped() {
                    self.session.wake();
                }
                for (id, row) in rows {
                    self.desk.outbox.inherit(id, row.clone());
                    self.show(&row);
                }
            }
            Some(Err(error)) => tracing::warn!(%error, "rows of other processes can't be read"),
            None => {}
        }
    }

    /// Rows of a room as they are shown behind its timeline.
    pub(super) fn waiting_items(&self, room: RoomId) -> Vec<Item> {
        let rows = self.desk.outbox.rows().filter(|row| row.room == room);
        rows.filter_map(|row| self.item(row)).collect()
    }

    fn show(&mut self, row: &Row) {
        if let Some(item) = self.item(row) {
            self.outlet.emit(ClientEvent::Items { room: row.room, items: vec![item] });
        }
    }

    /// `None`: nobody was ever welcomed, so nobody knows who the author is.
    pub(super) fn item(&self, row: &Row) -> Option<Item> {
        let profile = self.profile.as_ref()?;
        Some(Item {
            seq: None,
            message_id: Some(row.message_id),
            author: profile.author(),
            time: row.created,
            mine: true,
            reply_to: row.reply_to,
            content: Content::Text(row.text.clone()),
            file: None,
            delivery: row.failed.map_or(Delivery::Pending, Delivery::Failed),
        })
    }

    /// Ids sort by time of writing even within a millisecond, or when the clock is set back.
    fn next_message_id(&mut self, now: Timestamp) -> MessageId {
        let at = Timestamp(now.0.max(self.desk.last_id_at.0.saturating_add(1)));
        self.desk.last_id_at = at;
        let mut random = [0; 10];
        self.env.fill_random(&mut random);
        MessageId::new(at, random)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::SystemEnv;

    fn row(n: u64) -> Row {
        Row {
            message_id: MessageId::new(Timestamp(n), [0; 10]),
            epoch: None,
            room: RoomId(1),
            text: MessageText::new("x").unwrap(),
            reply_to: None,
            created: Timestamp(n),
            failed: None,
            may_be_sent: true,
        }
    }

    async fn on_disk(desk: &Desk) -> Vec<Row> {
        let all = desk.file.start(|file| file.all().unwrap()).await.unwrap();
        all.into_iter().map(|(_, row)| row).collect()
    }

    #[tokio::test]
    async fn what_a_failed_transaction_left_on_disk_goes_with_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let ids = file.apply(vec![Change::Insert(row(1)), Change::Insert(row(2))]).unwrap();
        let mut desk = Desk::new(Blocking::new(file, Arc::new(SystemEnv)), Vec::new());
        let repeat = Change::Insert(row(2));
        desk.next.changes.extend([Change::Remove(ids[0]), repeat]);
        desk.settle().await;
        assert_eq!(on_disk(&desk).await, [row(1), row(2)]);
        desk.next.changes.push(Change::Insert(row(3)));
        desk.settle().await;
        assert_eq!(on_disk(&desk).await, [row(2), row(3)]);
    }
}
