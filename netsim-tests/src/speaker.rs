//! A client that speaks frames by hand over real QUIC: for figures of a server alone, and for
//! conversations that were written down.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bytes::BytesMut;
use quinn::{
    Connection, Endpoint, EndpointConfig, IdleTimeout, RecvStream, SendStream, TransportConfig,
    crypto::rustls::QuicClientConfig,
};
use socket2::{Domain, Protocol, Socket, Type};
use tertulia_certs::{DeviceIdentity, ServerLink};
use tertulia_proto::{
    ALPN, ClientMessage, Command, DisplayName, Features, Frame, FrameBuffer, Hello, Register,
    ReqId, Request, ServerMessage, StreamKind, VersionRange, Welcome, limits,
};
use tokio::time::{Duration, timeout};

/// Longer than any answer takes; beyond it the server is believed to say nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of a socket.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How long it holds out while nothing comes: longer than a server of ours does.
const IDLE: Duration = Duration::from_secs(600);
/// Bytes of one read.
const CHUNK: usize = 64 << 10;

/// One connection.
#[derive(Debug)]
pub struct Speaker {
    // Its sockets go with it.
    _endpoint: Endpoint,
    connection: Connection,
    send: SendStream,
    control: Frames,
    /// Lanes and pages, by their first bytes.
    streams: BTreeMap<Vec<u8>, Frames>,
    next_request: u64,
}

/// A stream that is read frame by frame.
#[derive(Debug)]
pub(crate) struct Frames {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl Speaker {
    /// Connects by a link whose first address is an IP, and opens the control stream.
    pub async fn connect(link: &ServerLink, device: &DeviceIdentity) -> Result<Self> {
        Self::connect_from(endpoint()?, link, device).await
    }

    /// The same from an endpoint that others may use too.
    pub async fn connect_from(
        endpoint: Endpoint,
        link: &ServerLink,
        device: &DeviceIdentity,
    ) -> Result<Self> {
        let connection = dial(&endpoint, link, device).await?;
        let (mut send, recv) = connection.open_bi().await?;
        send.write_all(&StreamKind::Control.encode()).await?;
        let (control, streams) = (Frames::new(recv), BTreeMap::new());
        Ok(Self { _endpoint: endpoint, connection, send, control, streams, next_request: 1 })
    }

    /// Says hello, and registers where the server asks for it, with the link's invite.
    pub async fn greet(&mut self, name: &str, link: &ServerLink, hello: Hello) -> Result<Welcome> {
        self.say(&ClientMessage::from(hello).encode()).await?;
        loop {
            match self.message().await? {
                ServerMessage::Welcome(welcome) => return Ok(welcome),
                ServerMessage::Unregistered(_) => {
                    let name = DisplayName::new(name)?;
                    let invite = link.invite.as_ref().map(|token| *token.as_bytes());
                    let register = ClientMessage::from(Register { name, invite });
                    self.say(&register.encode()).await?;
                }
                other => bail!("no welcome: {other:?}"),
            }
        }
    }

    /// Writes on the control stream.
    pub async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(patient(self.send.write_all(bytes)).await??)
    }

    /// Writes a numbered request.
    pub async fn request(&mut self, command: impl Into<Command>) -> Result<ReqId> {
        let req_id = ReqId(self.next_request);
        self.next_request += 1;
        self.say(&Request { req_id, command: Ok(command.into()) }.encode()).await?;
        Ok(req_id)
    }

    /// The next frame of the control stream.
    pub async fn frame(&mut self) -> Result<Frame> {
        self.control.next().await?.context("the control stream ended")
    }

    /// The next message of the control stream that we know.
    pub async fn message(&mut self) -> Result<ServerMessage> {
        loop {
            let frame = self.frame().await?;
            if let Some(message) = ServerMessage::decode(&frame)? {
                return Ok(message);
            }
        }
    }

    /// The next answer; what others do is left out.
    pub async fn answer(&mut self) -> Result<ServerMessage> {
        loop {
            match self.message().await? {
                ServerMessage::Presence(_) | ServerMessage::Typing(_) => {}
                answer => return Ok(answer),
            }
        }
    }

    /// The next frame of a lane or a page; `None` at its end.
    pub async fn frame_of(&mut self, kind: StreamKind) -> Result<Option<Frame>> {
        let kind = kind.encode().to_vec();
        while !self.streams.contains_key(&kind) {
            let stream = patient(self.connection.accept_uni()).await??;
            let mut frames = Frames::new(stream);
            let found = frames.kind().await?;
            self.streams.insert(found.encode().to_vec(), frames);
        }
        let frames = self.streams.get_mut(&kind).context("it was put there")?;
        let frame = frames.next().await?;
        if frame.is_none() {
            self.streams.remove(&kind);
        }
        Ok(frame)
    }

    /// All frames of a page.
    pub async fn page(&mut self, req_id: ReqId) -> Result<Vec<Frame>> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame_of(StreamKind::Page(req_id)).await? {
            ensure!(frames.len() <= usize::from(limits::PAGE_EVENTS), "a page without end");
            frames.push(frame);
        }
        Ok(frames)
    }

    /// Its connection, both directions of the control stream and the number of its next request,
    /// for one who does several things at once.
    pub(crate) fn into_parts(self) -> (Connection, SendStream, Frames, ReqId) {
        (self.connection, self.send, self.control, ReqId(self.next_request))
    }

    /// Goes away, and waits until the server was told.
    pub async fn leave(self) {
        self.connection.close(0u32.into(), b"");
        self._endpoint.wait_idle().await;
    }
}

/// An endpoint on loopback, with room for what comes to many at once.
pub(crate) fn endpoint() -> Result<Endpoint> {
    endpoint_at(Ipv4Addr::LOCALHOST)
}

/// The same at that address.
pub(crate) fn endpoint_at(address: Ipv4Addr) -> Result<Endpoint> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    // The system may give less.
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    let runtime = Arc::new(quinn::TokioRuntime);
    Ok(Endpoint::new(EndpointConfig::default(), None, socket.into(), runtime)?)
}

/// Connects by a link whose first address is an IP.
pub(crate) async fn dial(
    endpoint: &Endpoint,
    link: &ServerLink,
    device: &DeviceIdentity,
) -> Result<Connection> {
    let at = link.addresses.first().context("a link without an address")?;
    let to = SocketAddr::new(at.host.parse().context("an address of digits")?, at.port);
    let (tls, _) = tertulia_certs::client_config(device, &link.trust, ALPN)?;
    let crypto = QuicClientConfig::try_from(tls)?;
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IdleTimeout::try_from(IDLE)?));
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    Ok(patient(endpoint.connect_with(config, to, "tertulia")?).await??)
}

/// A hello of this version that knows nothing yet.
pub fn hello(lanes: u8) -> Hello {
    Hello {
        versions: VersionRange::OURS,
        features: Features::OURS,
        lanes,
        epoch: None,
        cursors: Vec::new(),
    }
}

impl Frames {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, buffer: FrameBuffer::new(limits::FRAME_BYTES) }
    }

    /// What came and was not taken.
    pub(crate) fn bytes_mut(&mut self) -> &mut BytesMut {
        self.buffer.bytes_mut()
    }

    /// The next frame; `None` at the stream's end.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>> {
        patient(self.next_ever()).await?
    }

    /// The same, however long it takes. Cancel safe.
    pub(crate) async fn next_ever(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(Some(frame));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The next frame of what came already.
    pub(crate) fn buffered(&mut self) -> Result<Option<Frame>> {
        Ok(self.buffer.next_frame()?)
    }

    /// Waits for more; `false` at the stream's end. Cancel safe.
    pub(crate) async fn fill(&mut self) -> Result<bool> {
        let chunk = self.stream.read_chunk(CHUNK, true).await?;
        if let Some(chunk) = &chunk {
            self.buffer.extend(&chunk.bytes);
        }
        Ok(chunk.is_some())
    }

    /// What the stream is for: before its first frame.
    pub(crate) async fn kind(&mut self) -> Result<StreamKind> {
        loop {
            let kind = StreamKind::take(self.buffer.bytes_mut());
            if let Some(kind) = kind.map_err(|_| anyhow!("a stream of an unknown kind"))? {
                return Ok(kind);
            }
            let chunk = patient(self.stream.read_chunk(CHUNK, true)).await??;
            self.buffer.extend(&chunk.context("a stream without a kind")?.bytes);
        }
    }
}

pub(crate) async fn patient<T>(what: impl Future<Output = T>) -> Result<T> {
    timeout(PATIENCE, what).await.context("the server says nothing")
}
