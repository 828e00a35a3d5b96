//! Which process sends which row of a shared outbox: a process lives as long as its lock file is
//! locked, and the system unlocks it however the process ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use tertulia_certs::files;
use tertulia_proto::Env;

/// Names tried for a new lock file before giving up.
const ATTEMPTS: usize = 16;

/// A living owner. Dropped, it counts as dead.
#[derive(Debug)]
pub(crate) struct Owner {
    id: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Becomes an owner of the outbox whose lock files are in `dir`.
    pub(crate) fn new(dir: &Path, env: &dyn Env) -> io::Result<Self> {
        files::create_private_dir(dir)?;
        for _ in 0..ATTEMPTS {
            let mut random = [0; 16];
            env.fill_random(&mut random);
            let id = format!("{:032x}", u128::from_be_bytes(random));
            let path = lock_path(dir, &id);
            let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            // Between the two calls another process may take it for a dead one's, and remove it.
            if lock.try_lock().is_ok() && is_at(&lock, &path) {
                return Ok(Self { id, path, _lock: lock });
            }
        }
        Err(io::Error::other("no lock file could be had"))
    }

    /// Its name.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays is swept by whoever comes next.
        let _ = fs::remove_file(&self.path);
    }
}

/// What a dead owner left, held by nobody else while this lives.
#[derive(Debug)]
pub(crate) struct Estate {
    path: PathBuf,
    lock: Option<File>,
}

impl Estate {
    /// `None`: the owner lives, or somebody else is taking over.
    pub(crate) fn take(dir: &Path, id: &str) -> io::Result<Option<Self>> {
        let path = lock_path(dir, id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(Self { path, lock: None }));
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, lock: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The heir has it all.
    pub(crate) fn settle(self) {
        if self.lock.is_some() {
            // As in Owner::drop.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Names of all owners that ever left a file in `dir`, dead or alive.
pub(crate) fn all(dir: &Path) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".lock"));
        ids.extend(id.map(str::to_owned));
    }
    ids.sort();
    Ok(ids)
}

fn lock_path(dir: &Path, id: &str) -> PathBuf {
    dir.join(format!("{id}.lock"))
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEnv;

    #[test]
    fn the_living_keep_theirs_and_one_heir_gets_a_dead_ones() {
        let dir = tempfile::tempdir().unwrap();
        let owner = Owner::new(dir.path(), &SystemEnv).unwrap();
        assert!(Estate::take(dir.path(), owner.id()).unwrap().is_none());
        assert_eq!(all(dir.path()).unwrap(), [owner.id()]);

        // Killed: the lock goes, the file stays.
        let dead = "dead";
        File::create(lock_path(dir.path(), dead)).unwrap();
        let estate = Estate::take(dir.path(), dead).unwrap().unwrap();
        assert!(Estate::take(dir.path(), dead).unwrap().is_none(), "one heir at a time");
        estate.settle();
        assert_eq!(all(dir.path()).unwrap(), [owner.id()]);
        drop(owner);
        assert!(all(dir.path()).unwrap().is_empty());
    }
}
