//! A file that goes: what of it the client does not have.

use std::sync::Arc;

use bytes::Bytes;
use quinn::{SendStream, VarInt};
use tertulia_proto::{Download, FileHead, Refusal, close::STREAM_CANCELLED};
use tertulia_quic::Pace;

use super::{Desk, Gone, say, write};
use crate::limits;

impl Desk {
    pub(super) async fn give_out(
        &self,
        download: &Download,
        mut send: SendStream,
    ) -> Result<(), Gone> {
        let _place = self.shared.files.place().await;
        let Download { room, seq, offset } = *download;
        let file = match self.shared.readers.file(&self.account, room, seq).await {
            Ok(Ok(file)) => file,
            Ok(Err(refusal)) => return self.refuse(&mut send, refusal).await,
            Err(error) => {
                tracing::error!(%error, "a read from the database failed");
                return self.refuse(&mut send, Refusal::STORAGE).await;
            }
        };
        if offset > file.size {
            return self.refuse(&mut send, Refusal::INVALID).await;
        }
        let size = file.size;
        let content = match self.shared.files.open(file.hash, size).await {
            Ok(content) => Arc::new(content),
            Err(error) => {
                tracing::error!(%error, hash = %file.hash, "a file that a message tells of");
                return self.refuse(&mut send, Refusal::NO_SUCH_FILE).await;
            }
        };
        say(&mut send, FileHead { file }).await?;
        let mut pace = Pace::new(&self.connection);
        let mut at = offset;
        while at < size {
            let bytes = (size - at).min(limits::FILE_PIECE as u64) as usize;
            match self.shared.files.read(&content, at, bytes).await {
                Ok(piece) => {
                    let mut piece = Bytes::from(piece);
                    while !piece.is_empty() {
                        let step = pace.step().await.min(piece.len());
                        write(&mut send, piece.split_to(step)).await?;
                        self.shared.metrics.file_bytes_given.inc_by(step as u64);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "a file can't be read");
                    // An error means that the stream is gone.
                    let _ = send.reset(VarInt::from_u32(STREAM_CANCELLED));
                    return Err(Gone);
                }
            }
            at += bytes as u64;
        }
        let _ = send.finish();
        self.shared.metrics.files_given.inc();
        Ok(())
    }
}
