//! Says what was said, and compares what is heard.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use anyhow::{Context, Result, bail, ensure};
use quinn::{Connection, Endpoint, SendStream};
use tertulia_certs::{DeviceIdentity, ServerLink};
use tertulia_proto::{Frame, StreamKind, frame::put_varint};
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
    time::{Duration, timeout},
};

use super::{
    script::{Line, Script, Stream, TOLD_BY_TIME},
    template::{Held, Template},
};
use crate::{
    process::ServerProcess,
    speaker::{self, Frames, dial},
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Frames of a connection that were read and not asked for.
const UNREAD: usize = 1_024;

/// Plays a conversation against a server of today that it starts in `dir`, which must be empty.
/// An error tells the line, and how the answer differs.
pub async fn play(script: &Script, dir: &Path) -> Result<()> {
    let data = dir.join("data");
    let server = spawn_blocking(move || ServerProcess::start(&data)).await??;
    let (owner, member): (ServerLink, ServerLink) =
        (server.owner_link()?.parse()?, server.invite(&["--uses", "10"])?.parse()?);
    let mut stage = Stage { link: owner.without_invite(), dir, open: BTreeMap::new() };
    let mut held = Held::default();
    for line in &script.lines {
        let told = || format!("at the line: {line}");
        match line {
            Line::Given(name) => {
                let link = match name.as_str() {
                    "owner" => &owner,
                    "member" => &member,
                    other => bail!("nobody gives {other}"),
                };
                let token = link.invite.as_ref().context("a link without an invite")?;
                held.give(name, *token.as_bytes());
            }
            Line::Open { connection, who } => {
                stage.open(*connection, who).await.with_context(told)?;
            }
            Line::Says { connection, kind, body } => {
                let body = body.fill(&mut held).with_context(told)?;
                stage.at(*connection)?.say(*kind, &body).await.with_context(told)?;
            }
            Line::Hears { connection, on, kind, body } => {
                let place = stage.at(*connection)?;
                let heard = place.hear((*on, *kind, body), &script.knows, &mut held).await;
                heard.with_context(told)?;
            }
            Line::Close { connection } => {
                let place = stage.open.remove(connection).with_context(told)?;
                place.connection.close(0u32.into(), b"");
                place.endpoint.wait_idle().await;
            }
        }
    }
    Ok(())
}

struct Stage<'a> {
    link: ServerLink,
    dir: &'a Path,
    open: BTreeMap<u32, Place>,
}

/// One connection.
struct Place {
    endpoint: Endpoint,
    connection: Connection,
    send: SendStream,
    heard: mpsc::Receiver<(Stream, Frame)>,
    unread: Vec<(Stream, Frame)>,
    _readers: JoinSet<()>,
}

impl Stage<'_> {
    async fn open(&mut self, number: u32, who: &str) -> Result<()> {
        let device = DeviceIdentity::load_or_create(&self.dir.join(who))?;
        let endpoint = speaker::endpoint()?;
        let connection = dial(&endpoint, &self.link, &device).await?;
        let (mut send, recv) = connection.open_bi().await?;
        send.write_all(&StreamKind::Control.encode()).await?;
        let (tell, heard) = mpsc::channel(UNREAD);
        let mut readers = JoinSet::new();
        readers.spawn(read(Stream::Control, Frames::new(recv), tell.clone()));
        readers.spawn(read_all(connection.clone(), tell));
        let unread = Vec::new();
        let place = Place { endpoint, connection, send, heard, unread, _readers: readers };
        ensure!(self.open.insert(number, place).is_none(), "it is open already");
        Ok(())
    }

    fn at(&mut self, number: u32) -> Result<&mut Place> {
        self.open.get_mut(&number).with_context(|| format!("connection {number} is not open"))
    }
}

impl Place {
    async fn say(&mut self, kind: u64, body: &[u8]) -> Result<()> {
        let (mut payload, mut frame) = (Vec::new(), Vec::new());
        put_varint(&mut payload, kind);
        payload.extend_from_slice(body);
        put_varint(&mut frame, payload.len() as u64);
        frame.extend(payload);
        Ok(self.send.write_all(&frame).await?)
    }

    /// Waits for a frame that fits. On the control stream and on pages it must be the next one;
    /// lanes carry rooms by their ids, so that it may be behind those of other rooms.
    async fn hear(
        &mut self,
        (on, kind, body): (Stream, u64, &Template),
        knows: &[u64],
        held: &mut Held,
    ) -> Result<()> {
        let mut looked = 0;
        loop {
            while let Some((stream, frame)) = self.unread.get(looked) {
                if *stream == on {
                    if frame.kind == kind && body.fits(&frame.body, held) {
                        self.unread.remove(looked);
                        return Ok(());
                    }
                    ensure!(on == Stream::Live, "it is: {}", told(frame));
                }
                looked += 1;
            }
            match timeout(PATIENCE, self.heard.recv()).await {
                Ok(Some((_, frame))) if !knows.contains(&frame.kind) => {}
                Ok(Some((_, frame))) if TOLD_BY_TIME.contains(&frame.kind) => {}
                Ok(Some(heard)) => self.unread.push(heard),
                Ok(None) => bail!("the connection ended; not asked for: {}", self.rest()),
                Err(_) => bail!("it never came; not asked for: {}", self.rest()),
            }
        }
    }

    fn rest(&self) -> String {
        let frames = self.unread.iter().map(|(stream, frame)| (stream, told(frame)));
        frames.fold(String::new(), |mut text, (stream, frame)| {
            let _ = write!(text, "\n  {stream:?} {frame}");
            text
        })
    }
}

fn told(frame: &Frame) -> String {
    format!("{}: {}", frame.kind, data_encoding::HEXLOWER.encode(&frame.body))
}

async fn read_all(connection: Connection, tell: mpsc::Sender<(Stream, Frame)>) {
    let mut readers = JoinSet::new();
    while let Ok(stream) = connection.accept_uni().await {
        let mut frames = Frames::new(stream);
        let on = match frames.kind().await {
            Ok(StreamKind::Live(_)) => Stream::Live,
            Ok(StreamKind::Page(req_id)) => Stream::Page(req_id.0),
            _ => continue,
        };
        readers.spawn(read(on, frames, tell.clone()));
    }
}

async fn read(on: Stream, mut frames: Frames, tell: mpsc::Sender<(Stream, Frame)>) {
    while let Ok(Some(frame)) = frames.next().await {
        if tell.send((on, frame)).await.is_err() {
            return;
        }
    }
}
