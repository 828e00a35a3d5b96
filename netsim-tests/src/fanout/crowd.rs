//! The members: registered, connected, each in its room, all that comes to them read.

use std::{ops::Range, sync::Arc};

use anyhow::{Context, Result, bail};
use quinn::{Connection, Endpoint, SendStream};
use tertulia_certs::{DeviceIdentity, ServerLink};
use tertulia_proto::{
    CreateRoom, EnterRoom, HistoryPolicy, ReqId, RoomId, RoomKind, RoomName, ServerMessage, Topic,
};
use tokio::{task::JoinSet, time::Instant};

use super::{host::Host, room::Room};
use crate::speaker::{Frames, Speaker, endpoint, hello};

/// Members that share a socket.
const OF_ONE_SOCKET: usize = 50;
/// Connecting at once.
const AT_ONCE: usize = 32;

/// Everybody, and the rooms they are in.
pub(super) struct Crowd {
    pub(super) rooms: Vec<Arc<Room>>,
    pub(super) members: Vec<Member>,
    /// Reads what comes to them.
    _ears: JoinSet<Result<()>>,
    _endpoints: Vec<Endpoint>,
}

/// One who can write.
pub(super) struct Member {
    pub(super) room: usize,
    pub(super) send: SendStream,
    pub(super) control: Frames,
    /// Its next request's number.
    pub(super) next: ReqId,
    // It goes on for as long as this is held.
    _connection: Connection,
}

impl Crowd {
    /// Everybody comes, by invitation to nobody in particular, and enters a room.
    pub(super) async fn gather(host: &Host, clients: usize, rooms: usize) -> Result<Self> {
        let (owner, link) = (host.owner_link()?, host.link()?);
        let endpoints = endpoints(clients)?;
        // The owner first.
        let mut speakers = vec![come(at(&endpoints, 0), 0, &owner).await?.0];
        for (speaker, _) in all_come(&endpoints, 1..clients, &link).await? {
            speakers.push(speaker);
        }
        let ids = match rooms {
            1 => vec![RoomId::LOBBY],
            _ => enter(&mut speakers, rooms).await?,
        };
        let began = Instant::now();
        let of_room = |room: usize| clients / rooms + usize::from(room < clients % rooms);
        let room = |(n, id)| Arc::new(Room::new(id, of_room(n) as u64, began));
        let rooms: Vec<_> = (0..).zip(ids).map(room).collect();
        let (mut ears, mut members) = (JoinSet::new(), Vec::new());
        for (number, speaker) in speakers.into_iter().enumerate() {
            let room = number % rooms.len();
            let (connection, send, control, next) = speaker.into_parts();
            let (lane, heard) = (connection.clone(), Arc::clone(&rooms[room]));
            ears.spawn(async move {
                let mut lane = Frames::new(lane.accept_uni().await?);
                lane.kind().await?;
                heard.listen(lane).await
            });
            members.push(Member { room, send, control, next, _connection: connection });
        }
        Ok(Self { rooms, members, _ears: ears, _endpoints: endpoints })
    }
}

/// Sockets for so many.
pub(super) fn endpoints(clients: usize) -> Result<Vec<Endpoint>> {
    (0..clients.div_ceil(OF_ONE_SOCKET)).map(|_| endpoint()).collect()
}

/// That member's socket.
pub(super) fn at(endpoints: &[Endpoint], number: usize) -> Endpoint {
    endpoints[number / OF_ONE_SOCKET].clone()
}

/// So many new ones connect and register; in order of their numbers.
pub(super) async fn all_come(
    endpoints: &[Endpoint],
    numbers: Range<usize>,
    link: &ServerLink,
) -> Result<Vec<(Speaker, DeviceIdentity)>> {
    let mut all = Vec::with_capacity(numbers.len());
    let numbers: Vec<_> = numbers.collect();
    for some in numbers.chunks(AT_ONCE) {
        let coming = some.iter().map(|&number| {
            let (endpoint, link) = (at(endpoints, number), link.clone());
            tokio::spawn(async move { come(endpoint, number, &link).await })
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
) -> Result<(Speaker, DeviceIdentity)> {
    let device = DeviceIdentity::passing()?;
    let mut speaker = Speaker::connect_from(endpoint, link, &device).await?;
    speaker.greet(&format!("Person {number}"), link, hello(1)).await?;
    Ok((speaker, device))
}

/// The first one makes rooms, and each enters one.
async fn enter(speakers: &mut [Speaker], rooms: usize) -> Result<Vec<RoomId>> {
    let mut ids = Vec::with_capacity(rooms);
    for number in 0..rooms {
        let name = RoomName::new(&format!("room-{number}"))?;
        let (kind, history) = (RoomKind::Public, HistoryPolicy::All);
        let make = CreateRoom { name: name.clone(), kind, topic: Topic::default(), history };
        let Some(maker) = speakers.get_mut(number) else { bail!("nobody for room {number}") };
        maker.request(make).await?;
        ids.push(entered(maker.answer().await?)?);
    }
    for (number, speaker) in speakers.iter_mut().enumerate().skip(rooms) {
        let name = RoomName::new(&format!("room-{}", number % rooms))?;
        speaker.request(EnterRoom { name }).await?;
        entered(speaker.answer().await?)?;
    }
    Ok(ids)
}

fn entered(answer: ServerMessage) -> Result<RoomId> {
    match answer {
        ServerMessage::Room(info) => Ok(info.room.room),
        other => bail!("no room: {other:?}"),
    }
}
