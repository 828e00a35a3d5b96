//! The baseline's client.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use tertulia_certs::{DeviceIdentity, KeyFingerprint, Trust};
use tertulia_proto::{
    Body, Change, ClientMessage, Command, CreateRoom, DisplayName, EnterRoom, Event, Frame,
    HistoryPolicy, MessageId, MessageText, Register, ReqId, Request, RoomId, RoomKind, RoomName,
    Send, Seq, ServerMessage, Topic,
};
use tokio::{
    net::TcpSocket,
    sync::mpsc,
    task::JoinSet,
    time::{Duration, timeout},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{ALPN, Congestion, WAITING, frames};
use crate::speaker::hello;

/// Messages that wait because the network does not take them: more than any run has.
const OUTBOX: usize = 1 << 20;
/// Longer than any answer takes while links are good.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a person connects.
#[derive(Clone)]
pub struct Client {
    /// Their address.
    pub at: Ipv4Addr,
    /// The server's.
    pub to: SocketAddr,
    /// The server's key.
    pub key: KeyFingerprint,
    /// What decides how much is sent.
    pub congestion: Congestion,
    /// Their name.
    pub name: DisplayName,
}

/// One who is there, by one connection or by several that carry the same. What is dropped ends.
#[derive(Debug)]
pub struct Person {
    ways: Vec<Way>,
    answers: mpsc::Receiver<ServerMessage>,
    frames: mpsc::Receiver<Event>,
    newest: BTreeMap<RoomId, Seq>,
    next_message: u128,
}

#[derive(Debug)]
struct Way {
    frames: mpsc::Sender<Bytes>,
    next_request: u64,
    _tasks: JoinSet<()>,
}

impl Client {
    /// Connects so many times, registers and is welcome.
    pub async fn join(&self, ways: usize) -> Result<Person> {
        let device = DeviceIdentity::passing()?;
        let (answers_tx, answers) = mpsc::channel(WAITING);
        let (events_tx, frames) = mpsc::channel(WAITING);
        let first_message = u128::from_le_bytes(device.fingerprint().as_bytes()[..16].try_into()?);
        let mut person = Person {
            ways: Vec::new(),
            answers,
            frames,
            newest: BTreeMap::new(),
            next_message: first_message,
        };
        for _ in 0..ways {
            let way = self.connect(&device, answers_tx.clone(), events_tx.clone()).await?;
            way.say(ClientMessage::from(hello(1)).encode())?;
            person.ways.push(way);
            person.welcomed(&self.name).await?;
        }
        Ok(person)
    }

    async fn connect(
        &self,
        device: &DeviceIdentity,
        answers: mpsc::Sender<ServerMessage>,
        events: mpsc::Sender<Event>,
    ) -> Result<Way> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.at, 0).into())?;
        self.congestion.set(&socket)?;
        let stream = socket.connect(self.to).await?;
        stream.set_nodelay(true)?;
        let (config, _) = tertulia_certs::client_config(device, &Trust::Pinned(self.key), ALPN)?;
        let name = ServerName::try_from("tertulia")?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (reader, writer) = tokio::io::split(stream);
        let (frames_tx, frames) = mpsc::channel(OUTBOX);
        let (read_tx, read) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        // A way that ends says nothing more: what is missing then is seen to be missing.
        tasks.spawn(async { drop(frames::read(reader, read_tx).await) });
        tasks.spawn(async { drop(frames::write(writer, frames).await) });
        tasks.spawn(async { drop(sort(read, answers, events).await) });
        Ok(Way { frames: frames_tx, next_request: 1, _tasks: tasks })
    }
}

/// What came, by what it is. Receipts are only for an outbox, and there is none.
async fn sort(
    mut read: mpsc::Receiver<Frame>,
    answers: mpsc::Sender<ServerMessage>,
    events: mpsc::Sender<Event>,
) -> Result<()> {
    while let Some(frame) = read.recv().await {
        if let Some(event) = Event::decode(&frame)? {
            events.send(event).await?;
        } else if let Some(message) = ServerMessage::decode(&frame)?
            && !matches!(message, ServerMessage::Receipt(_))
        {
            answers.send(message).await?;
        }
    }
    Ok(())
}

impl Person {
    /// Makes a public room.
    pub async fn create(&mut self, name: &RoomName) -> Result<RoomId> {
        let (topic, history) = (Topic::default(), HistoryPolicy::All);
        let kind = RoomKind::Public;
        self.room(CreateRoom { name: name.clone(), kind, topic, history }).await
    }

    /// Enters a public room.
    pub async fn enter(&mut self, name: &RoomName) -> Result<RoomId> {
        self.room(EnterRoom { name: name.clone() }).await
    }

    /// Says something, by all ways.
    pub fn post(&mut self, room: RoomId, text: MessageText) -> Result<()> {
        let message_id = MessageId(self.next_message.to_le_bytes());
        self.next_message = self.next_message.wrapping_add(1);
        let send = Send { message_id, room, reply_to: None, body: Body::Text(text) };
        self.ways.iter_mut().try_for_each(|way| way.request(send.clone()))
    }

    /// The next message of a room, each once and in its room's order, by whichever way it came
    /// first. `None`: there are no more.
    pub async fn posted(&mut self) -> Option<String> {
        loop {
            let Event { head, change } = self.frames.recv().await?;
            let newest = self.newest.entry(head.room).or_default();
            // Each way carries all of a room in order.
            if head.seq <= *newest {
                continue;
            }
            *newest = head.seq;
            if let Change::Posted(posted) = change
                && let Some(Body::Text(text)) = posted.body
            {
                return Some(text.as_str().to_owned());
            }
        }
    }

    async fn room(&mut self, command: impl Into<Command>) -> Result<RoomId> {
        let way = self.ways.first_mut().context("no connection")?;
        way.request(command)?;
        loop {
            match self.answer().await? {
                ServerMessage::Room(info) => return Ok(info.room.room),
                ServerMessage::Rejected(rejected) => bail!("no room: {}", rejected.refusal),
                _ => {}
            }
        }
    }

    async fn welcomed(&mut self, name: &DisplayName) -> Result<()> {
        loop {
            match self.answer().await? {
                ServerMessage::Welcome(_) => return Ok(()),
                ServerMessage::Unregistered(_) => {
                    let register = Register { name: name.clone(), invite: None };
                    let way = self.ways.last().context("no connection")?;
                    way.say(ClientMessage::from(register).encode())?;
                }
                other => bail!("no welcome: {other:?}"),
            }
        }
    }

    async fn answer(&mut self) -> Result<ServerMessage> {
        let answer = timeout(PATIENCE, self.answers.recv()).await;
        answer.context("the server says nothing")?.context("the connection ended")
    }
}

impl Way {
    fn request(&mut self, command: impl Into<Command>) -> Result<()> {
        let req_id = ReqId(self.next_request);
        self.next_request += 1;
        self.say(Request { req_id, command: Ok(command.into()) }.encode())
    }

    fn say(&self, frame: Bytes) -> Result<()> {
        self.frames.try_send(frame).context("the network takes nothing more")
    }
}
