//! A stream that carries one file: the words at its beginning and its end.

use std::time::Duration;

use bytes::Bytes;
use quinn::{RecvStream, SendStream, VarInt};
use tertulia_proto::{
    FileReply, FileRequest, FrameBuffer, Receipt, Rejected, ServerMessage, StreamKind,
    close::STREAM_CANCELLED, limits,
};

use tertulia_quic::Pace;

use super::Line;
use crate::core::backoff;

/// Below commands.
const PRIORITY: i32 = -10;
/// The wait after a refusal that is not final and names none.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The stream is over, or what came on it makes no sense.
#[derive(Debug)]
pub(super) struct Gone;

/// What the server said.
#[derive(Debug)]
pub(super) enum Said {
    Reply(FileReply),
    Receipt(Receipt),
    Rejected(Rejected),
}

/// Dropped before its end, the other end learns that it was cut off.
#[derive(Debug)]
pub(super) struct Stream {
    send: SendStream,
    recv: RecvStream,
    buffer: FrameBuffer,
    pace: Pace,
    is_finished: bool,
}

impl Stream {
    pub(super) async fn open(line: &Line, request: FileRequest) -> Result<Self, Gone> {
        let (send, recv) = line.quic.open_bi().await.map_err(|_| Gone)?;
        // Fails only on a closed stream, which the next write tells.
        let _ = send.set_priority(PRIORITY);
        let buffer = FrameBuffer::new(limits::FILE_FRAME_BYTES);
        let pace = Pace::new(&line.quic);
        let mut stream = Self { send, recv, buffer, pace, is_finished: false };
        let first = [&StreamKind::File.encode()[..], &request.encode()[..]].concat();
        stream.write(Bytes::from(first)).await?;
        Ok(stream)
    }

    /// Cancelled, part of it may have been written.
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), Gone> {
        self.send.write_chunk(bytes).await.map_err(|_| Gone)
    }

    /// The same in small steps, so that what is said meanwhile need not wait.
    pub(super) async fn write_paced(&mut self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let step = self.pace.step().await.min(bytes.len());
            self.write(bytes.split_to(step)).await?;
        }
        Ok(())
    }

    /// Nothing more comes from here.
    pub(super) fn finish(&mut self) {
        self.is_finished = true;
        // Closed already: as wanted.
        let _ = self.send.finish();
    }

    /// The file is not wanted any more.
    pub(super) fn cancel(&mut self) {
        self.is_finished = true;
        let code = VarInt::from_u32(STREAM_CANCELLED);
        // Closed already: as wanted.
        let _ = self.send.reset(code);
        let _ = self.recv.stop(code);
    }

    /// What the server says next. Cancel safe.
    pub(super) async fn hear(&mut self) -> Result<Said, Gone> {
        loop {
            while let Some(frame) = self.buffer.next_frame().map_err(|_| Gone)? {
                if let Some(reply) = FileReply::decode(&frame).map_err(|_| Gone)? {
                    return Ok(Said::Reply(reply));
                }
                match ServerMessage::decode(&frame).map_err(|_| Gone)? {
                    Some(ServerMessage::Receipt(receipt)) => return Ok(Said::Receipt(receipt)),
                    Some(ServerMessage::Rejected(rejected)) => {
                        return Ok(Said::Rejected(rejected));
                    }
                    // A newer server may say more than we know.
                    _ => {}
                }
            }
            let chunk = self.recv.read_chunk(limits::FILE_FRAME_BYTES, true).await;
            let Ok(Some(chunk)) = chunk else { return Err(Gone) };
            self.buffer.extend(&chunk.bytes);
        }
    }

    /// The file's bytes as they come; `None` at their end.
    pub(super) async fn bytes(&mut self, most: usize) -> Result<Option<Bytes>, Gone> {
        let early = self.buffer.bytes_mut().split();
        if !early.is_empty() {
            return Ok(Some(early.freeze()));
        }
        let chunk = self.recv.read_chunk(most, true).await.map_err(|_| Gone)?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.is_finished {
            // Dropped as it is, it would end as if all were there.
            let _ = self.send.reset(VarInt::from_u32(0));
        }
    }
}

/// How long to wait before the same again; `None`: it is final.
pub(super) fn again_after(rejected: &Rejected) -> Option<Duration> {
    let asked = rejected.retry_after_ms.map(backoff::asked_wait);
    (!rejected.refusal.is_final()).then(|| asked.unwrap_or(RETRY_AFTER))
}
