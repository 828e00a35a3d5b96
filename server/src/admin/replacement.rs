//! A new database takes the place of an old one. Nothing is deleted: what was there is set aside,
//! and a replacement that was interrupted is noticed by the next start.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, lchown},
    path::{Path, PathBuf},
};

use tertulia_certs::{
    files,
    server_cert::{SERVER_CERT_FILE, SERVER_KEY_FILE},
};
use tertulia_proto::Env;

use super::{AdminError, rfc3339};
use crate::{
    data_dir::{self, DataDir},
    files::Folder,
    store::wal_path,
};

/// What makes a server the same elsewhere, beside its database.
pub(super) const IDENTITY_FILES: [&str; 4] =
    [SERVER_CERT_FILE, SERVER_KEY_FILE, data_dir::ENDPOINT_KEYS, data_dir::LINK];

/// A data directory whose database is about to be another one.
pub(super) struct Replacement<'a> {
    data: &'a DataDir,
    aside: PathBuf,
    /// Whether the files that messages brought are others, too.
    has_files: bool,
}

impl<'a> Replacement<'a> {
    /// Removes what an interrupted one left behind.
    pub(super) fn begin(data: &'a DataDir, env: &dyn Env) -> Result<Self, AdminError> {
        let time = rfc3339(env.wall_clock()).replace([':', '.'], "-");
        let aside = data.path().join(format!("set-aside-{time}"));
        let this = Self { data, aside, has_files: false };
        match fs::remove_dir_all(this.files()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(AdminError::file(this.files())(error));
            }
            _ => {}
        }
        for path in with_wal(&this.database()) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(AdminError::file(path)(error));
                }
                _ => {}
            }
        }
        Ok(this)
    }

    /// Where the new database is made.
    pub(super) fn database(&self) -> PathBuf {
        self.data.path().join("tertulia.db.new")
    }

    /// Where the files that messages brought are put together.
    pub(super) fn files(&self) -> PathBuf {
        self.data.path().join("files.new")
    }

    /// The files change with the database.
    pub(super) fn with_files(mut self) -> Self {
        self.has_files = true;
        self
    }

    /// Puts the finished database and these files in their places. Returns where the old ones
    /// are, if there were any.
    pub(super) fn finish(
        self,
        identity: &[(String, Vec<u8>)],
    ) -> Result<Option<PathBuf>, AdminError> {
        let new = self.database();
        let synced = fs::File::open(&new).and_then(|file| file.sync_all());
        synced.map_err(AdminError::file(&new))?;
        let mark = self.data.replacing();
        files::write_private(&mark, b"").map_err(AdminError::file(&mark))?;
        let mut moved = false;
        for path in with_wal(&self.data.database()) {
            moved |= self.set_aside(&path)?;
        }
        let files = data_dir::files_of(self.data.path());
        if !self.has_files {
            self.keep_contents(&files)?;
        } else {
            moved |= self.set_aside(&files)?;
            if self.files().exists() {
                self.give_all_to_owner(&self.files())?;
                fs::rename(self.files(), &files).map_err(AdminError::file(&files))?;
            }
        }
        for (name, bytes) in identity {
            let path = self.data.path().join(name);
            if fs::read(&path).is_ok_and(|present| present == *bytes) {
                continue;
            }
            moved |= self.set_aside(&path)?;
            files::write_private(&path, bytes).map_err(AdminError::file(&path))?;
            self.give_to_owner(&path)?;
        }
        self.give_to_owner(&new)?;
        self.give_to_owner(&self.data.lock())?;
        let database = self.data.database();
        fs::rename(&new, &database).map_err(AdminError::file(&database))?;
        // Written for the owner of another history.
        let _ = fs::remove_file(self.data.owner_invite());
        self.sync()?;
        fs::remove_file(&mark).map_err(AdminError::file(&mark))?;
        self.sync()?;
        Ok(moved.then(|| self.aside.clone()))
    }

    /// Names every content a second time, beside the database that tells of it: what the new one
    /// does not tell of any more is swept away at the next start.
    fn keep_contents(&self, files: &Path) -> Result<(), AdminError> {
        let kept = Folder::new(data_dir::files_of(&self.aside));
        let folder = Folder::new(files.to_owned());
        for hash in folder.contents().map_err(AdminError::file(files))? {
            let to = kept.path(&hash);
            let shelf = to.parent().unwrap_or(&self.aside);
            files::create_private_dir(shelf).map_err(AdminError::file(shelf))?;
            fs::hard_link(folder.path(&hash), &to).map_err(AdminError::file(&to))?;
        }
        match self.aside.exists() {
            true => self.give_all_to_owner(&self.aside),
            false => Ok(()),
        }
    }

    fn give_all_to_owner(&self, path: &Path) -> Result<(), AdminError> {
        self.give_to_owner(path)?;
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(AdminError::file(path))? {
                self.give_all_to_owner(&entry.map_err(AdminError::file(path))?.path())?;
            }
        }
        Ok(())
    }

    /// Moves a file away, if it is there.
    fn set_aside(&self, path: &Path) -> Result<bool, AdminError> {
        if !path.exists() {
            return Ok(false);
        }
        files::create_private_dir(&self.aside).map_err(AdminError::file(&self.aside))?;
        self.give_to_owner(&self.aside)?;
        let to = self.aside.join(path.file_name().unwrap_or_default());
        fs::rename(path, &to).map_err(AdminError::file(path))?;
        Ok(true)
    }

    /// Root restores for the server's user: what it leaves must be that user's.
    fn give_to_owner(&self, path: &Path) -> Result<(), AdminError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(());
        }
        let owner = self.data.path().metadata().map_err(AdminError::file(self.data.path()))?;
        lchown(path, Some(owner.uid()), Some(owner.gid())).map_err(AdminError::file(path))
    }

    fn sync(&self) -> Result<(), AdminError> {
        let path = self.data.path();
        let synced = fs::File::open(path).and_then(|folder| folder.sync_all());
        synced.map_err(AdminError::file(path))
    }
}

impl Drop for Replacement<'_> {
    /// One that was not finished leaves nothing: the disk may be full.
    fn drop(&mut self) {
        for path in with_wal(&self.database()) {
            let _ = fs::remove_file(path);
        }
        let _ = fs::remove_dir_all(self.files());
    }
}

/// A database's file and SQLite's own beside it.
fn with_wal(database: &Path) -> [PathBuf; 3] {
    let wal = wal_path(database);
    let mut shm = database.as_os_str().to_owned();
    shm.push("-shm");
    [wal, PathBuf::from(shm), database.to_owned()]
}
