//! Whole runs of the simulator.

use tertulia_netsim::sim::{Preset, run};

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
