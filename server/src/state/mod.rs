//! The rules. [`apply`] is the only place that decides; it is deterministic: time, randomness and
//! ids travel in the [`Entry`]. The same entries make the same database.

mod account;
mod apply;
mod authorize;
mod digest;
mod entry;
mod invites;
mod messages;
mod registration;
mod rooms;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use account::{AccountRow, account_by_device};
pub(crate) use apply::apply;
pub(crate) use authorize::{Access, Action, authorize};
pub(crate) use digest::differing;
pub(crate) use entry::{
    Actor, DeviceKey, Entry, LogCommand, MakeRoom, Record, RegisterDevice, StoreInvite,
};
pub(crate) use invites::check as invite_role;
pub(crate) use rooms::{LOBBY, access};
pub(crate) use verdict::{Effect, Outcome, Reply, Stop};
