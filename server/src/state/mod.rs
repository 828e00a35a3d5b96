//! The rules. [`apply`] is the only place that decides; it is deterministic: time, randomness and
//! ids travel in the [`Entry`]. The same entries make the same database.

mod access;
mod account;
mod apply;
mod authorize;
mod digest;
mod entry;
mod happening;
mod invites;
mod members;
mod messages;
mod reading;
mod record;
mod registration;
mod rooms;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use access::{ARCHIVED, Access, SINCE_JOINED, access, history_policy};
pub(crate) use account::{AccountRow, account_by_device};
pub(crate) use apply::apply;
pub(crate) use authorize::{Action, authorize};
pub(crate) use digest::differing;
pub(crate) use entry::{
    Actor, DeviceKey, Entry, LogCommand, MakeDirect, MakeRoom, NameRoom, PostMessage,
    RegisterDevice, StoreInvite,
};
pub(crate) use invites::check as invite_role;
pub(crate) use messages::{Prospect, file_of, judge_upload};
pub(crate) use record::Record;
pub(crate) use verdict::{Applied, Effect, Outcome, Reply, Stop};
