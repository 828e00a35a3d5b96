//! The rules as a whole: commands in, what became of them out.

mod direct_rooms;
mod history;
mod joining;
mod limits;
mod messages;
mod migration;
mod private_rooms;
mod reading;
mod records;
mod recovered;
mod room_changes;
mod room_names;
mod verification;
mod whatever;
mod world;
