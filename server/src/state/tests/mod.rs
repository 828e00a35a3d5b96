//! The rules as a whole: commands in, what became of them out.

mod joining;
mod limits;
mod messages;
mod private_rooms;
mod reading;
mod whatever;
mod world;
