//! The rules as a whole: commands in, what became of them out.

mod direct_rooms;
mod joining;
mod limits;
mod messages;
mod private_rooms;
mod reading;
mod room_changes;
mod room_names;
mod whatever;
mod world;
