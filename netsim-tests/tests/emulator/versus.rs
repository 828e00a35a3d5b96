use std::time::Duration;

use tertulia_netsim::{
    link::Loss,
    versus::{self, Cell, Plan, System, Way, setup},
};

use crate::again::in_a_world;

#[test]
fn ours_and_the_baseline_deliver_the_same_messages_once_and_in_order() {
    let name = "versus::ours_and_the_baseline_deliver_the_same_messages_once_and_in_order";
    in_a_world(name, |world| {
        let dir = tempfile::tempdir().unwrap();
        let systems = System::ALL.into_iter().filter(|system| {
            let can = versus::can(&world, *system).unwrap();
            can.inspect_err(|error| eprintln!("{} is left out: {error}", system.name())).is_ok()
        });
        let loss = Loss::Random { share: 0.02 };
        let cells: Vec<Cell> =
            systems.map(|system| Cell { system, way: Way::Steady(loss) }).collect();
        assert!(cells.len() >= 3, "every kernel has CUBIC");
        let plan = Plan {
            cells: cells.clone(),
            rtt: Duration::from_millis(40),
            messages: 40,
            patience: Duration::from_secs(60),
            seed: 1,
            dir: dir.path().to_owned(),
        };
        let outcome = versus::run(world, &plan).unwrap();
        assert_eq!((outcome.check.dropped, outcome.check.failure), (0, None));
        for (cell, found) in cells.iter().zip(&outcome.latencies) {
            let name = cell.system.name();
            assert_eq!((found.lost, found.twice, found.disordered), (0, 0, 0), "{name}");
            assert_eq!(found.sorted.len(), 2 * 40, "{name}: two read");
            assert!(found.sorted[0] >= plan.rtt, "{name} is faster than the link");
            assert!(found.bytes_per_delivery > 300.0, "{name}");
        }
    });
}

#[test]
fn a_beginning_takes_no_less_than_its_round_trips_and_ends() {
    let name = "versus::a_beginning_takes_no_less_than_its_round_trips_and_ends";
    in_a_world(name, |world| {
        let dir = tempfile::tempdir().unwrap();
        let cell = |system| Cell { system, way: Way::Steady(Loss::None) };
        let plan = Plan {
            cells: vec![cell(System::Tertulia), cell(System::Cubic)],
            rtt: Duration::from_millis(100),
            messages: 6,
            patience: Duration::ZERO,
            seed: 1,
            dir: dir.path().to_owned(),
        };
        let (found, check) = setup::run(world, &plan).unwrap();
        assert_eq!((check.dropped, check.failure), (0, None));
        let [ours, theirs] = [&found[0], &found[1]];
        assert_eq!((ours.sorted.len(), theirs.sorted.len()), (6, 6));
        // A handshake of one round trip or of two, and one way.
        assert!(ours.sorted[0] >= plan.rtt * 3 / 2, "{:?}", ours.sorted);
        assert!(theirs.sorted[0] >= plan.rtt * 5 / 2, "{:?}", theirs.sorted);
        assert!(ours.bytes > 2_000 && theirs.bytes > 2_000);
    });
}
