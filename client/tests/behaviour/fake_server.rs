//! A server that does only what a test tells it.

use std::{net::SocketAddr, sync::Arc};

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, ServerConfig, VarInt};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;
use tertulia_client::{
    certs::{KeyFingerprint, ServerIdentity, ServerLink, Trust, peer_fingerprint, server_config},
    proto::{
        ALPN, AccountId, Author, Body, Change, ClientMessage, Command, DisplayName, Epoch, Event,
        EventHead, Features, FrameBuffer, Handle, Hello, HistoryPolicy, LaneMessage, LaneNotice,
        Live, LogPosition, MessageId, MessageText, PageHead, Posted, Receipt, Register,
        Registration, ReqId, Request, Role, RoomId, RoomKind, RoomListing, RoomName, RoomOpened,
        Send, Seq, ServerMessage, StreamKind, Timestamp, Topic, Unregistered, Welcome,
        close::CloseCode, limits,
    },
};

use crate::soon;

pub(crate) const ME: u64 = 1;
pub(crate) const LOBBY: RoomId = RoomId(1);
pub(crate) const EPOCH: Epoch = Epoch([7; 16]);

/// Listens on loopback.
pub(crate) struct FakeServer {
    endpoint: Endpoint,
    identity: ServerIdentity,
    _dir: TempDir,
}

impl FakeServer {
    pub(crate) fn start() -> Self {
        Self::on("127.0.0.1:0".parse().unwrap())
    }

    /// Another server, with another key, at that address.
    pub(crate) fn on(address: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let identity = ServerIdentity::load_or_create(dir.path()).unwrap();
        let tls = server_config(&identity, ALPN).unwrap();
        let quic = QuicServerConfig::try_from(tls).unwrap();
        let config = ServerConfig::with_crypto(Arc::new(quic));
        let endpoint = Endpoint::server(config, address).unwrap();
        Self { endpoint, identity, _dir: dir }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.local_addr().unwrap()
    }

    pub(crate) fn link(&self) -> ServerLink {
        ServerLink {
            addresses: vec![self.address().to_string().parse().unwrap()],
            trust: Trust::Pinned(self.identity.fingerprint()),
            invite: None,
        }
    }

    /// The next connection, up to and with its hello.
    pub(crate) async fn accept(&self) -> Peer {
        let accepted = async {
            let quic = self.endpoint.accept().await.unwrap().await.unwrap();
            let (send, mut recv) = quic.accept_bi().await.unwrap();
            let mut frames = FrameBuffer::new(limits::FRAME_BYTES);
            while StreamKind::take(frames.bytes_mut()).unwrap() != Some(StreamKind::Control) {
                let chunk = recv.read_chunk(1_024, true).await.unwrap().unwrap();
                frames.extend(&chunk.bytes);
            }
            let mut peer = Peer { quic, send, recv, frames, hello: None };
            let ClientMessage::Hello(hello) = peer.client_message().await else {
                panic!("no hello");
            };
            peer.hello = Some(hello);
            peer
        };
        soon(accepted).await
    }

    /// Returns when nothing is left of any connection, and all was sent that had to be said of that.
    pub(crate) async fn forgot_all(&self) {
        soon(self.endpoint.wait_idle()).await;
    }

    /// The next handshake, which the client does not like.
    pub(crate) async fn refused(&self) {
        let incoming = soon(self.endpoint.accept()).await.unwrap();
        assert!(soon(incoming.into_future()).await.is_err(), "the client went on");
    }

    /// The next connection, welcomed.
    pub(crate) async fn welcomed(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.welcome().await;
        peer
    }
}

/// The server's end of a connection.
pub(crate) struct Peer {
    pub(crate) quic: Connection,
    send: SendStream,
    recv: RecvStream,
    frames: FrameBuffer,
    hello: Option<Hello>,
}

impl Peer {
    pub(crate) fn hello(&self) -> &Hello {
        self.hello.as_ref().unwrap()
    }

    /// The device's.
    pub(crate) fn key(&self) -> KeyFingerprint {
        let identity = self.quic.peer_identity().unwrap();
        let chain = identity.downcast::<Vec<CertificateDer<'static>>>().unwrap();
        peer_fingerprint(&chain).unwrap()
    }

    pub(crate) async fn welcome(&mut self) {
        self.welcome_with(EPOCH).await;
    }

    pub(crate) async fn welcome_with(&mut self, epoch: Epoch) {
        // One that promises it must not read requests of another history; this one reads on.
        let is_other = self.hello().epoch.is_some_and(|named| named != epoch);
        let features = match is_other {
            true => Features::OURS.without(Features::EARLY_REQUESTS),
            false => Features::OURS,
        };
        self.welcome_as(epoch, features).await;
    }

    pub(crate) async fn welcome_as(&mut self, epoch: Epoch, features: Features) {
        let lanes = self.hello().lanes.min(1);
        self.say(Welcome {
            version: 0,
            features,
            epoch,
            head: LogPosition(0),
            account: AccountId(ME),
            handle: Handle::new("ana").unwrap(),
            display: DisplayName::new("Ana").unwrap(),
            role: Role::Member,
            lanes,
        })
        .await;
    }

    /// Says that the device is not known, and reads the registration.
    pub(crate) async fn registration(&mut self) -> Register {
        let registration = Registration::Invite;
        self.say(Unregistered { registration }).await;
        match self.client_message().await {
            ClientMessage::Register(register) => register,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn say(&mut self, message: impl Into<ServerMessage>) {
        self.say_bytes(&message.into().encode()).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.send.write_all(bytes).await.unwrap();
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> (ReqId, Command) {
        loop {
            let frame = soon(self.frame()).await.expect("the client ended the control stream");
            if let Some(request) = Request::decode(&frame).unwrap() {
                return (request.req_id, request.command.unwrap());
            }
            // Who is known need not register, and says so before it knows.
            let message = ClientMessage::decode(&frame).unwrap();
            assert!(matches!(message, Some(ClientMessage::Register(_))), "{message:?}");
        }
    }

    /// The next request, which is a message.
    pub(crate) async fn message(&mut self) -> (ReqId, Send) {
        match self.request().await {
            (req_id, Command::Send(send)) => (req_id, send),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn receipt(&mut self, req_id: ReqId, message_id: MessageId, seq: u64) {
        self.say(Receipt {
            req_id,
            message_id,
            room: LOBBY,
            seq: Seq(seq),
            position: LogPosition(seq),
            time: Timestamp(1_000 + seq),
            duplicate: false,
        })
        .await;
    }

    pub(crate) async fn lane(&self) -> Lane {
        let mut send = self.quic.open_uni().await.unwrap();
        send.write_all(&StreamKind::Live(0).encode()).await.unwrap();
        Lane { send }
    }

    pub(crate) async fn page(&self, req_id: ReqId, events: Vec<Event>) {
        let head = PageHead {
            req_id,
            room: LOBBY,
            events: events.len() as u16,
            oldest: Seq(1),
            head: Seq(1_000),
        };
        let mut send = self.quic.open_uni().await.unwrap();
        send.write_all(&StreamKind::Page(req_id).encode()).await.unwrap();
        send.write_all(&LaneNotice::PageHead(head).encode()).await.unwrap();
        for event in events {
            send.write_all(&event.encode()).await.unwrap();
        }
        send.finish().unwrap();
    }

    /// The connection ends without a word that the client could read in time.
    pub(crate) fn cut(&self, code: CloseCode) {
        self.quic.close(VarInt::from_u32(code.0), b"");
    }

    /// How the client ended the connection.
    pub(crate) async fn ended(&self) -> CloseCode {
        match soon(self.quic.closed()).await {
            ConnectionError::ApplicationClosed(close) => {
                CloseCode(u32::try_from(close.error_code.into_inner()).unwrap())
            }
            other => panic!("{other}"),
        }
    }

    /// Whether the client finished the control stream, with nothing more on it.
    pub(crate) async fn is_finished(&mut self) -> bool {
        soon(self.frame()).await.is_none()
    }

    async fn client_message(&mut self) -> ClientMessage {
        let frame = soon(self.frame()).await.unwrap();
        ClientMessage::decode(&frame).unwrap().unwrap()
    }

    async fn frame(&mut self) -> Option<tertulia_client::proto::Frame> {
        loop {
            if let Some(frame) = self.frames.next_frame().unwrap() {
                return Some(frame);
            }
            let chunk = self.recv.read_chunk(1_024, true).await.ok()??;
            self.frames.extend(&chunk.bytes);
        }
    }
}

/// A lane, from the server's side.
pub(crate) struct Lane {
    pub(crate) send: SendStream,
}

impl Lane {
    /// The lobby, whose events follow from `next` on.
    pub(crate) async fn open(&mut self, head: u64, next: u64) {
        let opened = RoomOpened { room: listing(head), next: Seq(next) };
        self.say(LaneNotice::RoomOpened(opened)).await;
    }

    pub(crate) async fn events(&mut self, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            self.say_message(LaneMessage::Event(posted(seq))).await;
        }
    }

    pub(crate) async fn live(&mut self) {
        self.say(LaneNotice::Live(Live { rooms: 1 })).await;
    }

    pub(crate) async fn say(&mut self, notice: LaneNotice) {
        self.say_message(LaneMessage::Notice(notice)).await;
    }

    pub(crate) async fn say_message(&mut self, message: LaneMessage) {
        self.send.write_all(&message.encode()).await.unwrap();
    }
}

pub(crate) fn listing(head: u64) -> RoomListing {
    RoomListing {
        room: LOBBY,
        name: RoomName::new("lobby").unwrap(),
        kind: RoomKind::Public,
        topic: Topic::default(),
        members: 2,
        unread: 0,
        mentions: 0,
        role: Some(Role::Member),
        archived: false,
        history: HistoryPolicy::All,
        peer: None,
        head: Seq(head),
        read: Seq(head),
    }
}

/// A message of somebody else.
pub(crate) fn posted(seq: u64) -> Event {
    let message_id = MessageId::new(Timestamp(seq), [9; 10]);
    posted_as(seq, 2, message_id)
}

pub(crate) fn posted_as(seq: u64, account: u64, message_id: MessageId) -> Event {
    let name = format!("person-{account}");
    Event {
        head: EventHead {
            room: LOBBY,
            seq: Seq(seq),
            position: LogPosition(seq),
            time: Timestamp(1_000 + seq),
            author: Author {
                account: AccountId(account),
                handle: Handle::new(&name).unwrap(),
                display: DisplayName::new(&name).unwrap(),
            },
        },
        change: Change::Posted(Posted {
            message_id,
            reply_to: None,
            body: Some(Body::Text(MessageText::new(&format!("text {seq}")).unwrap())),
            edited: None,
            file: None,
        }),
    }
}
