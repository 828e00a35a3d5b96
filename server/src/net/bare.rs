//! The chat without its transport, for programs that measure what another one makes of it: log,
//! store, rules and rings are the server's own, frames come and go as the caller likes.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bytes::Bytes;
use tertulia_proto::{
    ClientMessage, Env, Frame, LaneNotice, Registration, Request, RoomId, RoomOpened, Seq,
    ServerMessage, Unregistered, VersionRange, limits as wire,
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Ended, Settings, Shared, commands,
    greeting::{self, Guest},
    replies::{self, Due},
};
use crate::{
    config::{FileLimits, Rates},
    data_dir,
    files::{Files, Folder},
    foundation,
    hub::{Bell, ConnectionId, Hub, Read},
    limits,
    log::LocalLog,
    metrics::Metrics,
    signal::Signal,
    start_error::StartError,
    state::{Actor, DeviceKey},
    store::{Readers, StoreError},
};

/// Events of one look into the store.
const STORE_EVENTS: usize = 200;

/// The chat of one data directory.
#[derive(Debug)]
pub struct Bare {
    shared: Arc<Shared>,
}

impl Bare {
    /// Takes the directory; everybody may register.
    pub fn start(data: &Path, rates: Rates, env: Arc<dyn Env>) -> Result<Self, StartError> {
        let data = Arc::new(foundation::take(data)?);
        let writer = foundation::open(&data, &*env)?;
        let sqlite = |source| StoreError::Sqlite { path: data.database(), source };
        let epoch = writer.epoch().map_err(sqlite)?;
        let hub = Hub::new(writer.room_heads().map_err(sqlite)?);
        let metrics = Arc::new(Metrics::new());
        let (log, _) = LocalLog::start(
            writer,
            epoch,
            Arc::clone(&data),
            Arc::clone(&env),
            Arc::clone(&metrics),
            Arc::clone(&hub),
        );
        let readers = Readers::new(data.database(), Arc::clone(&env));
        let files =
            Files::new(Folder::new(data_dir::files_of(data.path())), Arc::clone(&env), readers);
        let registration = Registration::Open;
        let settings = Settings { registration, rates, files: FileLimits::default() };
        let log = Box::new(log);
        let shared = Shared::new(env, log, files, hub, metrics, settings, Signal::default());
        Ok(Self { shared })
    }

    /// One client's conversation: what came from it is in `incoming`, what goes to it is put into
    /// `outgoing`, which is waited for. Messages, rooms and events only, those that are new and those
    /// behind the cursors of its hello; what else is asked for is not answered. Ends with either
    /// line.
    pub async fn converse(
        &self,
        device: [u8; 32],
        mut incoming: mpsc::Receiver<Frame>,
        outgoing: mpsc::Sender<Bytes>,
    ) {
        if let Ok(guest) = self.greet(device, &mut incoming, &outgoing).await {
            // However it ended, the other side sees it.
            let _ = self.serve(guest, device, incoming, &outgoing).await;
        }
    }

    async fn greet(
        &self,
        device: DeviceKey,
        incoming: &mut mpsc::Receiver<Frame>,
        outgoing: &mpsc::Sender<Bytes>,
    ) -> Result<Guest, Over> {
        let shared = &*self.shared;
        let ClientMessage::Hello(hello) = next(incoming).await? else { return Err(Over) };
        let version = VersionRange::OURS.common(hello.versions).ok_or(Over)?;
        let mut account = shared.readers.account(device).await?;
        if account.is_none() {
            let registration = shared.registration();
            say(outgoing, ServerMessage::from(Unregistered { registration }).encode()).await?;
            let ClientMessage::Register(command) = next(incoming).await? else { return Err(Over) };
            greeting::register(shared, device, command).await?.map_err(|_| Over)?;
            account = shared.readers.account(device).await?;
        }
        Ok(Guest { account: account.ok_or(Over)?, hello, version })
    }

    async fn serve(
        &self,
        guest: Guest,
        device: DeviceKey,
        mut incoming: mpsc::Receiver<Frame>,
        outgoing: &mpsc::Sender<Bytes>,
    ) -> Result<(), Over> {
        let shared = &*self.shared;
        let account = &guest.account;
        let bell = Arc::new(Bell::new(account.id));
        let joined = shared.hub.join(account, device, Arc::clone(&bell));
        say(outgoing, ServerMessage::from(guest.welcome(shared)).encode()).await?;
        let actor = Actor { account: account.id, device: Some(device) };
        let quota = shared.quotas.of(device, Instant::now());
        let (due_tx, mut due_rx) = mpsc::channel(wire::REQUESTS_IN_FLIGHT);
        let requests = async {
            while let Some(frame) = incoming.recv().await {
                let Some(Request { req_id, command: Ok(command) }) = Request::decode(&frame)?
                else {
                    return Err(Over);
                };
                let due = commands::take(shared, actor, &quota, command).await?;
                due_tx.send((req_id, due)).await.map_err(|_| Over)?;
            }
            Ok(())
        };
        let answers = async {
            while let Some((req_id, due)) = due_rx.recv().await {
                let Due::Commit { pending, message_id, token } = due else { return Err(Over) };
                let outcome = pending.await.map_err(|_| Over)?.map_err(|_| Over)?;
                let answer =
                    replies::committed(shared, account, req_id, outcome, message_id, token).await?;
                say(outgoing, answer.encode()).await?;
            }
            Ok(())
        };
        let id = joined.id();
        let have = guest.hello.cursors.iter().map(|cursor| (cursor.room, cursor.seq)).collect();
        let mut live = Live { shared, id, bell: &bell, have, next: BTreeMap::new() };
        tokio::select! {
            biased;
            ended = requests => ended,
            ended = answers => ended,
            ended = live.carry(outgoing) => ended,
        }
    }
}

/// The rooms of one conversation.
struct Live<'a> {
    shared: &'a Shared,
    id: ConnectionId,
    bell: &'a Arc<Bell>,
    /// Up to where the client has each, as it said.
    have: BTreeMap<RoomId, Seq>,
    /// The next event of each.
    next: BTreeMap<RoomId, Seq>,
}

impl Live<'_> {
    async fn carry(&mut self, outgoing: &mpsc::Sender<Bytes>) -> Result<(), Over> {
        let account = self.bell.account();
        for room in self.shared.readers.own_rooms(account).await? {
            self.bell.open(room);
        }
        loop {
            for (room, todo) in self.bell.answer().await {
                if todo.close.is_some() {
                    self.next.remove(&room);
                    self.shared.hub.unsubscribe(self.id, room);
                }
                if todo.open && !self.next.contains_key(&room) {
                    // Rung from before the read on, so that no event falls between the two.
                    self.next.insert(room, Seq(0));
                    self.shared.hub.subscribe(self.id, room, self.bell);
                    let have = self.have.remove(&room);
                    let found = self.shared.readers.catch_up(account, room, have).await?;
                    let found = found.ok_or(Over)?;
                    self.next.insert(room, found.next);
                    let opened = RoomOpened { room: found.listing, next: found.next };
                    say(outgoing, LaneNotice::from(opened).encode()).await?;
                }
                while self.write_some(room, outgoing).await? {}
            }
        }
    }

    /// Whether there was something.
    async fn write_some(
        &mut self,
        room: RoomId,
        outgoing: &mpsc::Sender<Bytes>,
    ) -> Result<bool, Over> {
        let Some(next) = self.next.get_mut(&room) else { return Ok(false) };
        let turn = limits::LANE_TURN_BYTES;
        let runs = match self.shared.hub.read(self.id, room, *next, turn) {
            Read::UpToDate => return Ok(false),
            Read::Runs(runs) => runs,
            Read::Behind { .. } => {
                let events =
                    self.shared.readers.events_from(room, *next, STORE_EVENTS, turn).await?;
                *next = events.first().ok_or(Over)?.head.seq;
                events.iter().map(|event| event.encode().into()).collect()
            }
        };
        for run in runs {
            say(outgoing, run.bytes().clone()).await?;
            *next = Seq(next.0 + run.frames());
        }
        Ok(true)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        for room in self.next.keys() {
            self.shared.hub.unsubscribe(self.id, *room);
        }
    }
}

/// The conversation is over; who cares why sees it in the log.
struct Over;

impl From<Ended> for Over {
    fn from(_: Ended) -> Self {
        Self
    }
}

impl From<tertulia_proto::DecodeError> for Over {
    fn from(_: tertulia_proto::DecodeError) -> Self {
        Self
    }
}

impl From<rusqlite::Error> for Over {
    fn from(error: rusqlite::Error) -> Self {
        Ended::from(error).into()
    }
}

async fn say(outgoing: &mpsc::Sender<Bytes>, frame: Bytes) -> Result<(), Over> {
    outgoing.send(frame).await.map_err(|_| Over)
}

async fn next(incoming: &mut mpsc::Receiver<Frame>) -> Result<ClientMessage, Over> {
    let frame = incoming.recv().await.ok_or(Over)?;
    ClientMessage::decode(&frame)?.ok_or(Over)
}
