//! A file that comes: its bytes go to the disk as they arrive, and once it is whole it becomes a
//! message by the way of every other.

use quinn::{ReadError, RecvStream, SendStream, VarInt};
use tertulia_proto::{
    FrameBuffer, Receipt, Refusal, ReqId, ServerMessage, Upload, UploadFrom,
    close::STREAM_CANCELLED,
};
use tokio::{sync::oneshot, time::timeout};

use super::{Desk, Gone, say, write};
use crate::{
    files::{Incoming, NotTaken},
    limits,
    state::{LogCommand, Outcome, PostMessage, Prospect, Reply},
};

/// How the bytes of an upload ended.
enum Came {
    /// All of them are there.
    Whole,
    /// The connection was lost, or nothing came for too long: they are kept.
    Cut,
    /// The client does not want it any more.
    Cancelled,
    /// More than was announced.
    Wrong,
    /// It was begun anew elsewhere.
    Superseded,
    /// The disk said no.
    Storage(std::io::Error),
}

impl Desk {
    pub(super) async fn take_in(
        &self,
        upload: Upload,
        send: &mut SendStream,
        mut recv: RecvStream,
        mut early: FrameBuffer,
    ) -> Result<(), Gone> {
        let _place = self.shared.files.place().await;
        let Some(mut incoming) = self.begin(&upload, send).await? else {
            // Closed already: nothing to tell.
            let _ = recv.stop(VarInt::from_u32(STREAM_CANCELLED));
            return Ok(());
        };
        let offset = incoming.have();
        say(send, UploadFrom { offset }).await?;
        let early = early.bytes_mut().split().to_vec();
        let came = take(&mut incoming, early, &mut recv).await;
        self.shared.metrics.file_bytes_received.inc_by(incoming.have() - offset);
        match came {
            Came::Whole => {}
            Came::Cut | Came::Superseded => return Err(Gone),
            Came::Cancelled => {
                incoming.discard().await;
                return Err(Gone);
            }
            Came::Wrong => {
                let _ = recv.stop(VarInt::from_u32(STREAM_CANCELLED));
                incoming.discard().await;
                return self.refuse(send, Refusal::FILE_DIFFERS).await;
            }
            Came::Storage(error) => {
                let _ = recv.stop(VarInt::from_u32(STREAM_CANCELLED));
                return self.fail(send, NotTaken::Storage(error)).await;
            }
        }
        // On its own: once it is about to be told of, a lost connection must not leave it halfway.
        let (done, settled) = oneshot::channel();
        let (shared, actor) = (std::sync::Arc::clone(&self.shared), self.actor);
        let message_id = upload.message_id;
        tokio::spawn(async move {
            let settled = settle(&shared, actor, incoming, upload).await;
            // The asker may have gone away.
            let _ = done.send(settled);
        });
        match settled.await.map_err(|_| Gone)? {
            Ok(outcome) => match outcome {
                Outcome::Applied(applied) => {
                    self.shared.metrics.files_received.inc();
                    self.receipt(send, message_id, applied.reply, false).await
                }
                Outcome::Repeat(reply) => self.receipt(send, message_id, reply, true).await,
                Outcome::Refused { refusal, .. } => self.refuse(send, refusal).await,
            },
            Err(not_taken) => self.fail(send, not_taken).await,
        }
    }

    /// Judges an upload and takes it up; `None`: it was answered.
    async fn begin(
        &self,
        upload: &Upload,
        send: &mut SendStream,
    ) -> Result<Option<Incoming>, Gone> {
        let asked = self.shared.readers.upload(&self.account, upload).await;
        let usage = match asked {
            Ok(Ok(Prospect::ToCome(usage))) => usage,
            Ok(Ok(Prospect::Posted(reply))) => {
                self.receipt(send, upload.message_id, reply, true).await?;
                return Ok(None);
            }
            Ok(Err(refusal)) => {
                self.refuse(send, refusal).await?;
                return Ok(None);
            }
            Err(error) => {
                tracing::error!(%error, "a read from the database failed");
                self.refuse(send, Refusal::STORAGE).await?;
                return Ok(None);
            }
        };
        let (files, limits) = (&self.shared.files, self.shared.file_limits());
        match files.take_in(self.account.id, upload, usage, limits).await {
            Ok(incoming) => Ok(Some(incoming)),
            Err(not_taken) => self.fail(send, not_taken).await.map(|()| None),
        }
    }

    async fn fail(&self, send: &mut SendStream, not_taken: NotTaken) -> Result<(), Gone> {
        let refusal = match not_taken {
            NotTaken::Refused(refusal) => refusal,
            NotTaken::Storage(error) => {
                tracing::warn!(%error, "a file could not be stored");
                Refusal::STORAGE
            }
        };
        self.refuse(send, refusal).await
    }

    async fn receipt(
        &self,
        send: &mut SendStream,
        message_id: tertulia_proto::MessageId,
        reply: Reply,
        duplicate: bool,
    ) -> Result<(), Gone> {
        let Reply::Posted { room, seq, position, time } = reply else { return Err(Gone) };
        let req_id = ReqId(0);
        let receipt = Receipt { req_id, message_id, room, seq, position, time, duplicate };
        self.shared.metrics.receipts.inc();
        write(send, ServerMessage::from(receipt).encode()).await?;
        // An error means that the stream is gone.
        let _ = send.finish();
        Ok(())
    }
}

/// Takes bytes to their end.
async fn take(incoming: &mut Incoming, early: Vec<u8>, recv: &mut RecvStream) -> Came {
    let mut piece = early;
    loop {
        if piece.len() as u64 > incoming.missing() {
            return Came::Wrong;
        }
        let is_full = piece.len() >= limits::FILE_PIECE
            || !piece.is_empty() && piece.len() as u64 == incoming.missing();
        if is_full && let Err(error) = incoming.add(std::mem::take(&mut piece)).await {
            return Came::Storage(error);
        }
        let room = limits::FILE_PIECE.saturating_sub(piece.len()).max(1);
        let read = tokio::select! {
            biased;
            () = incoming.superseded() => None,
            read = timeout(limits::FILE_STALL, recv.read_chunk(room, true)) => Some(read),
        };
        let ended = match read {
            None => Came::Superseded,
            Some(Ok(Ok(Some(chunk)))) => {
                piece.extend_from_slice(&chunk.bytes);
                continue;
            }
            Some(Ok(Ok(None))) if piece.is_empty() && incoming.missing() == 0 => Came::Whole,
            // A program that ends in the middle may end its stream so.
            Some(Ok(Ok(None))) => Came::Cut,
            Some(Ok(Err(ReadError::Reset(code))))
                if code.into_inner() == u64::from(STREAM_CANCELLED) =>
            {
                Came::Cancelled
            }
            Some(Ok(Err(_)) | Err(_)) => Came::Cut,
        };
        // What came is kept.
        if matches!(ended, Came::Cut | Came::Superseded)
            && !piece.is_empty()
            && let Err(error) = incoming.add(std::mem::take(&mut piece)).await
        {
            return Came::Storage(error);
        }
        return ended;
    }
}

/// The file gets its place, then the message is appended that tells of it. Where that is refused
/// nobody needs the file.
async fn settle(
    shared: &super::Shared,
    actor: crate::state::Actor,
    incoming: Incoming,
    upload: Upload,
) -> Result<Outcome, NotTaken> {
    let hash = upload.file.hash;
    let stopped = || NotTaken::Storage(std::io::Error::other("the server stops"));
    let post = PostMessage::of_upload(upload).ok_or(NotTaken::Refused(Refusal::INVALID))?;
    let settled = incoming.finish().await?;
    let pending = shared.log.append(actor, LogCommand::Send(post)).await.map_err(|_| stopped())?;
    let outcome = pending.await.map_err(|_| stopped())?;
    drop(settled);
    let outcome = outcome.map_err(|_| NotTaken::Storage(std::io::Error::other("no commit")))?;
    if !matches!(outcome, Outcome::Applied(_))
        && let Err(error) = shared.files.sweep(hash).await
    {
        tracing::warn!(%error, "a file that nobody tells of was not removed");
    }
    Ok(outcome)
}
