//! Files that messages brought: their contents lie beside the database, under their hashes, each
//! once. An upload lies apart until it is whole, and becomes a message only then.
//!
//! What is kept is what a message tells of. What no message tells of any more, or not yet after a
//! crash, is swept away.

mod folder;
mod incoming;
mod partial;
mod settling;
mod sweep;
mod turns;

use std::{io, sync::Arc};

use tertulia_proto::Env;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub(crate) use folder::Folder;
pub(crate) use incoming::{Incoming, NotTaken, Usage};
pub(crate) use sweep::sweep_for_ever;

use crate::{limits, store::Readers};
use settling::Settling;
use turns::Turns;

/// The files of a server.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: Folder,
    env: Arc<dyn Env>,
    readers: Readers,
    /// Blocking jobs at once.
    jobs: Arc<Semaphore>,
    /// Transfers at once.
    transfers: Arc<Semaphore>,
    /// Uploads under way.
    turns: Turns,
    /// Contents about to be told of.
    settling: Settling,
}

impl Files {
    pub(crate) fn new(folder: Folder, env: Arc<dyn Env>, readers: Readers) -> Self {
        Self {
            folder,
            env,
            readers,
            jobs: Arc::new(Semaphore::new(limits::FILE_JOBS)),
            transfers: Arc::new(Semaphore::new(limits::TRANSFERS)),
            turns: Turns::default(),
            settling: Settling::default(),
        }
    }

    /// The database beside them.
    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// How many files are not whole yet. It blocks, for as long as reading one folder takes.
    pub(crate) fn partials(&self) -> io::Result<u64> {
        Ok(self.folder.partials()?.len() as u64)
    }

    /// A place among the transfers, as soon as there is one.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.transfers).acquire_owned().await.ok()
    }

    /// Opens a content for reading, if it is there and has that size.
    pub(crate) async fn open(
        &self,
        hash: tertulia_proto::FileHash,
        size: u64,
    ) -> io::Result<std::fs::File> {
        self.job(move |folder| {
            let file = std::fs::File::open(folder.path(&hash))?;
            match file.metadata()?.len() == size {
                true => Ok(file),
                false => Err(io::Error::new(io::ErrorKind::InvalidData, "another size")),
            }
        })
        .await
    }

    /// Reads a piece of it.
    pub(crate) async fn read(
        &self,
        file: &Arc<std::fs::File>,
        offset: u64,
        bytes: usize,
    ) -> io::Result<Vec<u8>> {
        use std::os::unix::fs::FileExt;
        let file = Arc::clone(file);
        self.job(move |_| {
            let mut piece = vec![0; bytes];
            file.read_exact_at(&mut piece, offset)?;
            Ok(piece)
        })
        .await
    }

    /// Runs a short job that blocks. Cancelled, it ends alone.
    async fn job<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let lost = || io::Error::other("the job was lost");
        let permit = Arc::clone(&self.jobs).acquire_owned().await.map_err(|_| lost())?;
        let folder = self.folder.clone();
        let (done, result) = oneshot::channel();
        self.env.run_blocking(Box::new(move || {
            let result = job(&folder);
            drop(permit);
            // The asker may have gone away.
            let _ = done.send(result);
        }));
        result.await.unwrap_or_else(|_| Err(lost()))
    }
}
