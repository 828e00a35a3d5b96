//! The folder `files` of a data directory: contents under their hashes, and what is not whole yet.
//! Everything here blocks.

use std::{
    fs::{self, DirEntry, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use tertulia_certs::files;
use tertulia_proto::FileHash;

use super::partial::Partial;

const PARTIAL: &str = "partial";

/// Where files are.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Makes what is missing.
    pub(crate) fn create(&self) -> io::Result<()> {
        files::create_private_dir(&self.0.join(PARTIAL))
    }

    /// Where that content is, if it is there.
    pub(crate) fn path(&self, hash: &FileHash) -> PathBuf {
        let hex = hash.to_string();
        let (shelf, name) = hex.split_at(2);
        self.0.join(shelf).join(name)
    }

    /// Every file that is not whole yet. What else lies there is left alone.
    pub(crate) fn partials(&self) -> io::Result<Vec<Partial>> {
        Ok(entries(&self.0.join(PARTIAL))?
            .iter()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect())
    }

    /// Opens one of them, made if need be; and its length.
    pub(crate) fn open_partial(&self, partial: &Partial) -> io::Result<(File, u64)> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = options.open(self.partial_path(partial))?;
        let length = file.metadata()?.len();
        if length <= partial.size {
            return Ok((file, length));
        }
        file.set_len(0)?;
        Ok((file, 0))
    }

    pub(crate) fn remove_partial(&self, partial: &Partial) -> io::Result<()> {
        absent_is_fine(fs::remove_file(self.partial_path(partial)))
    }

    /// Gives a file that is whole its place, durably: after a crash it is there, whole, or it is
    /// still partial. What lay there is the same content, or a damaged one.
    pub(crate) fn keep(&self, partial: &Partial, file: &File) -> io::Result<()> {
        file.sync_all()?;
        let path = self.path(&partial.hash);
        let shelf = path.parent().unwrap_or(&self.0);
        files::create_private_dir(shelf)?;
        fs::rename(self.partial_path(partial), &path)?;
        sync(shelf)
    }

    /// Takes a content out.
    pub(crate) fn remove(&self, hash: &FileHash) -> io::Result<()> {
        absent_is_fine(fs::remove_file(self.path(hash)))
    }

    /// Every content that is there.
    pub(crate) fn contents(&self) -> io::Result<Vec<FileHash>> {
        let mut found = Vec::new();
        for shelf in entries(&self.0)? {
            let Some(begin) = shelf.file_name().to_str().map(str::to_owned) else { continue };
            if begin.len() != 2 {
                continue;
            }
            let names = entries(&shelf.path())?;
            let names = names.iter().filter_map(|entry| entry.file_name().into_string().ok());
            found
                .extend(names.filter_map(|rest| format!("{begin}{rest}").parse::<FileHash>().ok()));
        }
        Ok(found)
    }

    /// How much more the disk takes, in bytes.
    pub(crate) fn free(&self) -> io::Result<u64> {
        let disk = nix::sys::statvfs::statvfs(&self.0)?;
        // Their width is another one on each system.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        Ok((disk.blocks_available() as u64).saturating_mul(disk.fragment_size() as u64))
    }

    fn partial_path(&self, partial: &Partial) -> PathBuf {
        self.0.join(PARTIAL).join(partial.to_string())
    }
}

/// In order of their names: a folder's own order is chance.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let found = match fs::read_dir(folder) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        found => found?,
    };
    let mut entries = found.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::fs::PermissionsExt};

    use tertulia_proto::{AccountId, MessageId, Timestamp};

    use super::*;

    fn partial(id: u8) -> Partial {
        Partial {
            account: AccountId(1),
            message_id: MessageId([id; 16]),
            hash: FileHash([0xfe; 32]),
            size: 5,
            begun: Timestamp(7),
        }
    }

    #[test]
    fn a_file_is_partial_then_under_its_hash_and_nobody_elses_to_read() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("files"));
        assert_eq!((folder.partials().unwrap(), folder.contents().unwrap()), (vec![], vec![]));
        folder.create().unwrap();
        let partial = partial(1);
        let (mut file, length) = folder.open_partial(&partial).unwrap();
        assert_eq!(length, 0);
        file.write_all(b"ab").unwrap();
        assert_eq!(folder.open_partial(&partial).unwrap().1, 2);
        assert_eq!(folder.partials().unwrap(), std::slice::from_ref(&partial));
        file.write_all(b"cde").unwrap();
        folder.keep(&partial, &file).unwrap();
        assert_eq!(folder.partials().unwrap(), []);
        assert_eq!(folder.contents().unwrap(), [partial.hash]);
        let path = folder.path(&partial.hash);
        assert_eq!(fs::read(&path).unwrap(), b"abcde");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        folder.remove(&partial.hash).unwrap();
        folder.remove(&partial.hash).unwrap();
        assert_eq!(folder.contents().unwrap(), []);
    }

    #[test]
    fn one_that_is_longer_than_it_may_be_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("files"));
        folder.create().unwrap();
        folder.open_partial(&partial(1)).unwrap().0.write_all(b"too long").unwrap();
        assert_eq!(folder.open_partial(&partial(1)).unwrap().1, 0);
    }

    #[test]
    fn what_else_lies_there_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("files"));
        folder.create().unwrap();
        fs::write(dir.path().join("files/partial/notes"), "x").unwrap();
        fs::create_dir(dir.path().join("files/ab")).unwrap();
        fs::write(dir.path().join("files/ab/notes"), "x").unwrap();
        fs::write(dir.path().join("files/cd"), "x").unwrap();
        assert_eq!((folder.partials().unwrap(), folder.contents().unwrap()), (vec![], vec![]));
        assert!(folder.free().unwrap() > 0);
    }
}
