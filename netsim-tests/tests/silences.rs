//! Networks that go away and come back, and addresses that change: in virtual time, so that the
//! figures are exact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use tertulia_netsim::{
    latencies::per_mille,
    link::Loss,
    sim::{
        absence,
        outage::{self, Outages, Who},
        roam::{self, Moves},
    },
};

const RTT: Duration = Duration::from_millis(60);
const MS: Duration = Duration::from_millis(1);

/// Of all kinds of load the longest that the first message took.
fn first(who: Who, lasts: u64, is_told: bool, is_ours: bool) -> Duration {
    let run = |every| {
        let lasts = Duration::from_secs(lasts);
        let course =
            outage::Course { rtt: RTT, lasts, who, is_told, every, times: 2, is_ours, seed: 1 };
        let Outages { first, .. } = outage::run(course).unwrap();
        assert_eq!(first.len(), 2, "something never came");
        first[1]
    };
    run(Some(50 * MS)).max(run(None))
}

#[test]
fn told_that_there_is_a_network_again_what_waited_is_read_at_once() {
    for lasts in [10, 40] {
        for who in [Who::Sender, Who::Receiver] {
            let took = first(who, lasts, true, true);
            assert!(took <= RTT + 12 * MS, "{who:?} after {lasts} s: {took:?}");
        }
    }
    assert!(first(Who::Sender, 10, true, false) > RTT + 50 * MS, "or this proves nothing");
}

#[test]
fn told_nothing_it_is_read_as_soon_as_the_next_probe_gets_through() {
    for lasts in [10, 40] {
        for who in [Who::Sender, Who::Receiver] {
            let took = first(who, lasts, false, true);
            assert!(took <= RTT + 250 * MS, "{who:?} after {lasts} s: {took:?}");
        }
    }
    assert!(first(Who::Receiver, 10, false, false) > RTT + 500 * MS, "or this proves nothing");
}

fn moves(who: Who, loss: Loss, is_told: bool) -> Moves {
    let course = roam::Course { rtt: RTT, loss, who, is_told, moves: 12, is_ours: true, seed: 1 };
    let moves = roam::run(course).unwrap();
    assert_eq!(moves.worst.len(), 12, "something never came");
    assert!(moves.is_kept);
    moves
}

#[test]
fn with_another_address_the_session_goes_on_and_hardly_a_message_is_late() {
    for loss in [Loss::None, Loss::Random { share: 0.05 }] {
        let [sender, receiver] =
            [Who::Sender, Who::Receiver].map(|who| per_mille(&moves(who, loss, true).worst, 950));
        assert!(sender <= RTT + 30 * MS, "{loss:?}: {sender:?}");
        assert!(receiver <= RTT + 165 * MS, "{loss:?}: {receiver:?}");
    }
}

#[test]
fn who_comes_out_of_a_tunnel_is_shown_as_there_at_once() {
    let found = absence::run(1).unwrap();
    assert!(found.gone > Duration::from_secs(12), "{found:?}");
    assert!(found.back < Duration::from_secs(2), "{found:?}");
}

#[test]
fn told_nothing_one_who_listens_notices_that_nothing_comes_any_more() {
    let worst = |loss, share| per_mille(&moves(Who::Receiver, loss, false).worst, share);
    let took = worst(Loss::None, 950);
    assert!(took <= RTT + 165 * MS, "{took:?}");
    let took = worst(Loss::Random { share: 0.05 }, 500);
    assert!(took <= RTT + 165 * MS, "{took:?}");
}

/// Longer than QUIC keeps a connection.
#[test]
fn after_ten_minutes_it_is_read_within_two_seconds_and_little_was_sent_meanwhile() {
    for (who, at_most) in [(Who::Sender, 1_250), (Who::Receiver, 2_250)] {
        let lasts = Duration::from_secs(600);
        let (every, times) = (None, 2);
        let is_told = false;
        let course =
            outage::Course { rtt: RTT, lasts, who, is_told, every, times, is_ours: true, seed: 1 };
        let found = outage::run(course).unwrap();
        assert!(found.first[1] <= at_most * MS, "{who:?}: {:?}", found.first);
        assert!(found.bytes <= 600_000.0, "{who:?}: {}", found.bytes);
    }
}
