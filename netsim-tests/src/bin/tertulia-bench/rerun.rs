//! The program once more, with what measuring takes: namespaces, and precedence over others.

use std::{
    env,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

/// Set in the program that has what can be had.
const AGAIN: &str = "TERTULIA_BENCH_AGAIN";
/// Real-time, in turns: before everything that is not.
const FIRST: &[&str] = &["chrt", "-r", "10"];
/// Root over a network of one's own, without being root.
const OWN_NETWORK: &[&str] = &["unshare", "--user", "--map-root-user", "--net"];

/// Returns in a program that has all that the system gives.
pub(super) fn with_rights() -> Result<()> {
    if env::var_os(AGAIN).is_some() {
        return Ok(());
    }
    let mut words: Vec<&str> = Vec::new();
    if works(FIRST) {
        words.extend(FIRST);
    }
    // Root makes network namespaces as it is.
    if !works(&["unshare", "--net"]) && works(OWN_NETWORK) {
        words.extend(OWN_NETWORK);
    }
    let Some((first, rest)) = words.split_first() else { return Ok(()) };
    let own = env::current_exe().context("this program can't be found")?;
    let mut command = Command::new(first);
    command.args(rest).arg(own).args(env::args_os().skip(1)).env(AGAIN, "1");
    // It only returns where it fails.
    Err(command.exec()).with_context(|| format!("{first} can't be run"))
}

fn works(words: &[&str]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let mut command = Command::new(first);
    command.args(rest).arg("true").stdin(Stdio::null());
    let tried = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}
