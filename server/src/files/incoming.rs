//! A file on its way in: where it goes on, what comes, and its end.

use std::{fs::File, io, io::Read, os::unix::fs::FileExt, sync::Arc};

use sha2::{Digest, Sha256};
use tertulia_proto::{AccountId, Attachment, FileHash, Refusal, Upload};

use super::{Files, Folder, partial::Partial, settling::Settled, turns::Turn};
use crate::{config::FileLimits, limits};

/// What is hashed in one job when an upload goes on.
const HASHED_AT_ONCE: u64 = 8 << 20;

/// A file that is not whole yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    files: Files,
    turn: Arc<Turn>,
    partial: Partial,
    /// Lent to one job at a time.
    content: Option<Content>,
    have: u64,
}

#[derive(Debug)]
struct Content {
    file: File,
    hash: Sha256,
}

/// What is kept already, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// For that account.
    pub(crate) account: u64,
    /// For all.
    pub(crate) total: u64,
}

/// Why a file is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// By the rules.
    Refused(Refusal),
    /// The disk said no; it may be another time.
    Storage(io::Error),
}

impl From<io::Error> for NotTaken {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

impl Files {
    /// Takes up an upload where it was left, or begins it. One of the same message that is under
    /// way ends.
    pub(crate) async fn take_in(
        &self,
        account: AccountId,
        upload: &Upload,
        usage: Usage,
        allowed: FileLimits,
    ) -> Result<Incoming, NotTaken> {
        let Attachment { size, hash, .. } = upload.file;
        if size > allowed.largest {
            return Err(NotTaken::Refused(Refusal::FILE_TOO_LARGE));
        }
        let begun = self.env.wall_clock();
        let wanted = Partial { account, message_id: upload.message_id, hash, size, begun };
        let turn = self.turns.take(wanted.key()).await;
        let (turns, job_turn) = (self.turns.clone(), Arc::clone(&turn));
        let is_active = move |partial: &Partial| turns.is_taken(&partial.key());
        let opened = self.job(move |folder| {
            let opened = open(folder, wanted, usage, allowed, is_active);
            drop(job_turn);
            Ok(opened)
        });
        let (partial, file, length) = opened.await??;
        let content = Some(Content { file, hash: Sha256::new() });
        let mut incoming = Incoming { files: self.clone(), turn, partial, content, have: 0 };
        incoming.hash_up_to(length).await?;
        Ok(incoming)
    }

    /// A content that no message tells of goes, unless one is about to.
    pub(crate) async fn sweep(&self, hash: FileHash) -> rusqlite::Result<()> {
        let (folder, settling) = (self.folder.clone(), self.settling.clone());
        self.readers
            .read(move |db| {
                let swept = settling.unless_settling(&hash, || -> rusqlite::Result<_> {
                    let told = db
                        .prepare_cached("SELECT 1 FROM file WHERE hash = ?1")?
                        .exists([hash.0.as_slice()])?;
                    Ok(if told { Ok(()) } else { folder.remove(&hash) })
                });
                if let Some(Err(error)) = swept.transpose()? {
                    tracing::warn!(%error, "a file could not be removed");
                }
                Ok(())
            })
            .await
    }
}

impl Incoming {
    /// How much of it is there.
    pub(crate) fn have(&self) -> u64 {
        self.have
    }

    /// How much of it is to come.
    pub(crate) fn missing(&self) -> u64 {
        self.partial.size - self.have
    }

    /// Returns when the same upload began anew elsewhere: this one is to end.
    pub(crate) async fn superseded(&self) {
        self.turn.wanted().await;
    }

    /// Takes what came. More than is missing is not for the caller to bring.
    pub(crate) async fn add(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let (at, length) = (self.have, bytes.len() as u64);
        self.with(move |_, content| {
            content.file.write_all_at(&bytes, at)?;
            content.hash.update(&bytes);
            Ok(())
        })
        .await?;
        self.have += length;
        Ok(())
    }

    /// All of it is there: gives it its place, durably, if it is what was announced. It stays for
    /// as long as what is returned, or a message tells of it.
    pub(crate) async fn finish(mut self) -> Result<Settled, NotTaken> {
        let settled = self.files.settling.begin(self.partial.hash);
        let partial = self.partial.clone();
        let is_it = self
            .with(move |folder, content| {
                let is_it = content.hash.clone().finalize()[..] == partial.hash.0[..];
                match is_it {
                    true => folder.keep(&partial, &content.file)?,
                    false => folder.remove_partial(&partial)?,
                }
                Ok(is_it)
            })
            .await?;
        match is_it {
            true => Ok(settled),
            false => Err(NotTaken::Refused(Refusal::FILE_DIFFERS)),
        }
    }

    /// It is not wanted any more.
    pub(crate) async fn discard(mut self) {
        let partial = self.partial.clone();
        let removed = self.with(move |folder, _| folder.remove_partial(&partial)).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "a partial file could not be removed");
        }
    }

    async fn hash_up_to(&mut self, length: u64) -> io::Result<()> {
        while self.have < length {
            let (from, bytes) = (self.have, HASHED_AT_ONCE.min(length - self.have));
            self.with(move |_, content| {
                use std::io::Seek;
                content.file.seek(io::SeekFrom::Start(from))?;
                let mut rest = Read::by_ref(&mut content.file).take(bytes);
                let mut piece = [0; 64 << 10];
                let mut left = bytes;
                while left > 0 {
                    let read = rest.read(&mut piece)?;
                    if read == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    content.hash.update(&piece[..read]);
                    left -= read as u64;
                }
                Ok(())
            })
            .await?;
            self.have += bytes;
        }
        Ok(())
    }

    /// Lends the content to a job. The turn ends with the last job at the earliest: whoever comes
    /// next finds nobody writing.
    async fn with<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&Folder, &mut Content) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let Some(mut content) = self.content.take() else {
            return Err(io::Error::other("a job before it was lost"));
        };
        let turn = Arc::clone(&self.turn);
        let (content, done) = self
            .files
            .job(move |folder| {
                let done = job(folder, &mut content);
                drop(turn);
                Ok((content, done))
            })
            .await?;
        self.content = Some(content);
        done
    }
}

/// Finds what was begun, or begins where there is room for it.
fn open(
    folder: &Folder,
    wanted: Partial,
    usage: Usage,
    allowed: FileLimits,
    is_active: impl Fn(&Partial) -> bool,
) -> Result<(Partial, File, u64), NotTaken> {
    folder.create()?;
    let (same, mut others): (Vec<_>, Vec<_>) =
        folder.partials()?.into_iter().partition(|partial| partial.key() == wanted.key());
    let begun = same.iter().find(|partial| partial.is_for(&wanted)).cloned();
    for stale in same.iter().filter(|partial| Some(*partial) != begun.as_ref()) {
        folder.remove_partial(stale)?;
    }
    let partial = begun.unwrap_or(wanted);
    // Those that nobody goes on with make room for a new one.
    loop {
        let of_account = |other: &&Partial| other.account == partial.account;
        let idle = others.iter().filter(of_account).filter(|other| !is_active(other));
        let oldest = idle.min_by_key(|other| other.begun).cloned();
        if others.iter().filter(of_account).count() < limits::PARTIALS_OF_ACCOUNT {
            break;
        }
        let Some(oldest) = oldest else { return Err(NotTaken::Refused(Refusal::LIMIT)) };
        folder.remove_partial(&oldest)?;
        others.retain(|other| *other != oldest);
    }
    if others.len() >= limits::PARTIALS {
        return Err(NotTaken::Refused(Refusal::QUOTA));
    }
    let announced = |all: bool| {
        let counted = others.iter().filter(|other| all || other.account == partial.account);
        counted.map(|other| other.size).fold(partial.size, u64::saturating_add)
    };
    if usage.account.saturating_add(announced(false)) > allowed.account
        || usage.total.saturating_add(announced(true)) > allowed.total
    {
        return Err(NotTaken::Refused(Refusal::QUOTA));
    }
    let (file, length) = folder.open_partial(&partial)?;
    // The messages come first: they keep some of the disk for themselves.
    if folder.free()? < (partial.size - length).saturating_add(limits::DISK_RESERVE) {
        if length == 0 {
            folder.remove_partial(&partial)?;
        }
        return Err(NotTaken::Storage(io::ErrorKind::StorageFull.into()));
    }
    Ok((partial, file, length))
}
