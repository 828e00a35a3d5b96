//! The members: registered, connected, each in its room, all that comes to them read.

use std::{ops::Range, sync::Arc};

use anyhow::{Context, Result, bail};
use quinn::{Connection, Endpoint};
use tertulia_certs::{DeviceIdentity, ServerLink};
use tertulia_proto::{
    Command, CreateRoom, EnterRoom, HistoryPolicy, ReqId, RoomId, RoomKind, RoomName,
    ServerMessage, Topic,
};
use tokio::{io::AsyncWrite, task::JoinSet, time::Instant};

use super::{host::Host, room::Room, system::System, theirs};
use crate::speaker::{Frames, Speaker, endpoint_at, hello};

/// Members that share a socket.
const OF_ONE_SOCKET: usize = 50;
/// The first socket's address, 127.1.0.1; the others' follow.
const FIRST_ADDRESS: u32 = 0x7f01_0001;
/// Connecting at once.
const AT_ONCE: usize = 32;

/// Everybody, and the rooms they are in.
pub(super) struct Crowd {
    pub(super) rooms: Vec<Arc<Room>>,
    pub(super) members: Vec<Member>,
    /// Reads what comes to them.
    pub(super) ears: JoinSet<Result<()>>,
    _endpoints: Vec<Endpoint>,
}

/// One who can write.
pub(super) struct Member {
    pub(super) room: usize,
    pub(super) send: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its answers, where they come apart from what is live; they are to be read.
    pub(super) answers: Option<Frames>,
    /// Its next request's number.
    pub(super) next: ReqId,
    // It goes on for as long as this is held.
    _connection: Option<Connection>,
}

impl Crowd {
    /// Everybody comes, by invitation to nobody in particular, and enters a room.
    pub(super) async fn gather(
        host: &Host,
        system: System,
        clients: usize,
        rooms: usize,
    ) -> Result<Self> {
        match system {
            System::Tertulia => Self::of_ours(host, clients, rooms).await,
            System::TlsTcp => Self::of_theirs(host, clients, rooms).await,
            System::Raw => bail!("there is no chat to come to"),
        }
    }

    async fn of_ours(host: &Host, clients: usize, rooms: usize) -> Result<Self> {
        let (owner, link) = (host.owner_link()?, host.link()?);
        let endpoints = endpoints(clients)?;
        // The owner first.
        let mut speakers = vec![come(at(&endpoints, 0), 0, &owner, 1).await?.0];
        for (speaker, _) in all_come(&endpoints, 1..clients, &link, 1).await? {
            speakers.push(speaker);
        }
        let ids = enter(&mut speakers, rooms).await?;
        let mut crowd = Self::without_members(ids, clients);
        for (number, speaker) in speakers.into_iter().enumerate() {
            let (connection, send, control, next) = speaker.into_parts();
            let (lane, room) = (connection.clone(), number % rooms);
            let heard = Arc::clone(&crowd.rooms[room]);
            crowd.ears.spawn(async move {
                let mut lane = Frames::new(lane.accept_uni().await?);
                lane.kind().await?;
                heard.listen(lane).await
            });
            let (send, answers) = (Box::new(send), Some(control));
            let connection = Some(connection);
            crowd.members.push(Member { room, send, answers, next, _connection: connection });
        }
        crowd._endpoints = endpoints;
        Ok(crowd)
    }

    async fn of_theirs(host: &Host, clients: usize, rooms: usize) -> Result<Self> {
        let mut lines = theirs::all_come(host, clients).await?;
        let ids = enter(&mut lines, rooms).await?;
        let mut crowd = Self::without_members(ids, clients);
        for (number, line) in lines.into_iter().enumerate() {
            let room = number % rooms;
            let heard = Arc::clone(&crowd.rooms[room]);
            crowd.ears.spawn(async move { heard.listen(line.hear).await });
            let (send, next) = (Box::new(line.send), line.next);
            crowd.members.push(Member { room, send, answers: None, next, _connection: None });
        }
        Ok(crowd)
    }

    fn without_members(ids: Vec<RoomId>, clients: usize) -> Self {
        let (began, rooms) = (Instant::now(), ids.len());
        let of_room = |room: usize| clients / rooms + usize::from(room < clients % rooms);
        let room = |(n, id)| Arc::new(Room::new(id, of_room(n) as u64, began));
        let rooms = (0..).zip(ids).map(room).collect();
        Self { rooms, members: Vec::new(), ears: JoinSet::new(), _endpoints: Vec::new() }
    }
}

/// One who can ask for a room.
trait Asking {
    fn ask(&mut self, command: Command) -> impl Future<Output = Result<ServerMessage>>;
}

impl Asking for Speaker {
    async fn ask(&mut self, command: Command) -> Result<ServerMessage> {
        self.request(command).await?;
        self.answer().await
    }
}

impl Asking for theirs::Line {
    async fn ask(&mut self, command: Command) -> Result<ServerMessage> {
        self.ask(command).await
    }
}

/// Sockets for so many, each with an address of its own, as people in different places have.
pub(super) fn endpoints(clients: usize) -> Result<Vec<Endpoint>> {
    let sockets = u32::try_from(clients.div_ceil(OF_ONE_SOCKET))?;
    (0..sockets).map(|n| endpoint_at((FIRST_ADDRESS + n).into())).collect()
}

/// That member's socket.
pub(super) fn at(endpoints: &[Endpoint], number: usize) -> Endpoint {
    endpoints[number / OF_ONE_SOCKET].clone()
}

/// So many new ones connect and register, with so many lanes each; in order of their numbers.
pub(super) async fn all_come(
    endpoints: &[Endpoint],
    numbers: Range<usize>,
    link: &ServerLink,
    lanes: u8,
) -> Result<Vec<(Speaker, DeviceIdentity)>> {
    let mut all = Vec::with_capacity(numbers.len());
    let numbers: Vec<_> = numbers.collect();
    for some in numbers.chunks(AT_ONCE) {
        let coming = some.iter().map(|&number| {
            let (endpoint, link) = (at(endpoints, number), link.clone());
            tokio::spawn(async move { come(endpoint, number, &link, lanes).await })
        });
        for came in coming.collect::<Vec<_>>() {
            all.push(came.await.context("one broke off")??);
        }
    }
    Ok(all)
}

/// Somebody new connects and registers.
async fn come(
    endpoint: Endpoint,
    number: usize,
    link: &ServerLink,
    lanes: u8,
) -> Result<(Speaker, DeviceIdentity)> {
    let device = DeviceIdentity::passing()?;
    let mut speaker = Speaker::connect_from(endpoint, link, &device).await?;
    speaker.greet(&format!("Person {number}"), link, hello(lanes)).await?;
    Ok((speaker, device))
}

/// All are in the lobby if there is one room; else the first ones make them, and each enters one.
async fn enter(everybody: &mut [impl Asking], rooms: usize) -> Result<Vec<RoomId>> {
    if rooms == 1 {
        return Ok(vec![RoomId::LOBBY]);
    }
    let mut ids = Vec::with_capacity(rooms);
    for number in 0..rooms {
        let name = RoomName::new(&format!("room-{number}"))?;
        let (kind, history) = (RoomKind::Public, HistoryPolicy::All);
        let make = CreateRoom { name, kind, topic: Topic::default(), history };
        let Some(maker) = everybody.get_mut(number) else { bail!("nobody for room {number}") };
        ids.push(entered(maker.ask(make.into()).await?)?);
    }
    for (number, one) in everybody.iter_mut().enumerate().skip(rooms) {
        let name = RoomName::new(&format!("room-{}", number % rooms))?;
        entered(one.ask(EnterRoom { name }.into()).await?)?;
    }
    Ok(ids)
}

fn entered(answer: ServerMessage) -> Result<RoomId> {
    match answer {
        ServerMessage::Room(info) => Ok(info.room.room),
        other => bail!("no room: {other:?}"),
    }
}
