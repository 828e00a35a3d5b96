//! A file that comes, beside the place where it is to be. Everything here blocks.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tertulia_proto::Attachment;

/// What has come so far. Whoever has it is the only one to write it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    path: PathBuf,
    target: PathBuf,
    pub(super) file: Arc<File>,
}

impl Part {
    /// Opens what there is, made if need be; and its length.
    pub(super) fn open(target: &Path, told: &Attachment) -> io::Result<(Self, u64)> {
        let name = target.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        // Of this content: what else is called so is somebody else's.
        let mut part = name.to_owned();
        part.push(format!(".{}.part", &told.hash.to_string()[..8]));
        let path = target.with_file_name(part);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        // A link could lead anywhere.
        let file = options.custom_flags(NO_FOLLOW).open(&path)?;
        if file.try_lock().is_err() {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another program is downloading it to the same place",
            ));
        }
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("what lies beside it is no file"));
        }
        let part = Self { path, target: target.to_owned(), file: Arc::new(file) };
        match metadata.len() {
            length if length <= told.size => Ok((part, length)),
            _ => {
                part.file.set_len(0)?;
                Ok((part, 0))
            }
        }
    }

    /// Gives it its name, durably. What is there is replaced only where that is wished.
    pub(super) fn keep(&self, overwrite: bool) -> io::Result<()> {
        self.file.sync_all()?;
        if overwrite {
            fs::rename(&self.path, &self.target)?;
        } else {
            self.take_free_name()?;
        }
        let folder = match self.target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn take_free_name(&self) -> io::Result<()> {
        match fs::hard_link(&self.path, &self.target) {
            Ok(()) => fs::remove_file(&self.path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems know no links; two programs at the same moment are all that this
            // leaves open.
            Err(_) if self.target.symlink_metadata().is_ok() => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Err(_) => fs::rename(&self.path, &self.target),
        }
    }
}

/// `O_NOFOLLOW` of Linux.
const NO_FOLLOW: i32 = 0o400_000;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tertulia_proto::{FileHash, FileName};

    use super::*;

    fn told() -> Attachment {
        let name = FileName::new("a.txt").unwrap();
        Attachment { name, size: 5, hash: FileHash([0xab; 32]) }
    }

    #[test]
    fn what_is_there_is_replaced_only_where_that_is_wished() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.txt");
        fs::write(&target, "mine").unwrap();
        let (part, length) = Part::open(&target, &told()).unwrap();
        assert_eq!(length, 0);
        (&*part.file).write_all(b"their").unwrap();
        let kept = part.keep(false).unwrap_err();
        assert_eq!(kept.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        part.keep(true).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"their");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_came_is_gone_on_with_by_one_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.txt");
        let (part, _) = Part::open(&target, &told()).unwrap();
        (&*part.file).write_all(b"the").unwrap();
        let busy = Part::open(&target, &told()).unwrap_err();
        assert_eq!(busy.kind(), io::ErrorKind::WouldBlock);
        drop(part);
        let (part, length) = Part::open(&target, &told()).unwrap();
        assert_eq!(length, 3);
        (&*part.file).write_all(b"longer than it is").unwrap();
        drop(part);
        let (part, length) = Part::open(&target, &told()).unwrap();
        assert_eq!(length, 0, "it is none of this one's");
        part.keep(false).unwrap();
        assert!(target.exists());
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, victim) = (dir.path().join("a.txt"), dir.path().join("victim"));
        fs::write(&victim, "keep me").unwrap();
        std::os::unix::fs::symlink(&victim, dir.path().join("a.txt.abababab.part")).unwrap();
        Part::open(&target, &told()).unwrap_err();
        assert_eq!(fs::read(&victim).unwrap(), b"keep me");
    }
}
