//! The baseline's client.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use socket2::SockRef;
use tertulia_certs::{DeviceIdentity, KeyFingerprint, Trust};
use tertulia_proto::{
    Body, Change, ClientMessage, Command, CreateRoom, DisplayName, EnterRoom, Event, Frame,
    HistoryPolicy, MessageId, MessageText, Register, ReqId, Request, RoomId, RoomKind, RoomName,
    Send, Seq, ServerMessage, Topic,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Duration, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use super::{ALPN, Congestion, UNSENT, WAITING, file, frames};
use crate::speaker::hello;

/// Messages that wait because the network does not take them: more than any run has.
const OUTBOX: usize = 1 << 20;
/// Numbers of messages that a connection begins with.
const FRESH: u64 = 1 << 63;
/// Longer than any answer takes while links are good.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a person connects.
#[derive(Debug, Clone)]
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
    /// Their key.
    pub device: Arc<DeviceIdentity>,
}

/// One who is there, by one connection or by several that carry the same. What is dropped ends.
#[derive(Debug)]
pub struct Person {
    client: Client,
    ways: Vec<Way>,
    answers: mpsc::Receiver<ServerMessage>,
    frames: mpsc::Receiver<Event>,
    newest: BTreeMap<RoomId, Seq>,
    next_message: u64,
}

/// One connection. What is dropped ends.
#[derive(Debug)]
pub(super) struct Way {
    frames: mpsc::Sender<Bytes>,
    pieces: mpsc::Sender<Bytes>,
    next_request: u64,
    _tasks: JoinSet<()>,
}

impl Client {
    /// Connects so many times, registers and is welcome.
    pub async fn join(&self, ways: usize) -> Result<Person> {
        let (answers_tx, answers) = mpsc::channel(WAITING);
        let (events_tx, frames) = mpsc::channel(WAITING);
        let mut person = Person {
            client: self.clone(),
            ways: Vec::new(),
            answers,
            frames,
            newest: BTreeMap::new(),
            next_message: 0,
        };
        for _ in 0..ways {
            let way = self.connect(answers_tx.clone(), events_tx.clone(), false).await?;
            way.say(ClientMessage::from(hello(1)).encode())?;
            person.ways.push(way);
            person.welcomed(&self.name).await?;
        }
        Ok(person)
    }

    /// The same person somewhere else.
    #[must_use]
    pub fn at(&self, at: Ipv4Addr) -> Self {
        Self { at, ..self.clone() }
    }

    /// Comes again and has something to say at once; what it hears is nobody's. Until it is
    /// dropped.
    pub async fn begin_with(&self, room: RoomId, text: MessageText, number: u32) -> Result<()> {
        let ((answers, _answers), (events, _events)) = (mpsc::channel(1), mpsc::channel(1));
        let mut way = self.connect(answers, events, false).await?;
        way.say(ClientMessage::from(hello(1)).encode())?;
        // Behind the hello, without waiting for its answer: the device is known.
        way.request(self.message(u64::from(number) | FRESH, room, text))?;
        std::future::pending().await
    }

    /// The `number`th message of this device.
    pub(super) fn message(&self, number: u64, room: RoomId, text: MessageText) -> Send {
        let mut message_id = [0; 16];
        message_id[..8].copy_from_slice(&self.device.fingerprint().as_bytes()[..8]);
        message_id[8..].copy_from_slice(&number.to_le_bytes());
        let message_id = MessageId(message_id);
        Send { message_id, room, reply_to: None, body: Body::Text(text) }
    }

    /// A connection over which nothing was said yet.
    pub(crate) async fn dial(&self) -> Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.at, 0).into())?;
        self.congestion.set(&socket)?;
        let stream = socket.connect(self.to).await?;
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
        let trust = Trust::Pinned(self.key);
        let (config, _) = tertulia_certs::client_config(&self.device, &trust, ALPN)?;
        let name = ServerName::try_from("tertulia")?;
        Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
    }

    /// One connection, without a word on it yet; `receipts`: whether they are wanted among the
    /// answers.
    pub(super) async fn connect(
        &self,
        answers: mpsc::Sender<ServerMessage>,
        events: mpsc::Sender<Event>,
        receipts: bool,
    ) -> Result<Way> {
        let (reader, writer) = tokio::io::split(self.dial().await?);
        let (frames_tx, frames) = mpsc::channel(OUTBOX);
        let (pieces_tx, pieces) = mpsc::channel(1);
        let (read_tx, read) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        // A way that ends says nothing more: what is missing then is seen to be missing.
        tasks.spawn(async { drop(frames::read(reader, read_tx).await) });
        tasks.spawn(async { drop(frames::write(writer, frames, pieces).await) });
        tasks.spawn(async move { drop(sort(read, answers, events, receipts).await) });
        Ok(Way { frames: frames_tx, pieces: pieces_tx, next_request: 1, _tasks: tasks })
    }
}

/// What came, by what it is. Receipts are only for those who keep what they said.
async fn sort(
    mut read: mpsc::Receiver<Frame>,
    answers: mpsc::Sender<ServerMessage>,
    events: mpsc::Sender<Event>,
    receipts: bool,
) -> Result<()> {
    while let Some(frame) = read.recv().await {
        if let Some(event) = Event::decode(&frame)? {
            events.send(event).await?;
        } else if let Some(message) = ServerMessage::decode(&frame)?
            && (receipts || !matches!(message, ServerMessage::Receipt(_)))
        {
            answers.send(message).await?;
        }
    }
    Ok(())
}

/// Where a file goes. What is dropped ends, if it was a connection of its own.
#[derive(Debug)]
pub struct FileLine {
    pieces: mpsc::Sender<Bytes>,
    _way: Option<Way>,
}

impl FileLine {
    /// Sends a file; how many pieces the server sees of it.
    pub async fn send(&self, content: &[u8]) -> Result<u64> {
        file::send(&self.pieces, content).await
    }
}

impl Person {
    /// How they came.
    pub fn client(&self) -> &Client {
        &self.client
    }

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
        let send = self.client.message(self.next_message, room, text);
        self.next_message += 1;
        self.ways.iter_mut().try_for_each(|way| way.request(send.clone()))
    }

    /// A connection for a file: that over which messages go, or one of its own.
    pub async fn file_line(&self, is_apart: bool) -> Result<FileLine> {
        if !is_apart {
            let way = self.ways.first().context("no connection")?;
            return Ok(FileLine { pieces: way.pieces.clone(), _way: None });
        }
        let ((answers, _), (events, _)) = (mpsc::channel(1), mpsc::channel(1));
        let way = self.client.connect(answers, events, false).await?;
        Ok(FileLine { pieces: way.pieces.clone(), _way: Some(way) })
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
            if let Some(text) = text_of(change) {
                return Some(text);
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

/// The text of a message.
pub(super) fn text_of(change: Change) -> Option<String> {
    match change {
        Change::Posted(posted) => match posted.body {
            Some(Body::Text(text)) => Some(text.as_str().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

impl Way {
    pub(super) fn request(&mut self, command: impl Into<Command>) -> Result<()> {
        let req_id = ReqId(self.next_request);
        self.next_request += 1;
        self.say(Request { req_id, command: Ok(command.into()) }.encode())
    }

    pub(super) fn say(&self, frame: Bytes) -> Result<()> {
        self.frames.try_send(frame).context("the network takes nothing more")
    }
}
