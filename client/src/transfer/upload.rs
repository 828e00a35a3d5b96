//! Sending a file.

use std::{path::PathBuf, sync::Arc};

use tertulia_proto::{Env, FileReply, MessageId, Refusal, RoomId, Seq, Upload, UploadFrom};
use tokio::sync::{oneshot, watch};

use super::{
    Ground, Line, Progress, Reins, Rest, Transfer, TransferError, Tried, Uploaded, Way,
    record::Record,
    source::Source,
    stream::{Gone, Said, Stream, again_after},
    until_over,
};

/// Sends a file to a room. The same after an interruption, even by another process, goes on, and is
/// the same message until it is settled.
pub(crate) fn upload(
    ground: Arc<Ground>,
    room: RoomId,
    reply_to: Option<Seq>,
    path: PathBuf,
) -> Transfer<Uploaded> {
    Transfer::start(|reins| run(ground, room, reply_to, path, reins))
}

async fn run(
    ground: Arc<Ground>,
    room: RoomId,
    reply_to: Option<Seq>,
    path: PathBuf,
    mut reins: Reins,
) -> (Result<Uploaded, TransferError>, Rest) {
    let source = tokio::select! {
        biased;
        () = Reins::cancelled(&mut reins.cancelled) => Err(TransferError::Cancelled),
        source = Source::open(&ground, &path) => source,
    };
    let source = match source {
        Ok(source) => source,
        Err(error) => return (Err(error), None),
    };
    let Reins { shown, cancelled } = reins;
    shown.send_replace(Progress { done: 0, total: source.told.size });
    let line = ground.line.clone();
    let sending = Sending { ground, source, room, reply_to, known: None, shown, moved: 0 };
    let mut way = UpWay { sending, cancelled };
    let outcome = until_over(&mut way, line).await;
    let Sending { ground, known, .. } = way.sending;
    let Some((_, record)) = known else { return (outcome, None) };
    let forgotten = async move {
        // What is left of it does no harm.
        let forget = move || {
            record.forget();
            Ok(())
        };
        let _ = ground.block(forget).await;
    };
    match &outcome {
        Ok(_) => (outcome, Some(Box::pin(forgotten))),
        // What the server refuses it may take another time: as another message.
        Err(TransferError::Refused(_) | TransferError::Cancelled | TransferError::Differs) => {
            forgotten.await;
            (outcome, None)
        }
        Err(_) => (outcome, None),
    }
}

/// An upload over all its connections.
struct UpWay {
    sending: Sending,
    cancelled: oneshot::Receiver<()>,
}

struct Sending {
    ground: Arc<Ground>,
    source: Source,
    room: RoomId,
    reply_to: Option<Seq>,
    /// What it is known by, and where that is written down.
    known: Option<(Upload, Record)>,
    shown: watch::Sender<Progress>,
    moved: u64,
}

impl Way for UpWay {
    type End = Uploaded;

    async fn go(&mut self, line: &Line) -> Tried<Uploaded> {
        let Self { sending, cancelled } = self;
        let upload = match sending.known_as(line).await {
            Ok(upload) => upload,
            Err(error) => return Tried::Over(Err(error)),
        };
        let mut stream = tokio::select! {
            biased;
            () = Reins::cancelled(cancelled) => return Tried::Over(Err(TransferError::Cancelled)),
            stream = Stream::open(line, upload.clone().into()) => match stream {
                Ok(stream) => stream,
                Err(Gone) => return Tried::Lost,
            },
        };
        let sent = tokio::select! {
            biased;
            () = Reins::cancelled(cancelled) => Err(Failed::Here(TransferError::Cancelled)),
            sent = sending.send(&mut stream) => sent,
        };
        match sent {
            Ok((said, offset)) => answered(said, upload, offset),
            Err(Failed::Gone) => Tried::Lost,
            Err(Failed::Here(error)) => {
                stream.cancel();
                Tried::Over(Err(error))
            }
        }
    }

    fn moved(&self) -> u64 {
        self.sending.moved
    }

    async fn cancelled(&mut self) {
        Reins::cancelled(&mut self.cancelled).await;
    }
}

/// What the server's last word means for what was sent from `offset` on.
fn answered(said: Said, upload: Upload, offset: u64) -> Tried<Uploaded> {
    match said {
        Said::Receipt(receipt) if receipt.message_id == upload.message_id => {
            Tried::Over(Ok(Uploaded {
                message_id: receipt.message_id,
                room: receipt.room,
                seq: receipt.seq,
                time: receipt.time,
                file: upload.file,
            }))
        }
        // What a crash left there of it was no good, and is gone.
        Said::Rejected(rejected) if rejected.refusal == Refusal::FILE_DIFFERS && offset > 0 => {
            Tried::Anew
        }
        Said::Rejected(rejected) => match again_after(&rejected) {
            Some(wait) => Tried::Later(wait),
            None => Tried::Over(Err(TransferError::Refused(rejected.refusal))),
        },
        Said::Reply(_) | Said::Receipt(_) => Tried::Lost,
    }
}

impl Sending {
    /// What the upload is known by. A room's number is another room's in another history.
    async fn known_as(&mut self, line: &Line) -> Result<Upload, TransferError> {
        let record = Record::of(
            &self.ground.profile,
            line.epoch,
            self.room,
            self.reply_to,
            &self.source.told,
        );
        if let Some((upload, known)) = &self.known {
            return match known.is(&record) {
                true => Ok(upload.clone()),
                false => Err(TransferError::Refused(Refusal::NO_SUCH_ROOM)),
            };
        }
        let (asked, new) = (record.clone(), new_id(&*self.ground.env));
        let message_id = self
            .ground
            .block(move || asked.message_id(new))
            .await
            .map_err(|error| TransferError::local(&self.ground.profile, &error))?;
        let (room, reply_to) = (self.room, self.reply_to);
        let upload = Upload { message_id, room, reply_to, file: self.source.told.clone() };
        self.known = Some((upload.clone(), record));
        Ok(upload)
    }

    /// Sends what is missing; what the server says in the end, and from where it was sent.
    async fn send(&mut self, stream: &mut Stream) -> Result<(Said, u64), Failed> {
        let total = self.source.told.size;
        let offset = match stream.hear().await? {
            Said::Reply(FileReply::UploadFrom(UploadFrom { offset })) if offset <= total => offset,
            other => return Ok((other, 0)),
        };
        let mut done = offset;
        self.shown.send_replace(Progress { done, total });
        while done < total {
            let piece = self.source.piece(&self.ground, done).await.map_err(Failed::Here)?;
            let length = piece.len() as u64;
            if stream.write_paced(piece).await.is_err() {
                // It may have said why.
                break;
            }
            done += length;
            self.moved = self.moved.max(done);
            self.shown.send_replace(Progress { done, total });
        }
        if done == total {
            stream.finish();
        }
        Ok((stream.hear().await?, offset))
    }
}

enum Failed {
    Gone,
    Here(TransferError),
}

impl From<Gone> for Failed {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

fn new_id(env: &dyn Env) -> MessageId {
    let mut random = [0; 10];
    env.fill_random(&mut random);
    MessageId::new(env.wall_clock(), random)
}
