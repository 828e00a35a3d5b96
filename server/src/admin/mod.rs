//! What the operator does beside a running server, or without one.
//!
//! What changes a running server or asks for what only it knows goes through a Unix socket in the
//! data directory, one JSON object a line each way, open to the server's own user and root only.
//! What only reads, reads the database itself: it is a reader beside the writer like any other.

mod accounts;
mod audit;
mod backup;
mod check;
mod contents;
mod error;
mod exchange;
mod invite;
mod recover;
mod replacement;
mod restore;
mod serve;
mod socket;
mod stats;

pub use accounts::{AccountLine, accounts};
pub use audit::{AuditLine, audit};
pub use backup::{BackupDone, backup};
pub use check::{CheckReport, check};
pub use error::AdminError;
pub use invite::{InviteRequest, request_invite};
pub use recover::{Recovered, recover};
pub use restore::{Restored, restore};
pub use stats::{Stats, stats};

pub(crate) use serve::Admin;
pub(crate) use socket::{listen, remove};

use std::path::Path;

use rusqlite::Connection;
use tertulia_proto::Timestamp;

use crate::{data_dir, store};

/// The database of a data directory, for reading.
fn database(data: &Path) -> Result<Connection, AdminError> {
    let path = data_dir::database_of(data);
    if !path.exists() {
        return Err(AdminError::NoDatabase { data: data.to_owned() });
    }
    Ok(store::open_present(&path)?)
}

/// RFC 3339, UTC, milliseconds.
fn rfc3339(time: Timestamp) -> String {
    let time = i64::try_from(time.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", time.unwrap_or(jiff::Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_are_utc() {
        assert_eq!(rfc3339(Timestamp(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
        assert!(rfc3339(Timestamp(u64::MAX)).ends_with('Z'));
    }
}
