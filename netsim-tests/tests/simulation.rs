//! Whole runs of the simulator. With SIM_SEED=N (and SIM_PRESET=NAME) only that seed is run:
//! SIM_TRACE=1 shows all that happens in it, SIM_KEEP=1 keeps the files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Write};

use tertulia_netsim::sim::{Preset, run, soak::soak};

/// About a minute on two processors in a debug build; `make soak` runs more.
const SEEDS: u64 = 200;

fn asked() -> Option<(u64, Preset)> {
    let seed = std::env::var("SIM_SEED").ok()?.parse().unwrap();
    let preset = std::env::var("SIM_PRESET").ok().map(|preset| preset.parse().unwrap());
    Some((seed, preset.unwrap_or_else(|| Preset::of_seed(seed))))
}

/// Shown whether the test fails or not, so not by `eprintln`.
fn say(text: impl std::fmt::Display) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[test]
fn nothing_is_lost_or_twice_or_out_of_order_whatever_goes_wrong() {
    if let Some((seed, preset)) = asked() {
        let report = run(seed, preset).unwrap();
        say(&report);
        return assert!(report.violations.is_empty(), "{report}");
    }
    let threads = std::thread::available_parallelism().unwrap().get();
    let total = soak(0..SEEDS, None, threads, |_| true).unwrap();
    say(&total);
    assert_eq!((total.seeds, total.failed.len()), (SEEDS, 0), "{total}");
    assert!(total.messages > 100 * SEEDS && total.packets.lost > SEEDS && total.faults > SEEDS);
}

#[test]
fn a_seed_is_the_same_run_again() {
    if asked().is_some() {
        return;
    }
    for (seed, preset) in (1_000..).zip(Preset::ALL) {
        let digests = [(); 2].map(|()| run(seed, preset).unwrap().digest);
        assert_eq!(digests[0], digests[1], "{seed} {preset}");
    }
    let other = run(2_000, Preset::Links).unwrap().digest;
    assert_ne!(other, run(2_001, Preset::Links).unwrap().digest);
}
