//! A lost packet costs no round trip: in virtual time, so that the figures are exact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use tertulia_netsim::{
    latencies::Latencies,
    link::Loss,
    sim::latency::{Course, run},
};

const RTT: Duration = Duration::from_millis(60);

fn course(loss: Loss, copies: bool) -> Latencies {
    let found = run(Course { rtt: RTT, loss, messages: 400, copies, seed: 1 }).unwrap();
    assert_eq!((found.lost, found.twice, found.disordered), (0, 0, 0), "{loss:?}");
    found
}

#[test]
fn on_a_clean_path_copies_cost_nothing_at_all() {
    let [with, without] = [true, false].map(|copies| course(Loss::None, copies));
    assert_eq!(with.bytes_per_delivery, without.bytes_per_delivery);
    assert_eq!(with.sorted, without.sorted);
    assert!(with.per_mille(1_000) < RTT + Duration::from_millis(12), "{:?}", with.sorted.last());
}

#[test]
fn where_packets_are_lost_hardly_any_message_waits_for_its_repeat() {
    let loss = Loss::Random { share: 0.05 };
    let [with, without] = [true, false].map(|copies| course(loss, copies));
    let (p50, p99) = (with.per_mille(500), with.per_mille(990));
    assert!(p99 < p50.mul_f64(1.2), "{p50:?}, {p99:?}");
    assert!(without.per_mille(990) > 2 * p99, "or this proves nothing");
    assert!(with.bytes_per_delivery < 6.0 * without.bytes_per_delivery);
}

#[test]
fn bursts_take_fewer_messages_with_them() {
    let loss = Loss::TimeBursts { share: 0.05, mean: Duration::from_millis(20) };
    let [with, without] = [true, false].map(|copies| course(loss, copies));
    assert!(with.per_mille(990) < without.per_mille(990).mul_f64(0.8));
}
