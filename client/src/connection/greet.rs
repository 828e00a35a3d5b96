//! The first words: only a welcome counts as logged in.

use std::time::Duration;

use bytes::Bytes;
use quinn::{Connection, RecvStream, SendStream, VarInt};
use tertulia_proto::{
    ClientMessage, FrameBuffer, Hello, Refusal, Register, Registration, ReqId, ServerMessage,
    StreamKind, Welcome, close::CloseCode, limits,
};
use tokio::{sync::mpsc, time};

use super::{Broken, read_chunk};
use crate::{
    core::{backoff, session::End},
    model::Trouble,
};

/// How long the server may take for its first answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Commands before pages and lanes.
const CONTROL_PRIORITY: i32 = 10;

/// What to say first.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) hello: Hello,
    /// What to answer where this device is not known; `None`: leave.
    pub(crate) register: Option<Register>,
}

/// A connection on which the server said welcome.
#[derive(Debug)]
pub(crate) struct Welcomed {
    pub(crate) welcome: Welcome,
    pub(super) quic: Connection,
    pub(super) send: SendStream,
    pub(super) recv: RecvStream,
    /// What came behind the welcome.
    pub(super) frames: FrameBuffer,
    /// What is to be written.
    pub(super) queue: mpsc::Receiver<Bytes>,
}

/// No welcome came.
#[derive(Debug)]
pub(crate) enum Ended {
    /// There is no connection.
    End(End),
    /// The registration was refused.
    Refused { refusal: Refusal, proposal: Option<String> },
    /// The server does not know this device, and tells how one becomes known.
    Stranger(Registration),
}

impl From<End> for Ended {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// Says hello and waits for the welcome, registering where that is wanted and needed. What is in
/// the `queue` meanwhile goes out behind the hello.
pub(crate) async fn greet(
    quic: Connection,
    greeting: Greeting,
    queue: mpsc::Receiver<Bytes>,
) -> Result<Welcomed, Ended> {
    let spoken = time::timeout(ANSWER, speak(quic.clone(), greeting, queue)).await;
    let failed = match spoken {
        Ok(Ok(welcomed)) => return Ok(welcomed),
        Ok(Err(failed)) => failed,
        Err(_) => Failed::Late,
    };
    let (code, ended) = match failed {
        Failed::Broken(Broken::Stream) => return Err(super::ended(&quic).await.into()),
        Failed::Broken(Broken::Protocol(code, what)) => {
            let text = format!("the server broke the protocol: {what}");
            (code, End::retry(Trouble::Lost(text)).into())
        }
        Failed::Ended(ended) => (CloseCode::OK, ended),
        Failed::Late => {
            let text = "the server did not answer in time".to_owned();
            (CloseCode::TIMEOUT, End::retry(Trouble::Lost(text)).into())
        }
    };
    quic.close(VarInt::from_u32(code.0), b"");
    Err(ended)
}

enum Failed {
    Broken(Broken),
    Ended(Ended),
    Late,
}

impl From<Broken> for Failed {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

async fn speak(
    quic: Connection,
    greeting: Greeting,
    mut queue: mpsc::Receiver<Bytes>,
) -> Result<Welcomed, Failed> {
    let stream = |_| Broken::Stream;
    let (mut send, mut recv) = quic.open_bi().await.map_err(stream)?;
    // Fails only on a closed stream, which the next write tells.
    let _ = send.set_priority(CONTROL_PRIORITY);
    let hello = ClientMessage::Hello(greeting.hello).encode();
    let mut first = [&StreamKind::Control.encode()[..], &hello[..]].concat();
    let registers = greeting.register.is_some();
    // Without waiting to be asked: a server that knows this device skips it.
    if let Some(register) = greeting.register {
        first.extend(ClientMessage::Register(register).encode());
    }
    while let Ok(frame) = queue.try_recv() {
        first.extend(frame);
    }
    send.write_all(&first).await.map_err(|_| Broken::Stream)?;

    let mut was_asked = false;
    let mut frames = FrameBuffer::new(limits::FRAME_BYTES_BEFORE_WELCOME);
    loop {
        let message = tokio::select! {
            biased;
            message = next_message(&mut recv, &mut frames) => message?,
            Some(frame) = queue.recv() => {
                send.write_chunk(frame).await.map_err(|_| Broken::Stream)?;
                continue;
            }
        };
        let Some(message) = message else {
            return Err(Broken::Stream.into());
        };
        match message {
            ServerMessage::Welcome(welcome) => {
                frames.set_limit(limits::REPLY_BYTES);
                return Ok(Welcomed { welcome, quic, send, recv, frames, queue });
            }
            ServerMessage::Unregistered(unregistered) => {
                if !registers || was_asked {
                    return Err(Failed::Ended(Ended::Stranger(unregistered.registration)));
                }
                was_asked = true;
            }
            ServerMessage::Rejected(rejected) if rejected.req_id == ReqId(0) => {
                return Err(Failed::Ended(Ended::Refused {
                    refusal: rejected.refusal,
                    proposal: rejected.proposal,
                }));
            }
            ServerMessage::GoAway(go_away) => {
                return Err(Failed::Ended(Ended::End(End {
                    retry_after: backoff::asked_wait(go_away.retry_after_ms),
                    ..End::retry(Trouble::GoingAway)
                })));
            }
            _ => return Err(Broken::protocol("an answer before the welcome").into()),
        }
    }
}

/// `None`: the stream is over.
async fn next_message(
    recv: &mut RecvStream,
    frames: &mut FrameBuffer,
) -> Result<Option<ServerMessage>, Broken> {
    loop {
        while let Some(frame) = frames.next_frame()? {
            if let Some(message) = ServerMessage::decode(&frame)? {
                return Ok(Some(message));
            }
        }
        if !read_chunk(recv, frames).await? {
            return Ok(None);
        }
    }
}
