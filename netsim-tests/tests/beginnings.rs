//! From nothing to a first message, in virtual time: the figures are exact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use tertulia_netsim::{
    latencies::per_mille,
    link::Loss,
    sim::setup::{Course, Setups, run},
};

const RTT: Duration = Duration::from_millis(200);

fn setups(loss: Loss, setups: u32, is_ours: bool) -> Setups {
    run(Course { rtt: RTT, loss, setups, is_ours, is_forgotten: false, seed: 1 }).unwrap()
}

#[test]
fn a_first_message_takes_a_round_trip_and_one_way() {
    let found = setups(Loss::None, 10, true);
    assert_eq!(per_mille(&found.sorted, 1_000), RTT * 3 / 2);
    let plain = setups(Loss::None, 5, false);
    assert_eq!(per_mille(&plain.sorted, 0), RTT * 5 / 2);
}

#[test]
fn where_packets_are_lost_a_beginning_hardly_ever_waits() {
    let loss = Loss::Random { share: 0.1 };
    let found = setups(loss, 60, true);
    assert!(per_mille(&found.sorted, 950) <= Duration::from_millis(360), "{:?}", found.sorted);
    let plain = setups(loss, 30, false);
    assert!(per_mille(&plain.sorted, 950) > Duration::from_millis(1_000), "or this proves nothing");
}

#[test]
fn a_router_that_forgets_one_in_the_middle_of_a_handshake_holds_nobody_up_for_long() {
    let course = Course {
        rtt: RTT,
        loss: Loss::None,
        setups: 40,
        is_ours: true,
        is_forgotten: true,
        seed: 1,
    };
    let found = run(course).unwrap();
    assert!(per_mille(&found.sorted, 1_000) <= Duration::from_millis(1_500), "{:?}", found.sorted);
}
