//! What other programs rely on: each command as a process, its standard output, standard error and
//! exit code.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bounds;
mod calling;
mod chatting;
mod joining;
mod links;
mod objects;
mod profiles;
mod reading;
mod restarts;
mod searching;
mod sending;
mod world;
