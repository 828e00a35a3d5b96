//! Frames over a byte stream.

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use tertulia_proto::{Frame, FrameBuffer, limits};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

use super::WAITING;

const CHUNK: usize = 64 << 10;

/// Reads frames until the stream or the line ends.
pub(super) async fn read(
    mut stream: impl AsyncRead + Unpin,
    frames: mpsc::Sender<Frame>,
) -> Result<()> {
    let mut buffer = FrameBuffer::new(limits::FRAME_BYTES);
    let mut chunk = vec![0; CHUNK];
    loop {
        while let Some(frame) = buffer.next_frame()? {
            if frames.send(frame).await.is_err() {
                return Ok(());
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            bytes => buffer.extend(&chunk[..bytes]),
        }
    }
}

/// Writes frames until the line ends, all that wait at once; pieces of a file where none do.
pub(super) async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut frames: mpsc::Receiver<Bytes>,
    mut pieces: mpsc::Receiver<Bytes>,
) -> Result<()> {
    let mut waiting = Vec::with_capacity(WAITING);
    loop {
        tokio::select! {
            biased;
            count = frames.recv_many(&mut waiting, WAITING) => if count == 0 { break },
            Some(piece) = pieces.recv() => waiting.push(piece),
        }
        let mut bytes = BytesMut::new();
        waiting.drain(..).for_each(|frame| bytes.extend_from_slice(&frame));
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
    Ok(stream.shutdown().await?)
}
