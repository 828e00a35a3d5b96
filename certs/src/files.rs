//! Files that hold secrets: 0600 in 0700 folders, written whole or not at all.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use tempfile::NamedTempFile;

/// No key or certificate file is larger; what is (a device, a disk image) was named by mistake.
const READ_LEN_MAX: u64 = 1 << 20; // 1 MiB

/// Replaces `path` with `bytes`, 0600: after a crash the file is either the old or the new one,
/// and the new one once this returns. A symbolic link at `path` is replaced, not followed.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    staged(path, bytes)?.persist(path)?;
    sync(folder_of(path))
}

/// As [`write_private`], but fails with [`io::ErrorKind::AlreadyExists`] rather than replace: of
/// several processes that create a file at once, exactly one wins.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    staged(path, bytes)?.persist_noclobber(path)?;
    sync(folder_of(path))
}

/// Creates `path` and its missing parents, 0700 each, durably: what is kept in a folder is lost
/// with its name. Folders that exist are left as they are.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|folder| !is_there(folder)).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    missing.into_iter().try_for_each(|made| sync(folder_of(made)))
}

/// Refuses a file that anybody on the machine may change, with the command that mends it.
pub fn check_not_world_writable(path: &Path) -> io::Result<()> {
    refuse_world_writable(path, &path.metadata()?)
}

/// Whether others than the owner may read `path`: worth a warning for a private key.
pub fn readable_by_others(path: &Path) -> io::Result<bool> {
    Ok(path.metadata()?.permissions().mode() & 0o044 != 0)
}

/// Reads an identity's file: refuses world-writable ones and those above [`READ_LEN_MAX`].
pub(crate) fn read_trusted(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // Of the open file, not of the path: it could be swapped in between.
    refuse_world_writable(path, &file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(READ_LEN_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > READ_LEN_MAX {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "larger than any key or certificate",
        ));
    }
    Ok(bytes)
}

/// `bytes` on disk under a temporary name beside `path`; removed again unless persisted.
fn staged(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    // tempfile opens with O_EXCL and 0600.
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The name of a new file is durable only once its folder is.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The empty path is what a relative one begins at.
fn is_there(folder: &Path) -> bool {
    folder == Path::new("") || folder.exists()
}

fn refuse_world_writable(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.permissions().mode() & 0o002 == 0 {
        return Ok(());
    }
    let message =
        format!("anybody on this machine may change it; run: chmod o-w '{}'", path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn written_files_are_private_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, "old and longer").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_reader_that_has_the_old_file_open_keeps_it_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        write_private(&path, b"old").unwrap();
        let mut open = File::open(&path).unwrap();
        write_private(&path, b"new").unwrap();
        let mut seen = String::new();
        open.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "old", "the file was replaced, not rewritten in place");
    }

    #[test]
    fn a_failed_write_leaves_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let in_the_way = dir.path().join("folder");
        fs::create_dir(&in_the_way).unwrap();
        fs::write(in_the_way.join("x"), "").unwrap();
        write_private(&in_the_way, b"new").unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn create_never_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        create_private(&path, b"first").unwrap();
        let error = create_private(&path, b"second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn new_folders_are_private_and_old_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("old");
        fs::create_dir(&old).unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o755)).unwrap();
        create_private_dir(&old.join("a/b")).unwrap();
        assert_eq!(
            (mode(&old), mode(&old.join("a")), mode(&old.join("a/b"))),
            (0o755, 0o700, 0o700)
        );
        create_private_dir(&old).unwrap();
        assert_eq!(mode(&old), 0o755);
    }

    #[test]
    fn world_writable_files_are_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        fs::write(&path, "k").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        assert!(readable_by_others(&path).unwrap());
        let text = check_not_world_writable(&path).unwrap_err().to_string();
        assert!(text.contains("chmod o-w") && text.contains("key"), "{text}");
        read_trusted(&path).unwrap_err();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        check_not_world_writable(&path).unwrap();
        assert!(!readable_by_others(&path).unwrap());
        assert_eq!(read_trusted(&path).unwrap(), b"k");
    }

    #[test]
    fn an_endless_file_is_not_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("huge");
        File::create(&path).unwrap().set_len(READ_LEN_MAX + 1).unwrap();
        assert_eq!(read_trusted(&path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
