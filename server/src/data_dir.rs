//! The data directory: one server at a time, secrets readable by its owner only.

use std::{
    env,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use tertulia_certs::{ServerLink, files};
use tertulia_proto::Env;

use crate::net::EndpointKeys;

/// `$XDG_DATA_HOME/tertulia/server`; `None` where there is no home.
pub fn default_data_dir() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let base = data.or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(base.join("tertulia/server"))
}

/// The database within a data directory.
pub(crate) fn database_of(data: &Path) -> PathBuf {
    data.join("tertulia.db")
}

/// The folder of files within a data directory.
pub(crate) fn files_of(data: &Path) -> PathBuf {
    data.join("files")
}

/// The endpoint's keys within a data directory.
pub(crate) const ENDPOINT_KEYS: &str = "endpoint-keys";
/// The link that was served last.
pub(crate) const LINK: &str = "link";

/// A data directory that this process holds.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Unlocked when dropped.
    _lock: File,
}

/// The directory could not be taken.
#[derive(Debug)]
pub(crate) enum TakeError {
    /// Another process holds it.
    InUse,
    Io(io::Error),
}

impl DataDir {
    /// Makes it if need be and locks it (flock: gone with the process, however that ends).
    pub(crate) fn take(path: &Path) -> Result<Self, TakeError> {
        files::create_private_dir(path).map_err(TakeError::Io)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(TakeError::Io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(TakeError::InUse),
            Err(TryLockError::Error(error)) => Err(TakeError::Io(error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        database_of(&self.path)
    }

    /// Is there while another database takes the place of the present one.
    pub(crate) fn replacing(&self) -> PathBuf {
        self.path.join("replacing")
    }

    /// Held by the process that uses the directory.
    pub(crate) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Holds the owner's link while there is no owner.
    pub(crate) fn owner_invite(&self) -> PathBuf {
        self.path.join("owner-invite")
    }

    /// The endpoint's keys, made at the first start.
    pub(crate) fn endpoint_keys(&self, env: &dyn Env) -> io::Result<EndpointKeys> {
        let path = self.path.join(ENDPOINT_KEYS);
        let mut bytes = [0; EndpointKeys::BYTES];
        match std::fs::read(&path) {
            Ok(found) if found.len() == bytes.len() => bytes.copy_from_slice(&found),
            // They only make a restart quicker: a damaged file is replaced.
            Ok(_) => {
                env.fill_random(&mut bytes);
                files::write_private(&path, &bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                env.fill_random(&mut bytes);
                files::write_private(&path, &bytes)?;
            }
            Err(error) => return Err(error),
        }
        Ok(EndpointKeys::from_bytes(&bytes))
    }

    /// Remembers the link that is served, for when the server is stopped.
    pub(crate) fn write_link(&self, link: &ServerLink) -> io::Result<()> {
        files::write_private(&self.path.join(LINK), format!("{link}\n").as_bytes())
    }

    /// What [`Self::write_link`] wrote last.
    pub(crate) fn link(&self) -> Option<ServerLink> {
        std::fs::read_to_string(self.path.join(LINK)).ok()?.parse().ok()
    }
}
