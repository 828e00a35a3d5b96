//! Frames over quinn's streams, with the two timers that no peer may outsit.
//!
//! Both run only while packets arrive from the peer: a silent path is the idle timeout's business.

use std::{future, pin::pin, task::Poll, time::Duration};

use bytes::Bytes;
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, WriteError, Written};
use tertulia_proto::{Frame, FrameBuffer, StreamKind, close::CloseCode};
use tokio::time::{Instant, timeout};

use super::Ended;
use crate::limits;

const READ_BYTES: usize = 16 << 10;

/// Frames of one receiving stream.
#[derive(Debug)]
pub(crate) struct FrameReader {
    stream: RecvStream,
    buffer: FrameBuffer,
    clock: LiveClock,
    /// What the frame that has begun may still take: a byte now and then does not renew it.
    left: Duration,
}

impl FrameReader {
    /// A stream whose frames are bounded by `limit`.
    pub(crate) fn new(connection: &Connection, stream: RecvStream, limit: usize) -> Self {
        let (buffer, clock) = (FrameBuffer::new(limit), LiveClock::new(connection));
        Self { stream, buffer, clock, left: limits::FRAME_TIME }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.buffer.set_limit(limit);
    }

    /// The stream's kind, which stands before its first frame.
    pub(crate) async fn kind(&mut self) -> Result<StreamKind, Ended> {
        const UNKNOWN: Ended = Ended::Close(CloseCode::PROTOCOL, "unknown kind of stream");
        loop {
            match StreamKind::take(self.buffer.bytes_mut()) {
                Ok(Some(kind)) => return Ok(kind),
                Ok(None) => {}
                Err(_) => return Err(UNKNOWN),
            }
            if !self.fill().await? {
                return Err(UNKNOWN);
            }
        }
    }

    /// The next frame; `None` at a clean end of the stream.
    ///
    /// Cancellation safe: what arrived stays in the buffer.
    pub(crate) async fn next_frame(&mut self) -> Result<Option<Frame>, Ended> {
        loop {
            if let Some(frame) = self.buffer.next_frame()? {
                self.left = limits::FRAME_TIME;
                return Ok(Some(frame));
            }
            if !self.fill().await? {
                return if self.buffer.is_partial() {
                    Err(Ended::Close(CloseCode::PROTOCOL, "the stream ended within a frame"))
                } else {
                    Ok(None)
                };
            }
        }
    }

    /// Reads what is there; false at the end of the stream.
    async fn fill(&mut self) -> Result<bool, Ended> {
        let is_partial = self.buffer.is_partial();
        let late = Ended::Close(CloseCode::TIMEOUT, "a frame took too long");
        let read = self.stream.read_chunk(READ_BYTES, true);
        let read = if is_partial {
            // Rare: what it takes is not held by the many who say nothing.
            Box::pin(self.clock.within(&mut self.left, read)).await.ok_or(late)?
        } else {
            read.await
        };
        match read {
            Ok(Some(chunk)) => {
                self.buffer.extend(&chunk.bytes);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(ReadError::ConnectionLost(error)) => Err(error.into()),
            Err(ReadError::Reset(_)) => {
                Err(Ended::Close(CloseCode::PROTOCOL, "the control stream was reset"))
            }
            Err(
                ReadError::ClosedStream
                | ReadError::IllegalOrderedRead
                | ReadError::ZeroRttRejected,
            ) => Err(Ended::Close(CloseCode::INTERNAL, "the stream can't be read")),
        }
    }
}

/// Frames of one sending stream.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    stream: SendStream,
    clock: LiveClock,
}

impl FrameWriter {
    pub(crate) fn new(connection: &Connection, stream: SendStream) -> Self {
        Self { stream, clock: LiveClock::new(connection) }
    }

    /// Hands frames to the transport, as fast as the peer takes them.
    pub(crate) async fn write(&mut self, frames: &mut [Bytes]) -> Result<(), Ended> {
        let mut rest = frames;
        while !rest.is_empty() {
            let written = self.write_chunks(rest).await?;
            let chunks = written.map_err(write_ended)?.chunks;
            rest = rest.split_at_mut(chunks).1;
        }
        Ok(())
    }

    /// Some of them, as soon as there is room.
    async fn write_chunks(
        &mut self,
        frames: &mut [Bytes],
    ) -> Result<Result<Written, WriteError>, Ended> {
        let mut write = pin!(self.stream.write_chunks(frames));
        // Mostly there is room, and no timer is needed.
        match future::poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await {
            Poll::Ready(written) => Ok(written),
            Poll::Pending => {
                let slow = Ended::Close(CloseCode::SLOW_CONSUMER, "nothing was read for too long");
                // Each step forward earns it anew.
                let mut left = limits::PROGRESS_TIME;
                Box::pin(self.clock.within(&mut left, write)).await.ok_or(slow)
            }
        }
    }

    /// One frame.
    pub(crate) async fn write_one(&mut self, frame: Bytes) -> Result<(), Ended> {
        self.write(&mut [frame]).await
    }

    /// Says that nothing more comes.
    pub(crate) fn finish(&mut self) {
        // An error means that the stream is closed already, which is what is wanted.
        let _ = self.stream.finish();
    }
}

/// A client that stops a stream of ours has no use for the connection.
fn write_ended(error: WriteError) -> Ended {
    match error {
        WriteError::ConnectionLost(error) => error.into(),
        WriteError::Stopped(_) => Ended::Close(CloseCode::OK, "the client stopped a stream"),
        WriteError::ClosedStream | WriteError::ZeroRttRejected => {
            Ended::Lost(ConnectionError::LocallyClosed)
        }
    }
}

/// A timer that counts only while the peer's packets arrive.
#[derive(Debug)]
struct LiveClock {
    connection: Connection,
}

impl LiveClock {
    fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone() }
    }

    /// Runs `work`; `None` once packets arrived for as long as was `left` and it was not done. The
    /// work goes on while none do: a silence counts when it ends, and for little however long it
    /// was, so that one who drips slowly is late too. What it took of the time is taken off.
    ///
    /// Cancellation safe: what was taken off so far stays off.
    async fn within<T>(&self, left: &mut Duration, work: impl Future<Output = T>) -> Option<T> {
        const SLICE: Duration = Duration::from_secs(1);
        const SILENCE: Duration = Duration::from_secs(3);
        let mut work = std::pin::pin!(work);
        let mut counted = Instant::now();
        while !left.is_zero() {
            let received = self.connection.stats().udp_rx.datagrams;
            let done = timeout(SLICE, &mut work).await.ok();
            if done.is_some() || self.connection.stats().udp_rx.datagrams != received {
                *left = left.saturating_sub(counted.elapsed().min(SILENCE));
                counted = Instant::now();
            }
            if done.is_some() {
                return done;
            }
        }
        None
    }
}
