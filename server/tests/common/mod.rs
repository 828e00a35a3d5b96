//! A server on a free loopback port, and clients that speak the wire by hand: what a stranger's
//! client may do, and what it must not.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod file_stream;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use quinn::{ConnectionError, Endpoint, RecvStream, SendStream, crypto::rustls::QuicClientConfig};
use tempfile::TempDir;
use tertulia_certs::{DeviceIdentity, Trust};
use tertulia_proto::{
    ALPN, Body, ClientMessage, Command, CreateRoom, DisplayName, Epoch, Event, Features, Frame,
    FrameBuffer, Hello, HistoryPolicy, LaneMessage, LaneNotice, MessageId, MessageText, Receipt,
    Register, Registration, ReqId, Request, RoomCursor, RoomId, RoomKind, RoomListing, RoomName,
    Send, ServerMessage, StreamKind, Topic, TypingNotice, VersionRange, Welcome, limits,
};
use tertulia_server::{Server, ServerConfig, StartError, SystemEnv};
use tokio::time::timeout;

/// Longer than anything here takes; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const A_MOMENT: Duration = Duration::from_millis(5);

pub(crate) struct TestServer {
    pub(crate) dir: TempDir,
    pub(crate) server: Option<Server>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Some(Self::run(&dir, 0).await);
        Self { dir, server }
    }

    /// Set up in another way; so until it is restarted.
    pub(crate) async fn start_with(set_up: impl FnOnce(&mut ServerConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("data"));
        config.listen = ([127, 0, 0, 1], 0).into();
        config.registration = Registration::Open;
        set_up(&mut config);
        let server = Server::bind(config, Arc::new(SystemEnv)).await.unwrap();
        Self { dir, server: Some(server) }
    }

    pub(crate) async fn run(dir: &TempDir, port: u16) -> Server {
        let mut config = ServerConfig::new(dir.path().join("data"));
        config.listen = ([127, 0, 0, 1], port).into();
        config.registration = Registration::Open;
        loop {
            match Server::bind(config.clone(), Arc::new(SystemEnv)).await {
                // A stopped server's socket is closed by quinn's task, in its own time.
                Err(StartError::PortInUse(_)) => tokio::time::sleep(A_MOMENT).await,
                started => return started.unwrap(),
            }
        }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Stops it well and starts it on the same port and directory.
    pub(crate) async fn restart(&mut self) {
        let port = self.server().local_addr().port();
        self.server.take().unwrap().shutdown().await;
        self.server = Some(Self::run(&self.dir, port).await);
    }

    /// A device of its own, not connected yet.
    pub(crate) fn device(&self, name: &str) -> DeviceIdentity {
        DeviceIdentity::load_or_create(&self.dir.path().join(name)).unwrap()
    }

    pub(crate) async fn connect(&self, device: &DeviceIdentity) -> RawClient {
        RawClient::connect(self.server(), device).await
    }

    /// Connected, registered if need be, welcome, with four lanes and nothing to go on from.
    pub(crate) async fn welcome(&self, name: &str) -> RawClient {
        let mut client = self.connect(&self.device(name)).await;
        client.greet(name, hello(4)).await;
        client
    }

    /// The same as the server's owner; once.
    pub(crate) async fn owner(&self, name: &str) -> RawClient {
        let link = self.server().owner_link().expect("somebody owns it already");
        let invite = link.invite.as_ref().map(|token| *token.as_bytes());
        self.invited(name, invite).await
    }

    /// The same with an invite.
    pub(crate) async fn invited(&self, name: &str, invite: Option<[u8; 16]>) -> RawClient {
        let mut client = self.connect(&self.device(name)).await;
        client.invite = invite;
        client.greet(name, hello(4)).await;
        client
    }
}

pub(crate) fn hello(lanes: u8) -> Hello {
    Hello {
        versions: VersionRange::OURS,
        features: Features::OURS,
        lanes,
        epoch: None,
        cursors: Vec::new(),
    }
}

/// A hello that goes on from there.
pub(crate) fn resume(epoch: Epoch, room: RoomId, seq: tertulia_proto::Seq) -> Hello {
    Hello { epoch: Some(epoch), cursors: vec![RoomCursor { room, seq }], ..hello(4) }
}

pub(crate) struct RawClient {
    pub(crate) endpoint: Endpoint,
    pub(crate) connection: quinn::Connection,
    pub(crate) send: SendStream,
    control: Frames,
    lanes: BTreeMap<u8, Frames>,
    next_request: u64,
    invite: Option<[u8; 16]>,
}

struct Frames {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl Frames {
    fn new(stream: RecvStream) -> Self {
        Self { stream, buffer: FrameBuffer::new(limits::FRAME_BYTES) }
    }

    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.buffer.next_frame().unwrap() {
                return Some(frame);
            }
            let read = timeout(PATIENCE, self.stream.read_chunk(4_096, true)).await;
            match read.expect("the server says nothing") {
                Ok(Some(chunk)) => self.buffer.extend(&chunk.bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    async fn kind(&mut self) -> StreamKind {
        loop {
            if let Some(kind) = StreamKind::take(self.buffer.bytes_mut()).unwrap() {
                return kind;
            }
            let chunk = timeout(PATIENCE, self.stream.read_chunk(4_096, true)).await.unwrap();
            self.buffer.extend(&chunk.unwrap().unwrap().bytes);
        }
    }
}

impl RawClient {
    pub(crate) async fn connect(server: &Server, device: &DeviceIdentity) -> Self {
        Self::connect_as(server, device, StreamKind::Control.encode()).await
    }

    /// A client whose stream begins with that kind.
    pub(crate) async fn connect_as(server: &Server, device: &DeviceIdentity, kind: Bytes) -> Self {
        let trust: Trust = server.link().trust;
        let (tls, _) = tertulia_certs::client_config(device, &trust, ALPN).unwrap();
        let crypto = QuicClientConfig::try_from(tls).unwrap();
        let mut endpoint = Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(crypto)));
        let connecting = endpoint.connect(server.local_addr(), "tertulia").unwrap();
        let connection = timeout(PATIENCE, connecting).await.unwrap().unwrap();
        let (mut send, recv) = connection.open_bi().await.unwrap();
        send.write_all(&kind).await.unwrap();
        let control = Frames::new(recv);
        let (lanes, next_request, invite) = (BTreeMap::new(), 1, None);
        Self { endpoint, connection, send, control, lanes, next_request, invite }
    }

    pub(crate) async fn write(&mut self, frame: Bytes) {
        // The server may have closed already; what it says then is what tests look at.
        let _ = self.send.write_all(&frame).await;
    }

    /// Says hello, and registers under that name where the server asks for it.
    pub(crate) async fn greet(&mut self, name: &str, hello: Hello) -> Welcome {
        self.write(ClientMessage::from(hello).encode()).await;
        loop {
            match self.said().await {
                ServerMessage::Welcome(welcome) => return welcome,
                ServerMessage::Unregistered(_) => {
                    let name = DisplayName::new(name).unwrap();
                    let register = Register { name, invite: self.invite };
                    self.write(ClientMessage::from(register).encode()).await;
                }
                other => panic!("no welcome: {other:?}"),
            }
        }
    }

    /// The next message of the control stream.
    pub(crate) async fn said(&mut self) -> ServerMessage {
        let frame = self.control.next().await.expect("the control stream ended");
        ServerMessage::decode(&frame).unwrap().expect("a message we know")
    }

    /// The next reply, what others do left out.
    pub(crate) async fn reply(&mut self) -> ServerMessage {
        loop {
            match self.said().await {
                ServerMessage::Presence(_) | ServerMessage::Typing(_) => {}
                other => return other,
            }
        }
    }

    /// The same as it is on the wire.
    pub(crate) async fn reply_frame(&mut self) -> Frame {
        loop {
            let frame = self.control.next().await.expect("the control stream ended");
            match ServerMessage::decode(&frame).unwrap() {
                Some(ServerMessage::Presence(_) | ServerMessage::Typing(_)) => {}
                _ => return frame,
            }
        }
    }

    /// Who writes next, told on the control stream.
    pub(crate) async fn typing_frame(&mut self) -> TypingNotice {
        loop {
            if let ServerMessage::Typing(notice) = self.said().await {
                return notice;
            }
        }
    }

    /// Who writes next, told by datagram.
    pub(crate) async fn typing_datagram(&mut self) -> TypingNotice {
        let datagram = timeout(PATIENCE, self.connection.read_datagram()).await;
        TypingNotice::decode_datagram(&datagram.expect("nobody writes").unwrap()).unwrap()
    }

    pub(crate) async fn request(&mut self, command: impl Into<Command>) -> ReqId {
        let req_id = ReqId(self.next_request);
        self.next_request += 1;
        let request = Request { req_id, command: Ok(command.into()) };
        self.write(request.encode()).await;
        req_id
    }

    pub(crate) async fn ask(&mut self, command: impl Into<Command>) -> ServerMessage {
        self.request(command).await;
        self.reply().await
    }

    /// Asks for a room: makes, enters or opens it.
    pub(crate) async fn room(&mut self, command: impl Into<Command>) -> RoomListing {
        match self.ask(command).await {
            ServerMessage::Room(info) => info.room,
            other => panic!("no room: {other:?}"),
        }
    }

    /// Asks for what is answered by no more than "done".
    pub(crate) async fn done(&mut self, command: impl Into<Command>) {
        let reply = self.ask(command).await;
        assert!(matches!(reply, ServerMessage::Done(_)), "not done: {reply:?}");
    }

    pub(crate) async fn post(&mut self, id: u64, text: &str) -> Receipt {
        match self.ask(message(id, RoomId(1), text)).await {
            ServerMessage::Receipt(receipt) => receipt,
            other => panic!("no receipt: {other:?}"),
        }
    }

    /// Takes the lanes that the server opens.
    pub(crate) async fn take_lanes(&mut self, count: usize) {
        while self.lanes.len() < count {
            let stream = timeout(PATIENCE, self.connection.accept_uni()).await.unwrap().unwrap();
            let mut frames = Frames::new(stream);
            match frames.kind().await {
                StreamKind::Live(lane) => assert!(self.lanes.insert(lane, frames).is_none()),
                other => panic!("not a lane: {other:?}"),
            }
        }
    }

    /// The next message on the lane that carries a room; `None` once the connection ended.
    pub(crate) async fn on_lane(&mut self, room: RoomId) -> Option<LaneMessage> {
        let lane = tertulia_proto::lane_of(room, self.lanes.len() as u8);
        let frame = self.lanes.get_mut(&lane).unwrap().next().await?;
        Some(LaneMessage::decode(&frame).unwrap().expect("a message we know"))
    }

    /// Takes four lanes and waits until all are live: the rooms that they carry.
    pub(crate) async fn live(&mut self) -> Vec<RoomId> {
        self.take_lanes(4).await;
        let mut rooms = Vec::new();
        for lane in self.lanes.values_mut() {
            loop {
                let frame = lane.next().await.expect("the lane ended");
                match LaneMessage::decode(&frame).unwrap() {
                    Some(LaneMessage::Notice(LaneNotice::RoomOpened(opened))) => {
                        rooms.push(opened.room.room);
                    }
                    Some(LaneMessage::Notice(LaneNotice::Live(_))) => break,
                    _ => {}
                }
            }
        }
        rooms
    }

    /// Waits until a room is carried.
    pub(crate) async fn opened(&mut self, room: RoomId) {
        loop {
            match self.on_lane(room).await.expect("the lane ended") {
                LaneMessage::Notice(LaneNotice::RoomOpened(opened)) if opened.room.room == room => {
                    return;
                }
                _ => {}
            }
        }
    }

    /// The next event of a room, notices left out.
    pub(crate) async fn event(&mut self, room: RoomId) -> Event {
        loop {
            match self.on_lane(room).await.expect("the lane ended") {
                LaneMessage::Event(event) => return event,
                LaneMessage::Notice(_) => {}
            }
        }
    }

    /// The next page the server sends.
    pub(crate) async fn page(&mut self) -> (tertulia_proto::PageHead, Vec<Event>, ReqId) {
        let stream = timeout(PATIENCE, self.connection.accept_uni()).await.unwrap().unwrap();
        let mut frames = Frames::new(stream);
        let StreamKind::Page(req_id) = frames.kind().await else { panic!("not a page") };
        let (mut head, mut events) = (None, Vec::new());
        while let Some(frame) = frames.next().await {
            match LaneMessage::decode(&frame).unwrap().unwrap() {
                LaneMessage::Notice(LaneNotice::PageHead(first)) => {
                    head = Some(first);
                }
                LaneMessage::Event(event) => events.push(event),
                other => panic!("not of a page: {other:?}"),
            }
        }
        (head.expect("a page's head"), events, req_id)
    }

    /// Waits until the server closes the connection: the code.
    pub(crate) async fn closed(&self) -> u64 {
        match timeout(PATIENCE, self.connection.closed()).await.expect("still open") {
            ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
            other => panic!("ended otherwise: {other:?}"),
        }
    }
}

pub(crate) fn message(id: u64, room: RoomId, text: &str) -> Send {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    let body = Body::Text(MessageText::new(text).unwrap());
    Send { message_id: MessageId(bytes), room, reply_to: None, body }
}

pub(crate) fn text_of(event: &Event) -> Option<&str> {
    match &event.change {
        tertulia_proto::Change::Posted(posted) => match posted.body.as_ref()? {
            Body::Text(text) => Some(text.as_str()),
            Body::Opaque { .. } => None,
        },
        _ => None,
    }
}

pub(crate) fn create(name: &str, kind: RoomKind) -> CreateRoom {
    let name = RoomName::new(name).unwrap();
    CreateRoom { name, kind, topic: Topic::default(), history: HistoryPolicy::All }
}
