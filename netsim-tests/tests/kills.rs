//! Kills of server and clients under load. `make kills` does more.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Write},
    time::Duration,
};

use tertulia_netsim::kills::{Plan, Spread, run};
use tokio::runtime::Runtime;

const KILLS: u32 = 24;
/// By the end of an idle timeout a client would need more than this.
const BY_TIMEOUT: Duration = Duration::from_secs(10);

#[test]
fn whoever_is_killed_nothing_is_lost_or_twice_or_out_of_order() {
    let bench = env!("CARGO_BIN_EXE_tertulia-bench").into();
    let plan = Plan { kills: KILLS, seed: 1, bench };
    let report = Runtime::new().unwrap().block_on(run(&plan, |_| ())).unwrap();
    // Shown whether the test fails or not, so not by `eprintln`.
    io::stderr().write_all(report.to_string().as_bytes()).unwrap();
    assert!(report.kept.is_good(), "{report}");
    assert_eq!(report.kills(), KILLS as usize);
    assert!(report.kept.promises > u64::from(KILLS), "{report}");
    assert!(Spread::of(&report.reconnects).p50 < BY_TIMEOUT, "clients notice by a reset: {report}");
}
