//! A test that needs rights: with them, by way of a user namespace, or not at all.

use std::{env, process::Command};

use tertulia_netsim::emu::World;

/// Set in the process that has its rights by a user namespace.
const AGAIN: &str = "TERTULIA_EMULATOR_AGAIN";

/// Runs `work` with a world; `test` is the test's own path, by which it is run again.
pub(crate) fn in_a_world(test: &str, work: impl FnOnce(World)) {
    let error = match World::new() {
        Ok(world) => return work(world),
        Err(error) => error,
    };
    let unshare = ["--user", "--map-root-user", "--net"];
    let may = Command::new("unshare").args(unshare).arg("true").output();
    if env::var_os(AGAIN).is_some() || !may.is_ok_and(|may| may.status.success()) {
        return eprintln!("{test} is skipped: {error}");
    }
    let again = Command::new("unshare")
        .args(unshare)
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(AGAIN, "1")
        .status();
    assert!(again.unwrap().success(), "in a user namespace");
}
