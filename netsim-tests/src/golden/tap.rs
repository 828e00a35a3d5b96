//! A tap between clients and a server: it holds the clients' device keys, and a server's key of its
//! own, so that both believe to speak with each other.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, anyhow};
use quinn::{
    Endpoint, Incoming, RecvStream, SendStream, ServerConfig, crypto::rustls::QuicServerConfig,
};
use rustls::pki_types::CertificateDer;
use tertulia_certs::{DeviceIdentity, HostPort, ServerIdentity, ServerLink, Trust};
use tertulia_proto::{ALPN, Change, FrameBuffer, LaneNotice, ServerMessage, StreamKind, limits};
use tokio::task::{JoinSet, spawn_blocking};

use super::{
    holes::Names,
    script::{Line, Script, Stream, TOLD_BY_TIME},
};
use crate::{
    process::{Cli, ServerProcess},
    speaker::{dial, endpoint},
};

/// People whose profiles and devices there are.
const PEOPLE: [&str; 2] = ["ana", "beto"];
const CHUNK: usize = 64 << 10;

/// Where a story is told: people call the command line, and every frame is written down.
#[derive(Debug)]
pub struct Tap {
    dir: PathBuf,
    owner: ServerLink,
    member: ServerLink,
    _server: ServerProcess,
    tapped: Arc<Tapped>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
struct Tapped {
    /// The real server.
    server: ServerLink,
    devices: Vec<(&'static str, DeviceIdentity)>,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    names: Names,
    lines: Vec<Line>,
    connections: u32,
    /// The first frame that could not be written down.
    trouble: Option<String>,
}

/// Tells a story on a server of its own in `dir`, which must be empty; what was said.
pub async fn record(dir: &Path, story: impl AsyncFnOnce(&Tap) -> Result<()>) -> Result<Script> {
    let tap = Tap::set(dir).await?;
    story(&tap).await?;
    let written = tap.tapped.written();
    match &written.trouble {
        Some(trouble) => Err(anyhow!("{trouble}")),
        None => Ok(Script { knows: known(), lines: written.lines.clone() }),
    }
}

/// Frame types that a client of today reads.
fn known() -> Vec<u64> {
    [ServerMessage::KINDS, Change::KINDS, LaneNotice::KINDS].concat()
}

impl Tap {
    async fn set(dir: &Path) -> Result<Self> {
        let data = dir.join("data");
        let server = spawn_blocking(move || ServerProcess::start(&data)).await??;
        let mut owner: ServerLink = server.owner_link()?.parse()?;
        let mut member: ServerLink = server.invite(&["--uses", "10"])?.parse()?;
        let mut devices = Vec::new();
        for name in PEOPLE {
            devices.push((name, DeviceIdentity::load_or_create(&dir.join(name))?));
        }
        let mut written = Written::default();
        for (name, link) in [("owner", &owner), ("member", &member)] {
            let token = link.invite.as_ref().context("a link without an invite")?;
            written.names.give(*token.as_bytes(), name);
            written.lines.push(Line::Given(name.to_owned()));
        }
        let identity = ServerIdentity::load_or_create(&dir.join("tap"))?;
        let tls = tertulia_certs::server_config(&identity, ALPN)?;
        let crypto = QuicServerConfig::try_from(tls)?;
        let config = ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into())?;
        let server_link = owner.without_invite();
        for link in [&mut owner, &mut member] {
            let at = endpoint.local_addr()?;
            link.addresses = vec![HostPort { host: at.ip().to_string(), port: at.port() }];
            link.trust = Trust::Pinned(identity.fingerprint());
        }
        let written = Mutex::new(written);
        let tapped = Arc::new(Tapped { server: server_link, devices, written });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(endpoint, Arc::clone(&tapped)));
        let dir = dir.to_owned();
        Ok(Self { dir, owner, member, _server: server, tapped, _accepting: accepting })
    }

    /// The link that makes its user the owner.
    pub fn owner(&self) -> String {
        self.owner.to_string()
    }

    /// An invite for everybody else.
    pub fn member(&self) -> String {
        self.member.to_string()
    }

    /// Somebody's command line.
    pub fn cli(&self, who: &str) -> Cli {
        Cli::new(self.dir.join(who))
    }
}

impl Tapped {
    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(endpoint: Endpoint, tapped: Arc<Tapped>) {
    let mut connections = JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        let tapped = Arc::clone(&tapped);
        connections.spawn(async move {
            if let Err(error) = relay(incoming, &tapped).await {
                let trouble = format!("{error:#}");
                tapped.written().trouble.get_or_insert(trouble);
            }
        });
    }
}

/// Hands everything on but datagrams, which may be lost anywhere; each frame is written down before.
async fn relay(incoming: Incoming, tapped: &Arc<Tapped>) -> Result<()> {
    let client = incoming.await?;
    let shown = client.peer_identity().context("no certificate")?;
    let shown = shown.downcast::<Vec<CertificateDer<'static>>>().ok().context("no certificate")?;
    let shown = tertulia_certs::peer_fingerprint(&shown)?;
    let known = tapped.devices.iter().find(|(_, device)| device.fingerprint() == shown);
    let (who, device) = known.context("somebody whom nobody knows")?;
    let number = {
        let mut written = tapped.written();
        written.connections += 1;
        let connection = written.connections;
        written.lines.push(Line::Open { connection, who: (*who).to_owned() });
        connection
    };
    let server = dial(&endpoint()?, &tapped.server, device).await?;
    let mut streams = JoinSet::new();
    let (to_client, from_client) = client.accept_bi().await?;
    let (to_server, from_server) = server.open_bi().await?;
    let up = Pipe { tapped: Arc::clone(tapped), number, is_up: true };
    let down = Pipe { is_up: false, ..up.clone() };
    streams.spawn(up.run(from_client, to_server));
    // The answering half of the control stream begins with a frame.
    streams.spawn(down.clone().frames(
        Stream::Control,
        from_server,
        to_client,
        FrameBuffer::new(limits::FRAME_BYTES),
    ));
    loop {
        tokio::select! {
            biased;
            _ = client.closed() => break,
            stream = server.accept_uni() => {
                let Ok(stream) = stream else { break };
                streams.spawn(down.clone().run(stream, client.open_uni().await?));
            }
        }
    }
    streams.shutdown().await;
    tapped.written().lines.push(Line::Close { connection: number });
    server.close(0u32.into(), b"");
    client.close(0u32.into(), b"");
    Ok(())
}

/// One direction of one stream.
#[derive(Clone)]
struct Pipe {
    tapped: Arc<Tapped>,
    number: u32,
    is_up: bool,
}

impl Pipe {
    /// A stream that begins with its kind.
    async fn run(self, mut from: RecvStream, mut to: SendStream) {
        let mut buffer = FrameBuffer::new(limits::FRAME_BYTES);
        loop {
            match StreamKind::take(buffer.bytes_mut()) {
                Ok(Some(kind)) => {
                    let on = match kind {
                        StreamKind::Control => Stream::Control,
                        StreamKind::Live(_) => Stream::Live,
                        StreamKind::Page(req_id) => Stream::Page(req_id.0),
                        // No conversation that is written down holds one.
                        StreamKind::File => return,
                    };
                    if self.write_down(on, &mut buffer).is_err() {
                        return;
                    }
                    return self.frames(on, from, to, buffer).await;
                }
                Ok(None) => {}
                Err(_) => return,
            }
            let Ok(Some(chunk)) = from.read_chunk(CHUNK, true).await else { return };
            buffer.extend(&chunk.bytes);
            if to.write_all(&chunk.bytes).await.is_err() {
                return;
            }
        }
    }

    async fn frames(
        self,
        on: Stream,
        mut from: RecvStream,
        mut to: SendStream,
        mut buffer: FrameBuffer,
    ) {
        while let Ok(Some(chunk)) = from.read_chunk(CHUNK, true).await {
            buffer.extend(&chunk.bytes);
            if self.write_down(on, &mut buffer).is_err()
                || to.write_all(&chunk.bytes).await.is_err()
            {
                return;
            }
        }
        let _ = to.finish();
        // What is still to be sent goes with the stream.
        let _ = to.stopped().await;
    }

    fn write_down(&self, on: Stream, buffer: &mut FrameBuffer) -> Result<(), ()> {
        let mut written = self.tapped.written();
        let connection = self.number;
        loop {
            let frame = match buffer.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) => {
                    written.trouble.get_or_insert_with(|| error.to_string());
                    return Err(());
                }
            };
            let kind = frame.kind;
            if !self.is_up && TOLD_BY_TIME.contains(&kind) {
                continue;
            }
            match written.names.template(&frame) {
                Ok(body) if self.is_up => written.lines.push(Line::Says { connection, kind, body }),
                Ok(body) => written.lines.push(Line::Hears { connection, on, kind, body }),
                Err(error) => {
                    written.trouble.get_or_insert_with(|| format!("{error:#}"));
                    return Err(());
                }
            }
        }
    }
}
