//! Live events, outwards: a few unidirectional streams, each carrying the rooms hashed to it.
//!
//! The lanes hold a seq for each room and nothing else. Woken by the bell they write all that is
//! waiting, from the room's ring, or from the store where the ring no longer has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Arc,
};

use quinn::Connection;
use tertulia_proto::{
    AccountId, DatagramKind, Event, Features, LaneNotice, Live, RoomClosed, RoomCursor, RoomId,
    RoomJump, RoomOpened, Run, Seq, StreamKind, close::CloseCode, lane_of, limits as wire,
};
use tertulia_quic::{Awaited, Copies};
use tokio::time::timeout;

use super::{Ended, Shared, frames::FrameWriter};
use crate::{
    hub::{Bell, ConnectionId, Read},
    limits,
};

const STORE_EVENTS: usize = 200;

/// One connection's lanes.
pub(crate) struct Lanes<'a> {
    shared: &'a Shared,
    account: AccountId,
    id: ConnectionId,
    bell: &'a Arc<Bell>,
    writers: Vec<FrameWriter>,
    copies: Option<&'a Copies>,
    features: Features,
    /// What the client said it has.
    cursors: BTreeMap<RoomId, Seq>,
    /// The next event of each room that is carried.
    next: BTreeMap<RoomId, Seq>,
    /// The rooms whose events ring the bell: in the hub for as long as they are here.
    subscribed: BTreeSet<RoomId>,
}

impl<'a> Lanes<'a> {
    /// Opens the streams. Cursors of another epoch must not come here.
    pub(crate) async fn open(
        shared: &'a Shared,
        connection: &Connection,
        account: AccountId,
        id: ConnectionId,
        bell: &'a Arc<Bell>,
        lanes: u8,
        cursors: &[RoomCursor],
    ) -> Result<Self, Ended> {
        let mut writers = Vec::with_capacity(usize::from(lanes));
        for lane in 0..lanes {
            // A client that allows no streams would be waited for without end.
            let stalled = Ended::Close(CloseCode::PROTOCOL, "no streams for the lanes");
            let stream = timeout(limits::HELLO_TIME, connection.open_uni()).await;
            let mut writer = FrameWriter::new(connection, stream.map_err(|_| stalled)??);
            writer.write_one(StreamKind::Live(lane).encode()).await?;
            writers.push(writer);
        }
        let cursors = cursors.iter().map(|cursor| (cursor.room, cursor.seq)).collect();
        Ok(Self {
            shared,
            account,
            id,
            bell,
            writers,
            copies: None,
            features: Features::default(),
            cursors,
            next: BTreeMap::new(),
            subscribed: BTreeSet::new(),
        })
    }

    /// Live events follow once more as these.
    pub(crate) fn follow_with(&mut self, copies: Option<&'a Copies>) {
        self.copies = copies;
    }

    /// Events are told to one who has these features in common with the server.
    pub(crate) fn tell_with(&mut self, features: Features) {
        self.features = features;
    }

    /// Carries the account's rooms until the connection ends.
    pub(crate) async fn run(mut self) -> Result<Infallible, Ended> {
        let own_rooms = self.shared.readers.own_rooms(self.account).await?;
        // Those that were there at the welcome, until they have caught up.
        let mut behind: BTreeSet<RoomId> = own_rooms.iter().copied().collect();
        for room in own_rooms {
            self.bell.open(room);
        }
        let mut is_live = false;
        loop {
            if !is_live && behind.is_empty() {
                is_live = true;
                self.tell_live().await?;
            }
            // A room in turn, so that a busy one does not keep the others waiting.
            // Who is not heard of gets what there is when there is a way again.
            if let Some(copies) = self.copies {
                copies.let_through().await;
            }
            for (room, todo) in self.bell.answer().await {
                if let Some(after) = todo.close {
                    self.close_room(room, after).await?;
                }
                if todo.open {
                    self.open_room(room).await?;
                }
                if todo.read {
                    self.tell_read(room).await?;
                }
                if self.write_some(room, None).await? {
                    self.bell.ring(room);
                } else {
                    behind.remove(&room);
                }
            }
        }
    }

    async fn tell_live(&mut self) -> Result<(), Ended> {
        let lanes = self.writers.len() as u8;
        for (lane, writer) in (0..).zip(&mut self.writers) {
            let carried = self.next.keys().filter(|room| lane_of(**room, lanes) == lane);
            let live = Live { rooms: carried.count() as u32 };
            writer.write_one(LaneNotice::from(live).encode()).await?;
        }
        Ok(())
    }

    async fn open_room(&mut self, room: RoomId) -> Result<(), Ended> {
        if self.next.contains_key(&room) {
            return Ok(());
        }
        // Rung from before the read on, so that no event falls between the two.
        self.subscribed.insert(room);
        self.shared.hub.subscribe(self.id, room, self.bell);
        let have = self.cursors.remove(&room);
        let found = self.shared.readers.catch_up(self.account, room, have).await?;
        let Some(catch_up) = found.filter(|found| found.listing.is_entered()) else {
            self.unsubscribe(room);
            return Ok(());
        };
        let next = catch_up.next;
        let opened = RoomOpened { room: catch_up.listing, next };
        self.writer(room).write_one(LaneNotice::from(opened).encode()).await?;
        self.next.insert(room, next);
        Ok(())
    }

    async fn tell_read(&mut self, room: RoomId) -> Result<(), Ended> {
        if self.next.contains_key(&room)
            && let Some(marker) = self.shared.readers.read_marker(self.account, room).await?
        {
            self.writer(room).write_one(LaneNotice::from(marker).encode()).await?;
        }
        Ok(())
    }

    fn unsubscribe(&mut self, room: RoomId) {
        self.subscribed.remove(&room);
        self.shared.hub.unsubscribe(self.id, room);
    }

    async fn close_room(&mut self, room: RoomId, after: Seq) -> Result<(), Ended> {
        while self.next.get(&room).is_some_and(|next| *next <= after) {
            if !self.write_some(room, Some(after)).await? {
                break;
            }
        }
        if self.next.remove(&room).is_some() {
            self.unsubscribe(room);
            let closed = LaneNotice::from(RoomClosed { room });
            self.writer(room).write_one(closed.encode()).await?;
        }
        Ok(())
    }

    /// Writes some of what is waiting of a room, nothing behind `last`; whether there may be more.
    async fn write_some(&mut self, room: RoomId, last: Option<Seq>) -> Result<bool, Ended> {
        let Some(&next) = self.next.get(&room) else {
            return Ok(false);
        };
        let (hub, turn) = (&self.shared.hub, limits::LANE_TURN_BYTES);
        let read = match last {
            None => hub.read(self.id, room, next, turn),
            Some(last) => hub.read_rest(room, next, turn, last),
        };
        let runs = match read {
            Read::UpToDate => return Ok(false),
            Read::Runs(runs) => {
                let runs = self.told(runs);
                if let Some(copies) = self.copies {
                    self.offer(copies, &runs);
                }
                runs
            }
            Read::Behind { head } => {
                self.shared.metrics.lane_store_reads.inc();
                // The store may be ahead, and what is there not for this reader any more.
                let head = last.map_or(head, |last| last.min(head));
                if head.0 - next.0 >= wire::CATCH_UP_EVENTS {
                    let newest = Seq(head.0.saturating_sub(wire::FRESH_EVENTS) + 1);
                    return self.jump(room, newest).await;
                }
                let readers = &self.shared.readers;
                let mut events = readers.events_from(room, next, STORE_EVENTS, turn).await?;
                events.retain(|event| event.head.seq <= head);
                match events.first() {
                    // What was kept no longer: said, not hidden.
                    Some(first) if first.head.seq > next => {
                        return self.jump(room, first.head.seq).await;
                    }
                    Some(_) => {
                        let told = |event: Event| event.told_with(self.features).encode().into();
                        events.into_iter().map(told).collect()
                    }
                    None => return self.jump(room, head.next()).await,
                }
            }
        };
        let written = runs.iter().map(Run::frames).sum::<u64>();
        let mut bytes: Vec<_> = runs.iter().map(|run| run.bytes().clone()).collect();
        self.writer(room).write(&mut bytes).await?;
        self.shared.metrics.deliveries.inc_by(written);
        self.next.insert(room, Seq(next.0 + written));
        Ok(true)
    }

    /// As this client is told of them: to most as they are.
    fn told(&self, runs: Vec<Run>) -> Vec<Run> {
        if self.features.has(Features::FILES) {
            return runs;
        }
        let frames = runs.iter().flat_map(Run::each);
        frames.map(|frame| Event::frame_told_with(frame, self.features).into()).collect()
    }

    /// Nobody waits for what they said themselves: its receipt tells that it is there.
    fn offer(&self, copies: &Copies, runs: &[Run]) {
        let is_own = |run: &Run| {
            run.each().all(|frame| {
                Event::head_of(&frame).is_some_and(|head| head.author.account == self.account)
            })
        };
        let awaited = match copies.per_frame() > 0 && runs.iter().all(is_own) {
            true => Awaited::ByNobody,
            false => Awaited::BySomebody,
        };
        copies.offer(DatagramKind::LaneCopy, runs, awaited);
    }

    async fn jump(&mut self, room: RoomId, next: Seq) -> Result<bool, Ended> {
        self.shared.metrics.lane_jumps.inc();
        let jump = LaneNotice::from(RoomJump { room, next });
        self.writer(room).write_one(jump.encode()).await?;
        self.next.insert(room, next);
        Ok(true)
    }

    fn writer(&mut self, room: RoomId) -> &mut FrameWriter {
        // There is at least one lane, and `lane_of` stays below their number.
        let lane = usize::from(lane_of(room, self.writers.len() as u8));
        &mut self.writers[lane]
    }
}

impl Drop for Lanes<'_> {
    fn drop(&mut self) {
        for room in &self.subscribed {
            self.shared.hub.unsubscribe(self.id, *room);
        }
    }
}
