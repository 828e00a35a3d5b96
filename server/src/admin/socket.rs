//! Where the socket lies. Its path is reached through the opened directory, since a Unix socket's
//! path is limited to some hundred bytes and a data directory's is not.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

const NAME: &str = "admin.sock";

/// Listens; a socket that a dead server left is replaced. The caller holds the directory's lock.
pub(crate) fn listen(data: &Path) -> io::Result<UnixListener> {
    remove(data);
    let dir = File::open(data)?;
    let listener = UnixListener::bind(short(&dir))?;
    std::fs::set_permissions(data.join(NAME), std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Removes it.
pub(crate) fn remove(data: &Path) {
    // It may not be there.
    let _ = std::fs::remove_file(data.join(NAME));
}

/// Connects to a running server.
pub(crate) async fn connect(data: &Path) -> io::Result<UnixStream> {
    let dir = File::open(data)?;
    UnixStream::connect(short(&dir)).await
}

fn short(dir: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{NAME}", dir.as_raw_fd()))
}
