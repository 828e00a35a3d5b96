//! Taking a profile away from this computer.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tertulia_certs::device::DEVICE_KEY_FILE;
use thiserror::Error;

use super::{
    drafts_file, outbox_file,
    owner::{self, Estate},
    profile, room_names, timelines,
};
use crate::transfer;

/// A profile is still there, in part at least.
#[derive(Debug, Error)]
pub enum ForgetError {
    /// Another process has it open.
    #[error("another program has {} open", .0.display())]
    InUse(PathBuf),
    /// The disk said no.
    #[error("{} can't be deleted: {error}", .path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Deletes what a client keeps in this folder: who one is, the device's key, what waits and what was
/// said. What else is in the folder stays, and the folder with it. The client is to be closed before.
///
/// Without the key nobody is that account again.
pub fn forget(profile: &Path) -> Result<(), ForgetError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| ForgetError::Io { path, error }
    };
    let owners = profile.join(outbox_file::OWNERS);
    if is_held(&owners).map_err(failed(&owners))? {
        return Err(ForgetError::InUse(profile.to_owned()));
    }
    // Its record first: cut short, the rest belongs to nobody.
    for file in [profile::FILE, DEVICE_KEY_FILE, room_names::FILE, drafts_file::FILE] {
        let path = profile.join(file);
        found(fs::remove_file(&path)).map_err(failed(&path))?;
    }
    for folder in [owners, profile.join(transfer::UPLOADS)] {
        found(fs::remove_dir_all(&folder)).map_err(failed(&folder))?;
    }
    for path in databases(profile).map_err(failed(profile))? {
        found(fs::remove_file(&path)).map_err(failed(&path))?;
    }
    // Refused where something else is in it.
    let _ = fs::remove_dir(profile);
    Ok(())
}

/// Whether a living process has an outbox.
fn is_held(owners: &Path) -> io::Result<bool> {
    let ids = match owner::all(owners) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        ids => ids?,
    };
    for id in ids {
        if Estate::take(owners, &id)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The databases, with what is beside them: SQLite's files, locks, copies of before a migration.
fn databases(profile: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(profile) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_of = |database: &str| {
            let stem = database.strip_suffix("db").unwrap_or(database);
            name.starts_with(stem)
        };
        if is_of(outbox_file::FILE) || is_of(timelines::FILE) {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// What is not there need not go.
fn found(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        SystemEnv,
        store::{outbox_file::OutboxFile, timelines::Timelines},
    };

    #[test]
    fn what_the_client_wrote_goes_and_what_is_not_its_own_stays() {
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("ana");
        fs::create_dir(&profile).unwrap();
        forget(&profile).unwrap();
        assert!(!profile.exists());
        forget(&profile).unwrap();

        fs::create_dir(&profile).unwrap();
        tertulia_certs::DeviceIdentity::load_or_create(&profile).unwrap();
        fs::write(profile.join(profile::FILE), "{}").unwrap();
        fs::write(profile.join("timeline.db.v1"), "").unwrap();
        fs::write(profile.join("notes.txt"), "mine").unwrap();
        fs::create_dir(profile.join(transfer::UPLOADS)).unwrap();
        fs::write(profile.join(transfer::UPLOADS).join("a7"), "an id").unwrap();
        drop(Timelines::open(&profile, None).unwrap());
        let outbox = OutboxFile::open(&profile, &SystemEnv).unwrap();
        assert!(matches!(forget(&profile), Err(ForgetError::InUse(_))));
        assert!(profile.join(profile::FILE).exists(), "nothing is touched while it is open");
        drop(outbox);
        forget(&profile).unwrap();
        let left: Vec<_> =
            fs::read_dir(&profile).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
    }
}
