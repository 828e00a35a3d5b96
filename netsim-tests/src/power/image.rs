//! An [`Image`] as real files, in memory where the system has some for files.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::Result;
use tempfile::TempDir;

use super::disk::Image;

/// Writes what was below `root` into `to`, for its owner only, as the programs do.
pub fn write(image: &Image, root: &Path, to: &Path) -> Result<()> {
    for folder in image.folders.iter().filter(|folder| *folder != root) {
        DirBuilder::new().mode(0o700).create(to.join(folder.strip_prefix(root)?))?;
    }
    for (path, bytes) in &image.files {
        let path = to.join(path.strip_prefix(root)?);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
    }
    Ok(())
}

/// A folder for one cut.
pub fn folder() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir())
}

/// Copies a folder of files.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // A killed server's socket is only a name.
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
