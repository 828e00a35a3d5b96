//! A file that is sent, as it was when its way began.

use std::{
    fs::File,
    io::{self, Read, Seek},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tertulia_proto::{Attachment, FileHash, FileName};

use super::{Ground, PIECE, TransferError};

/// What is hashed in one job.
const HASHED_AT_ONCE: u64 = 8 << 20;

/// An open file and what is told of it.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    file: Arc<File>,
    pub(super) told: Attachment,
}

impl Source {
    /// Opens and hashes it.
    pub(super) async fn open(ground: &Ground, path: &Path) -> Result<Self, TransferError> {
        let local = |error: io::Error| TransferError::local(path, &error);
        let opened = path.to_owned();
        let (file, size) = ground
            .block(move || {
                let file = File::open(&opened)?;
                let metadata = file.metadata()?;
                match metadata.is_file() {
                    true => Ok((file, metadata.len())),
                    false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
                }
            })
            .await
            .map_err(local)?;
        let file = Arc::new(file);
        let hash = hash(ground, &file, Sha256::new(), size).await.map_err(local)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let told = Attachment { name: FileName::tamed(&name), size, hash };
        Ok(Self { path: path.to_owned(), file, told })
    }

    /// A piece of it.
    pub(super) async fn piece(&self, ground: &Ground, at: u64) -> Result<Bytes, TransferError> {
        let (file, bytes) = (Arc::clone(&self.file), (self.told.size - at).min(PIECE as u64));
        let read = ground.block(move || {
            let mut piece = vec![0; bytes as usize];
            file.read_exact_at(&mut piece, at)?;
            Ok(piece)
        });
        match read.await {
            Ok(piece) => Ok(Bytes::from(piece)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let shorter = io::Error::other("it became shorter while it was sent");
                Err(TransferError::local(&self.path, &shorter))
            }
            Err(error) => Err(TransferError::local(&self.path, &error)),
        }
    }
}

/// Hashes the first bytes of a file, in small jobs.
pub(super) async fn hash(
    ground: &Ground,
    file: &Arc<File>,
    begun: Sha256,
    size: u64,
) -> io::Result<FileHash> {
    let (mut state, mut at) = (begun, 0);
    while at < size {
        let (file, bytes) = (Arc::clone(file), HASHED_AT_ONCE.min(size - at));
        state = ground
            .block(move || {
                let mut file = &*file;
                file.seek(io::SeekFrom::Start(at))?;
                let mut piece = [0; 64 << 10];
                let mut rest = file.take(bytes);
                loop {
                    match rest.read(&mut piece)? {
                        0 => break,
                        read => state.update(&piece[..read]),
                    }
                }
                Ok(state)
            })
            .await?;
        at += bytes;
    }
    Ok(FileHash(state.finalize().into()))
}
