//! Files as a crash left them.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::chance::Chance;

/// A write-ahead log of which only a first part was written.
#[derive(Debug)]
pub(super) struct Torn {
    name: PathBuf,
    bytes: u64,
}

/// Copies a folder; `image` is not there yet.
pub(super) fn take(dir: &Path, image: &Path, torn: Option<Torn>) {
    let taken = copy(dir, image).and_then(|()| match torn {
        Some(Torn { name, bytes }) => {
            fs::OpenOptions::new().write(true).open(image.join(name))?.set_len(bytes)
        }
        None => Ok(()),
    });
    // There is no run without the files, and the folder is the run's own.
    taken.expect("a run's folder can be copied");
}

/// The sizes of all write-ahead logs of a folder.
pub(super) fn wal_sizes(dir: &Path) -> BTreeMap<PathBuf, u64> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let logs = entries.filter(|entry| entry.path().extension().is_some_and(is_wal));
    logs.filter_map(|log| Some((PathBuf::from(log.file_name()), log.metadata().ok()?.len())))
        .collect()
}

/// Which log grew since, cut at random within what is new; `None`: nothing was committed.
pub(super) fn grown(dir: &Path, before: &BTreeMap<PathBuf, u64>, chance: &Chance) -> Option<Torn> {
    wal_sizes(dir).into_iter().find_map(|(name, size)| {
        let had = before.get(&name).copied().unwrap_or_default();
        (size > had).then(|| Torn { name, bytes: chance.of_range(had..size) })
    })
}

fn is_wal(extension: &std::ffi::OsStr) -> bool {
    extension.to_string_lossy().ends_with("-wal")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, from.metadata()?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        // The log's index is made anew, and a socket of a killed process is only a name.
        let is_index = entry.file_name().to_string_lossy().ends_with("-shm");
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() && !is_index {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
