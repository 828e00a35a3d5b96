//! What a profile keeps on disk: its record, its outbox, its timelines.
//!
//! Everything here blocks; the driver runs it through [`Blocking`].

pub(crate) mod blocking;
#[cfg(test)]
mod compatibility;
mod database;
pub(crate) mod drafts_file;
pub(crate) mod forget;
pub(crate) mod outbox_file;
mod owner;
pub(crate) mod profile;
pub(crate) mod room_names;
pub(crate) mod timelines;

pub(crate) use blocking::Blocking;
pub(crate) use database::DatabaseError;
