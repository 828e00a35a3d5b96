//! Fetching a file.

use std::{
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use tertulia_proto::{Attachment, Download, FileReply, RoomId, Seq};
use tokio::sync::{oneshot, watch};

use super::{
    Ground, Line, PIECE, Progress, Reins, Transfer, TransferError, Tried, Way,
    part::Part,
    source,
    stream::{Gone, Said, Stream, again_after},
    until_over,
};

/// What is wanted, and where it is to be.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
    pub(crate) file: Attachment,
    pub(crate) target: PathBuf,
    pub(crate) overwrite: bool,
}

/// Fetches the file of a message. The same after an interruption goes on.
pub(crate) fn download(ground: Arc<Ground>, wanted: Wanted) -> Transfer<PathBuf> {
    Transfer::start(|reins| async { (run(ground, wanted, reins).await, None) })
}

async fn run(ground: Arc<Ground>, wanted: Wanted, reins: Reins) -> Result<PathBuf, TransferError> {
    let total = wanted.file.size;
    reins.shown.send_replace(Progress { done: 0, total });
    let local = |error: io::Error| TransferError::local(&wanted.target, &error);
    let (target, told) = (wanted.target.clone(), wanted.file.clone());
    let overwrite = wanted.overwrite;
    let opened = ground.block(move || {
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Part::open(&target, &told)
    });
    let (part, length) = opened.await.map_err(local)?;
    let Reins { shown, cancelled } = reins;
    let line = ground.line.clone();
    let fetching = Fetching { ground, wanted, part, shown, moved: length };
    let mut way = DownWay { fetching, cancelled };
    let outcome = until_over(&mut way, line).await;
    if matches!(outcome, Err(TransferError::Cancelled | TransferError::Differs)) {
        let Fetching { ground, part, .. } = way.fetching;
        // What is left of it does no harm.
        let _ = ground.block(move || part.remove()).await;
    }
    outcome
}

/// A download over all its connections.
struct DownWay {
    fetching: Fetching,
    cancelled: oneshot::Receiver<()>,
}

struct Fetching {
    ground: Arc<Ground>,
    wanted: Wanted,
    part: Part,
    shown: watch::Sender<Progress>,
    moved: u64,
}

impl Way for DownWay {
    type End = PathBuf;

    async fn go(&mut self, line: &Line) -> Tried<PathBuf> {
        let Self { fetching, cancelled } = self;
        let fetched = tokio::select! {
            biased;
            () = Reins::cancelled(cancelled) => Err(Failed::Here(TransferError::Cancelled)),
            fetched = fetching.fetch(line) => fetched,
        };
        match fetched {
            Ok(tried) => tried,
            Err(Failed::Gone) => Tried::Lost,
            Err(Failed::Here(error)) => Tried::Over(Err(error)),
        }
    }

    fn moved(&self) -> u64 {
        self.fetching.moved
    }

    async fn cancelled(&mut self) {
        Reins::cancelled(&mut self.cancelled).await;
    }
}

impl Fetching {
    async fn fetch(&mut self, line: &Line) -> Result<Tried<PathBuf>, Failed> {
        let Wanted { room, seq, file, target, overwrite } = self.wanted.clone();
        let offset = self.length().await?;
        let ask = Download { room, seq, offset };
        let mut stream = Stream::open(line, ask.into()).await?;
        stream.finish();
        match stream.hear().await? {
            Said::Reply(FileReply::FileHead(head)) => {
                if (head.file.size, head.file.hash) != (file.size, file.hash) {
                    return Ok(Tried::Over(Err(TransferError::Differs)));
                }
            }
            Said::Rejected(rejected) => {
                return Ok(match again_after(&rejected) {
                    Some(wait) => Tried::Later(wait),
                    None => Tried::Over(Err(TransferError::Refused(rejected.refusal))),
                });
            }
            _ => return Err(Failed::Gone),
        }
        self.take(&mut stream, offset).await?;
        let hashed = source::hash(&self.ground, &self.part.file, Sha256::new(), file.size).await;
        if hashed.map_err(|error| self.local(&error))? != file.hash {
            let (part, is_whole) = (self.part.clone(), offset == 0);
            let emptied = self.ground.block(move || part.file.set_len(0)).await;
            emptied.map_err(|error| self.local(&error))?;
            self.moved = 0;
            // What was here before may have been the reason.
            return Ok(if is_whole {
                Tried::Over(Err(TransferError::Differs))
            } else {
                Tried::Anew
            });
        }
        let part = self.part.clone();
        let kept = self.ground.block(move || part.keep(overwrite)).await;
        kept.map_err(|error| self.local(&error))?;
        Ok(Tried::Over(Ok(target)))
    }

    async fn length(&self) -> Result<u64, Failed> {
        let part = self.part.clone();
        let length = self.ground.block(move || Ok(part.file.metadata()?.len())).await;
        length.map_err(|error| self.local(&error))
    }

    /// Takes all that is missing.
    async fn take(&mut self, stream: &mut Stream, offset: u64) -> Result<(), Failed> {
        let total = self.wanted.file.size;
        let mut done = offset;
        self.shown.send_replace(Progress { done, total });
        let mut piece = Vec::new();
        loop {
            let came = stream.bytes(PIECE).await;
            let is_end = !matches!(came, Ok(Some(_)));
            if let Ok(Some(bytes)) = &came {
                piece.extend_from_slice(bytes);
            }
            if done + piece.len() as u64 > total {
                return Err(Failed::Gone);
            }
            if piece.len() >= PIECE || is_end && !piece.is_empty() {
                let (part, bytes) = (self.part.clone(), std::mem::take(&mut piece));
                let length = bytes.len() as u64;
                let written = self.ground.block(move || part.file.write_all_at(&bytes, done)).await;
                written.map_err(|error| self.local(&error))?;
                done += length;
                self.moved = self.moved.max(done);
                self.shown.send_replace(Progress { done, total });
            }
            if is_end {
                return if done == total { Ok(()) } else { Err(Failed::Gone) };
            }
        }
    }

    fn local(&self, error: &io::Error) -> Failed {
        Failed::Here(TransferError::local(&self.wanted.target, error))
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

/// The place for a file within a folder; its name is a stranger's. A hidden file might be one that
/// a program reads when it starts.
pub(crate) fn place_in(folder: &Path, file: &Attachment) -> PathBuf {
    let name = tertulia_proto::FileName::tamed(file.name.as_str());
    match name.as_str().strip_prefix('.') {
        Some(rest) => folder.join(format!("_{rest}")),
        None => folder.join(name.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{FileHash, FileName};

    use super::*;

    #[test]
    fn a_strangers_name_leads_to_no_other_place_and_hides_nothing() {
        let place = |name: &str| {
            let file = Attachment { name: FileName::tamed(name), size: 0, hash: FileHash([0; 32]) };
            place_in(Path::new("here"), &file).display().to_string()
        };
        assert_eq!(place("a b.txt"), "here/a b.txt");
        assert_eq!(place("/etc/passwd"), "here/_etc_passwd");
        assert_eq!(place("../../x"), "here/_._.._x");
        assert_eq!(place(".bash_profile"), "here/_bash_profile");
        assert_eq!(place(".."), "here/file");
        assert_eq!(place("fdp.\u{202e}exe"), "here/fdp._exe");
    }
}
