//! iproute2's `ip`, run in the network namespace of the calling thread.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// `ip` with these words.
pub(super) fn ip(words: &str) -> Result<()> {
    let output = Command::new("ip")
        .args(words.split_whitespace())
        .env("PATH", concat!("/usr/sbin:/sbin:", "/usr/bin:/bin"))
        .stdin(Stdio::null())
        .output()
        .context("there is no program `ip` (package iproute2)")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {words}: {}", said.trim_end());
    Ok(())
}
