//! Why an operator's command was not done.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{start_error::StartError, store::StoreError};

/// The operator's command was not done. Each text says what, why, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No server runs, and the data directory can't be used without one; or one runs, and must not.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The running server does not answer.
    #[error("the running server does not answer: {0}")]
    Socket(#[from] io::Error),
    /// The running server did not answer in time.
    #[error("the running server did not answer in time; nothing is known of what it did")]
    NoAnswer,
    /// The running server refused.
    #[error("{0}")]
    Refused(String),
    /// There is no server's data.
    #[error("{} holds no server's data: start the server once, or give its --data DIR", data.display())]
    NoDatabase {
        /// The directory.
        data: PathBuf,
    },
    /// A file in the way.
    #[error("{} exists already and is not overwritten: give another name, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file can't be read or written.
    #[error("{} can't be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing of a damaged database can be used.
    #[error("{}: no entry of a server's log can be read in it; nothing was changed", path.display())]
    NothingRecovered {
        /// The file.
        path: PathBuf,
    },
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever reads the results does not take them.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl AdminError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
