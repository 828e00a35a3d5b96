//! The timelines on disk, written behind what is shown.

use tertulia_proto::{Epoch, Event, RoomId, RoomListing, Seq};
use tokio::sync::oneshot;

use super::KeptTimeline;
use crate::{
    model::Item,
    store::{
        Blocking,
        timelines::{Change, Timelines},
    },
};

/// Events that wait to be written; beyond, no more are read from the network.
const UNWRITTEN_EVENTS: usize = 4_096;

/// A question to the cache, answered after everything that was written before it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) room: RoomId,
    pub(super) before: Option<Seq>,
    pub(super) limit: u16,
    pub(super) waiting: Vec<Item>,
    pub(super) reply: oneshot::Sender<KeptTimeline>,
}

/// What goes to the cache in one job. Without a file it knows nothing and keeps nothing.
#[derive(Debug)]
pub(super) struct Cache {
    file: Option<Blocking<Timelines>>,
    /// The job under way; while there is one, changes gather for the next. `false`: it failed.
    pub(super) job: Option<oneshot::Receiver<bool>>,
    changes: Vec<Change>,
    reads: Vec<Read>,
    unwritten: usize,
}

impl Cache {
    pub(super) fn new(file: Option<Blocking<Timelines>>) -> Self {
        Self { file, job: None, changes: Vec::new(), reads: Vec::new(), unwritten: 0 }
    }

    /// Whether more may be read from the network.
    pub(super) fn has_room(&self) -> bool {
        self.unwritten < UNWRITTEN_EVENTS
    }

    pub(super) fn append(&mut self, room: RoomId, events: Vec<Event>) {
        self.unwritten += events.len();
        self.change(Change::Append(room, events));
    }

    pub(super) fn prepend(&mut self, room: RoomId, events: Vec<Event>) {
        self.unwritten += events.len();
        self.change(Change::Prepend(room, events));
    }

    pub(super) fn room(&mut self, listing: RoomListing, have: Seq) {
        self.change(Change::Room { listing, have });
    }

    pub(super) fn reset(&mut self, room: RoomId, have: Seq) {
        self.change(Change::Reset { room, have });
    }

    pub(super) fn forget(&mut self, room: RoomId) {
        self.change(Change::Forget(room));
    }

    pub(super) fn clear(&mut self, epoch: Epoch) {
        self.change(Change::Clear(epoch));
    }

    pub(super) fn read(&mut self, read: Read) {
        match self.file {
            Some(_) => self.reads.push(read),
            None => {
                let known = KeptTimeline { waiting: read.waiting, ..KeptTimeline::default() };
                // Whoever asked may have gone.
                let _ = read.reply.send(known);
            }
        }
    }

    /// Begins the next job, if none is under way.
    pub(super) fn store(&mut self) {
        let is_idle = self.changes.is_empty() && self.reads.is_empty();
        let (Some(file), None, false) = (&self.file, &self.job, is_idle) else {
            return;
        };
        let changes = std::mem::take(&mut self.changes);
        let reads = std::mem::take(&mut self.reads);
        self.unwritten = 0;
        self.job = Some(file.start(move |timelines| work(timelines, changes, reads)));
    }

    /// The job ended. After a failure the cache is not used any more: it would have gaps.
    pub(super) fn job_done(&mut self, is_written: Option<bool>) {
        if is_written == Some(true) {
            return;
        }
        self.file = None;
        self.changes.clear();
        self.unwritten = 0;
        for read in std::mem::take(&mut self.reads) {
            self.read(read);
        }
    }

    /// Writes everything.
    pub(super) async fn settle(&mut self) {
        self.store();
        while self.job.is_some() {
            let is_written = super::answer(&mut self.job).await;
            self.job_done(is_written);
            self.store();
        }
    }

    fn change(&mut self, change: Change) {
        if self.file.is_some() {
            self.changes.push(change);
        } else {
            self.unwritten = 0;
        }
    }
}

fn work(timelines: &mut Timelines, changes: Vec<Change>, reads: Vec<Read>) -> bool {
    let written = timelines.apply(changes);
    if let Err(error) = &written {
        tracing::warn!(%error, "the timeline cache can't be written and is not used any more");
    }
    for read in reads {
        let kept = kept(timelines, &read).unwrap_or_else(|error| {
            tracing::warn!(%error, "the timeline cache can't be read");
            (Vec::new(), None)
        });
        let (events, oldest) = kept;
        // Whoever asked may have gone.
        let _ = read.reply.send(KeptTimeline { events, oldest, waiting: read.waiting });
    }
    written.is_ok()
}

fn kept(timelines: &Timelines, read: &Read) -> rusqlite::Result<(Vec<Event>, Option<Seq>)> {
    let events = timelines.newest(read.room, read.before, read.limit)?;
    Ok((events, timelines.oldest(read.room)?))
}
