//! Files: each on a bidirectional stream of its own that the client opens. What it says first is
//! one frame; what follows are bytes, in one direction.

mod down;
mod up;

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use quinn::{Connection, RecvStream, SendStream, VarInt};
use tertulia_proto::{
    FileReply, FileRequest, FrameBuffer, Refusal, Rejected, ReqId, ServerMessage, StreamKind,
    close::{STREAM_CANCELLED, STREAM_UNKNOWN_KIND},
    limits as wire,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{Ended, Shared, quota::Quota, replies::STORAGE_RETRY_MS};
use crate::{
    limits,
    state::{AccountRow, Actor},
};

/// Below pages, lanes and control.
const PRIORITY: i32 = -10;

/// Serves the streams that a client opens beside its control stream, until the connection ends.
/// QUIC's own limit bounds their number.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    connection: &Connection,
    account: &AccountRow,
    actor: Actor,
    quota: &Quota,
    has_files: bool,
) -> Result<Infallible, Ended> {
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = streams.join_next() => {}
            opened = connection.accept_bi() => {
                let (mut send, mut recv) = opened?;
                if !has_files {
                    refuse_kind(&mut send, &mut recv);
                    continue;
                }
                let desk = Desk {
                    shared: Arc::clone(shared),
                    connection: connection.clone(),
                    account: account.clone(),
                    actor,
                    quota: quota.clone(),
                };
                streams.spawn(async move {
                    // An error means that the stream is gone, and nobody is there to be told.
                    let _ = desk.attend(send, recv).await;
                });
            }
        }
    }
}

/// The stream is over: by its other end, with its connection, or because nothing moved on it.
struct Gone;

impl From<quinn::WriteError> for Gone {
    fn from(_: quinn::WriteError) -> Self {
        Self
    }
}

impl From<quinn::ReadError> for Gone {
    fn from(_: quinn::ReadError) -> Self {
        Self
    }
}

/// What one stream is served with.
struct Desk {
    shared: Arc<Shared>,
    connection: Connection,
    account: AccountRow,
    actor: Actor,
    quota: Quota,
}

impl Desk {
    async fn attend(self, mut send: SendStream, mut recv: RecvStream) -> Result<(), Gone> {
        // An error means that the stream is gone; the next write says so.
        let _ = send.set_priority(PRIORITY);
        let mut buffer = FrameBuffer::new(wire::FILE_FRAME_BYTES);
        let read = timeout(limits::FRAME_TIME, request(&mut recv, &mut buffer)).await;
        let request = match read.map_err(|_| Gone)?? {
            Asked::For(request) => request,
            Asked::OtherKind => {
                refuse_kind(&mut send, &mut recv);
                return Ok(());
            }
            Asked::Nonsense => {
                let _ = recv.stop(VarInt::from_u32(STREAM_CANCELLED));
                return reject(&mut send, Refusal::INVALID, None).await;
            }
        };
        if let Err(wait) = self.quota.request(Instant::now()) {
            let _ = recv.stop(VarInt::from_u32(STREAM_CANCELLED));
            let wait = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
            return reject(&mut send, Refusal::RATE, Some(wait)).await;
        }
        match request {
            FileRequest::Upload(upload) => self.take_in(upload, &mut send, recv, buffer).await,
            FileRequest::Download(download) => self.give_out(&download, send).await,
        }
    }

    async fn refuse(&self, send: &mut SendStream, refusal: Refusal) -> Result<(), Gone> {
        self.shared.metrics.refused(refusal);
        let retry_after = (refusal == Refusal::STORAGE).then_some(STORAGE_RETRY_MS);
        reject(send, refusal, retry_after).await
    }
}

/// What a stream began with.
enum Asked {
    For(FileRequest),
    OtherKind,
    Nonsense,
}

async fn request(recv: &mut RecvStream, buffer: &mut FrameBuffer) -> Result<Asked, Gone> {
    loop {
        match StreamKind::take(buffer.bytes_mut()) {
            Ok(Some(StreamKind::File)) => break,
            Ok(Some(_)) | Err(_) => return Ok(Asked::OtherKind),
            Ok(None) => fill(recv, buffer).await?,
        }
    }
    loop {
        match buffer.next_frame() {
            // What is neither is skipped: a newer client may say more than we know.
            Ok(Some(frame)) => match FileRequest::decode(&frame) {
                Ok(Some(request)) => return Ok(Asked::For(request)),
                Ok(None) => {}
                Err(_) => return Ok(Asked::Nonsense),
            },
            Ok(None) => fill(recv, buffer).await?,
            Err(_) => return Ok(Asked::Nonsense),
        }
    }
}

async fn fill(recv: &mut RecvStream, buffer: &mut FrameBuffer) -> Result<(), Gone> {
    let chunk = recv.read_chunk(wire::FILE_FRAME_BYTES, true).await?.ok_or(Gone)?;
    buffer.extend(&chunk.bytes);
    Ok(())
}

fn refuse_kind(send: &mut SendStream, recv: &mut RecvStream) {
    // Closed already: nothing to tell.
    let code = VarInt::from_u32(STREAM_UNKNOWN_KIND);
    let _ = recv.stop(code);
    let _ = send.reset(code);
}

async fn reject(
    send: &mut SendStream,
    refusal: Refusal,
    retry_after_ms: Option<u32>,
) -> Result<(), Gone> {
    let rejected = Rejected { req_id: ReqId(0), refusal, retry_after_ms, proposal: None };
    write(send, ServerMessage::from(rejected).encode()).await?;
    // An error means that the stream is gone.
    let _ = send.finish();
    Ok(())
}

async fn say(send: &mut SendStream, reply: impl Into<FileReply>) -> Result<(), Gone> {
    write(send, reply.into().encode()).await
}

async fn write(send: &mut SendStream, bytes: Bytes) -> Result<(), Gone> {
    let written = timeout(limits::FILE_STALL, send.write_chunk(bytes)).await;
    Ok(written.map_err(|_| Gone)??)
}
