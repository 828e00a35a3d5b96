//! Pure logic: no clock, no I/O, no randomness of its own. Time comes in as the [`Duration`] since
//! the client was opened.
//!
//! [`Duration`]: std::time::Duration

pub(crate) mod backoff;
pub(crate) mod copies;
pub(crate) mod drafts;
pub(crate) mod item;
pub(crate) mod liveness;
pub(crate) mod neighbours;
pub(crate) mod outbox;
pub(crate) mod presence;
pub(crate) mod room;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod timeline;
