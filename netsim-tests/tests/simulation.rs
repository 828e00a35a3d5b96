//! Whole runs of the simulator.

use tertulia_netsim::sim::{Preset, run, soak::soak};

/// The seed that `SIM_SEED` names, or 1; of the kind that `SIM_PRESET` names.
fn asked() -> (u64, Preset) {
    let seed = std::env::var("SIM_SEED").ok().map_or(1, |seed| seed.parse().unwrap());
    let preset = std::env::var("SIM_PRESET").ok().map(|preset| preset.parse().unwrap());
    (seed, preset.unwrap_or_else(|| Preset::of_seed(seed)))
}

#[test]
fn a_seed_runs_without_violations_and_twice_the_same() {
    let (seed, preset) = asked();
    let report = run(seed, preset).unwrap();
    eprintln!("{report:?}");
    assert!(report.violations.is_empty(), "{report}");
    assert_eq!(run(seed, preset).unwrap().digest, report.digest);
}

/// Hundreds would take minutes in a debug build: `make soak` has them.
const SEEDS: u64 = 60;

#[test]
fn many_seeds_run_without_violations() {
    if std::env::var_os("SIM_SEED").is_some() {
        return;
    }
    let threads = std::thread::available_parallelism().unwrap().get();
    let total = soak(0..SEEDS, None, threads, |_| true).unwrap();
    eprintln!("{total}");
    assert!(total.failed.is_empty());
}
