//! The members of the baseline: one connection each, over TLS and TCP.

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use tertulia_certs::{DeviceIdentity, KeyFingerprint};
use tertulia_proto::{
    ClientMessage, Command, DisplayName, Frame, FrameBuffer, Register, ReqId, Request,
    ServerMessage, limits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::{host::Host, room::Source};
use crate::{
    peer::{Client, Congestion},
    speaker::{hello, patient},
};

/// Bytes of one read.
const CHUNK: usize = 64 << 10;

/// One connection.
pub(super) struct Line {
    pub(super) send: WriteHalf<TlsStream<TcpStream>>,
    pub(super) hear: Hearing,
    /// Its next request's number.
    pub(super) next: ReqId,
}

/// What comes over it.
pub(super) struct Hearing {
    stream: ReadHalf<TlsStream<TcpStream>>,
    buffer: FrameBuffer,
    chunk: Vec<u8>,
}

/// So many connect and register, one after the other; in order of their numbers.
pub(super) async fn all_come(host: &Host, clients: usize) -> Result<Vec<Line>> {
    let key = host.key()?;
    let mut lines = Vec::with_capacity(clients);
    for number in 0..clients {
        lines.push(come(host, key, number).await?);
    }
    Ok(lines)
}

async fn come(host: &Host, key: KeyFingerprint, number: usize) -> Result<Line> {
    let client = Client {
        at: Ipv4Addr::LOCALHOST,
        to: host.address(),
        key,
        congestion: Congestion::Cubic,
        name: DisplayName::new(&format!("Person {number}"))?,
        device: Arc::new(DeviceIdentity::passing()?),
    };
    let (stream, send) = split(patient(client.dial()).await??);
    let buffer = FrameBuffer::new(limits::FRAME_BYTES);
    let hear = Hearing { stream, buffer, chunk: vec![0; CHUNK] };
    let mut line = Line { send, hear, next: ReqId(1) };
    line.say(&ClientMessage::from(hello(1)).encode()).await?;
    loop {
        match line.answer().await? {
            ServerMessage::Welcome(_) => return Ok(line),
            ServerMessage::Unregistered(_) => {
                let register = Register { name: client.name.clone(), invite: None };
                line.say(&ClientMessage::from(register).encode()).await?;
            }
            other => bail!("no welcome: {other:?}"),
        }
    }
}

impl Line {
    /// Asks for something, and has the answer.
    pub(super) async fn ask(&mut self, command: impl Into<Command>) -> Result<ServerMessage> {
        let req_id = self.next;
        self.next = ReqId(req_id.0 + 1);
        self.say(&Request { req_id, command: Ok(command.into()) }.encode()).await?;
        loop {
            match self.answer().await? {
                ServerMessage::Presence(_) | ServerMessage::Typing(_) => {}
                answer => return Ok(answer),
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        patient(self.send.write_all(bytes)).await??;
        Ok(self.send.flush().await?)
    }

    /// The next message that is none of a lane's.
    async fn answer(&mut self) -> Result<ServerMessage> {
        loop {
            while let Some(frame) = self.hear.buffered()? {
                if let Some(message) = ServerMessage::decode(&frame)? {
                    return Ok(message);
                }
            }
            if !patient(self.hear.fill()).await?? {
                return None.context("the connection ended");
            }
        }
    }
}

impl Hearing {
    fn buffered(&mut self) -> Result<Option<Frame>> {
        Ok(self.buffer.next_frame()?)
    }
}

impl Source for Hearing {
    fn bytes(&mut self) -> &mut BytesMut {
        self.buffer.bytes_mut()
    }

    async fn fill(&mut self) -> Result<bool> {
        let bytes = self.stream.read(&mut self.chunk).await?;
        self.buffer.extend(&self.chunk[..bytes]);
        Ok(bytes > 0)
    }
}
