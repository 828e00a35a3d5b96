//! The timelines on disk, written behind what is shown.

use std::sync::Arc;

use tertulia_proto::{Env, Epoch, Event, RoomId, RoomListing, Seq};
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

/// How a job ended.
#[derive(Debug)]
pub(super) enum Worked {
    Done { has_surplus: bool },
    Failed,
}

/// What goes to the cache in one job. Without a file it knows nothing and keeps nothing.
#[derive(Debug)]
pub(super) struct Cache {
    file: Option<Blocking<Timelines>>,
    /// The job under way; while there is one, changes gather for the next.
    pub(super) job: Option<oneshot::Receiver<Worked>>,
    /// More is kept than is wanted: it goes while nothing else is to be done.
    has_surplus: bool,
    changes: Vec<Change>,
    reads: Vec<Read>,
    unwritten: usize,
}

impl Cache {
    pub(super) fn new(file: Option<Timelines>, env: &Arc<dyn Env>) -> Self {
        Self {
            has_surplus: file.as_ref().is_some_and(Timelines::has_surplus),
            file: file.map(|file| Blocking::new(file, Arc::clone(env))),
            job: None,
            changes: Vec::new(),
            reads: Vec::new(),
            unwritten: 0,
        }
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.file.is_some()
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
        let is_idle = self.changes.is_empty() && self.reads.is_empty() && !self.has_surplus;
        let (Some(file), None, false) = (&self.file, &self.job, is_idle) else {
            return;
        };
        let changes = std::mem::take(&mut self.changes);
        let reads = std::mem::take(&mut self.reads);
        self.unwritten = 0;
        self.job = Some(file.start(move |timelines| work(timelines, changes, reads)));
    }

    /// The job ended. After a failure the cache is not used any more: it would have gaps.
    pub(super) fn job_done(&mut self, worked: Option<Worked>) {
        if let Some(Worked::Done { has_surplus }) = worked {
            self.has_surplus = has_surplus;
            return;
        }
        self.file = None;
        self.changes.clear();
        self.unwritten = 0;
        for read in std::mem::take(&mut self.reads) {
            self.read(read);
        }
    }

    /// Writes everything. What is too much stays for the next time: nobody waits for it.
    pub(super) async fn settle(&mut self) {
        self.has_surplus = false;
        self.store();
        while self.job.is_some() {
            let worked = super::answer(&mut self.job).await;
            self.job_done(worked);
            self.has_surplus = false;
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

fn work(timelines: &mut Timelines, changes: Vec<Change>, reads: Vec<Read>) -> Worked {
    let is_idle = changes.is_empty() && reads.is_empty();
    let written = match is_idle {
        true => timelines.trim(),
        false => timelines.apply(changes),
    };
    if let Err(error) = &written {
        tracing::warn!(%error, "the timeline cache can't be written and is not used any more");
        timelines.failed(error);
    }
    for read in reads {
        let kept = kept(timelines, &read).unwrap_or_else(|error| {
            tracing::warn!(%error, "the timeline cache can't be read");
            timelines.failed(&error);
            (Vec::new(), None)
        });
        let (events, oldest) = kept;
        // Whoever asked may have gone.
        let _ = read.reply.send(KeptTimeline { events, oldest, waiting: read.waiting });
    }
    match written {
        Ok(()) => Worked::Done { has_surplus: timelines.has_surplus() },
        Err(_) => Worked::Failed,
    }
}

fn kept(timelines: &Timelines, read: &Read) -> rusqlite::Result<(Vec<Event>, Option<Seq>)> {
    let events = timelines.newest(read.room, read.before, read.limit)?;
    Ok((events, timelines.oldest(read.room)?))
}
