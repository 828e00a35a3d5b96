use std::time::Duration;

use tertulia_netsim::{
    link::Loss,
    versus::{self, Cell, Ground, Plan, System, Way, Who, outage, roam, setup},
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

#[test]
fn after_an_outage_ours_is_read_at_once_and_whoever_has_a_kernel_s_timers_later() {
    let name =
        "versus::after_an_outage_ours_is_read_at_once_and_whoever_has_a_kernel_s_timers_later";
    in_a_world(name, |world| {
        let dir = tempfile::tempdir().unwrap();
        let rtt = Duration::from_millis(60);
        let ground = Ground { rtt, seed: 1, dir: dir.path().to_owned() };
        let course = |system, who, is_told| {
            let lasts = Duration::from_secs(4);
            outage::Course { system, lasts, who, is_told, is_busy: true }
        };
        let courses = [
            course(System::Tertulia, Who::Sender, true),
            course(System::Tertulia, Who::Receiver, false),
            course(System::Cubic, Who::Sender, true),
            course(System::Cubic, Who::Receiver, false),
        ];
        let (found, check) = outage::run(world, &ground, &courses, 1).unwrap();
        assert_eq!((check.dropped, check.failure), (0, None));
        for found in &found {
            assert_eq!((found.first.len(), found.all.len(), found.lost), (1, 1, 0));
            assert!(found.first[0] >= rtt / 2 && found.all[0] >= found.first[0], "{found:?}");
        }
        // Told TCP begins anew: two handshakes, and back again.
        assert!(found[2].first[0] >= 3 * rtt, "{found:?}");
        // Its timer has doubled for four seconds.
        assert!(found[3].first[0] > found[1].first[0], "{found:?}");
    });
}

#[test]
fn who_moves_goes_on_where_it_is_told_and_where_it_is_not() {
    let name = "versus::who_moves_goes_on_where_it_is_told_and_where_it_is_not";
    in_a_world(name, |world| {
        let dir = tempfile::tempdir().unwrap();
        let ground = Ground { rtt: Duration::from_millis(40), seed: 1, dir: dir.path().to_owned() };
        let course = |system, who, is_told| roam::Course { system, loss: Loss::None, who, is_told };
        let courses = [
            course(System::Tertulia, Who::Sender, true),
            course(System::Tertulia, Who::Receiver, true),
            course(System::Tertulia, Who::Sender, false),
            course(System::Tertulia, Who::Receiver, false),
            course(System::Cubic, Who::Sender, true),
            course(System::Cubic, Who::Receiver, true),
        ];
        let (found, check) = roam::run(world, &ground, &courses, 2).unwrap();
        assert_eq!((check.dropped, check.failure), (0, None));
        for (course, found) in courses.iter().zip(&found) {
            assert_eq!((found.worst.len(), found.lost), (2, 0), "{course:?}");
            assert!(found.worst[0] >= ground.rtt, "{course:?} is faster than the link: {found:?}");
            let is_ours = course.system == System::Tertulia;
            assert_eq!(found.is_kept, is_ours, "{course:?}");
        }
    });
}
