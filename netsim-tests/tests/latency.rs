//! A lost packet costs no round trip: in virtual time, so that the figures are exact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use tertulia_client::Congestion;
use tertulia_netsim::{
    latencies::Latencies,
    link::{Loss, Rate},
    sim::{
        beside::{self, Seen},
        latency::{Course, run},
    },
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
    // The handshakes differ, and with them the numbers of packets.
    let more = with.bytes_per_delivery - without.bytes_per_delivery;
    assert!(more.abs() < 1.0, "{more}");
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

/// A file of 3 MB, 10 Mbit/s, and a long queue that a file can fill.
fn beside(congestion: Congestion, has_file: bool, share: f64) -> Seen {
    let loss = if share > 0.0 { Loss::Random { share } } else { Loss::None };
    let seen = beside::run(beside::Course {
        rtt: RTT,
        loss,
        rate: Rate { bits_per_second: 10_000_000, queue_bytes: 250_000 },
        bytes: has_file.then_some(3_000_000),
        congestion,
        copies: true,
        seed: 1,
    });
    let seen = seen.unwrap();
    assert_eq!((seen.lost, seen.twice), (0, 0));
    seen
}

#[test]
fn beside_a_file_a_message_hardly_waits_and_the_file_is_not_much_slower() {
    let alone = beside(Congestion::Gentle, false, 0.0);
    let by_loss = beside(Congestion::Cubic, true, 0.0);
    for share in [0.0, 0.01] {
        let gentle = beside(Congestion::Gentle, true, share);
        let more = |share| gentle.per_mille(share).saturating_sub(alone.per_mille(500));
        assert!(more(500) <= Duration::from_millis(12), "{:?}", more(500));
        assert!(more(950) <= Duration::from_millis(35), "{:?}", more(950));
        assert_eq!(gentle.full, 0);
        assert!(gentle.file < by_loss.file.mul_f64(1.3), "{:?}, {:?}", gentle.file, by_loss.file);
    }
    assert!(by_loss.per_mille(500) > 2 * alone.per_mille(500), "or this proves nothing");
}
