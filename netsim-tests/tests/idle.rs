//! What a client costs that only is there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use tertulia_netsim::{
    idle,
    link::Loss,
    sim::idle::{Course, run},
};

/// What IPv4 and UDP add to each packet.
const HEADERS: u64 = 28;
const HOUR: Duration = Duration::from_secs(3_600);

fn bytes_per_minute(loss: Loss) -> u64 {
    let course = Course { rtt: Duration::from_millis(60), loss, lasts: HOUR, seed: 1 };
    let counts = run(course).unwrap();
    assert!(counts.packets > 2 * 60, "it is there: {counts:?}");
    (counts.bytes + counts.packets * HEADERS) / 60
}

#[test]
fn an_idle_client_takes_less_than_four_kilobytes_a_minute() {
    let bytes = bytes_per_minute(Loss::None);
    assert!(bytes <= 4_000, "{bytes} bytes a minute");
}

#[test]
fn an_idle_client_takes_little_more_where_packets_are_lost() {
    let bytes = bytes_per_minute(Loss::Random { share: 0.05 });
    assert!(bytes <= 4_000, "{bytes} bytes a minute");
}

#[tokio::test]
async fn packets_and_wake_ups_of_a_real_client_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let [settled, lasts] = [2, 6].map(Duration::from_secs);
    let row = idle::run(dir.path(), Duration::from_millis(10), settled, lasts).await.unwrap();
    assert!(row.seconds >= 6.0 && row.packets_per_minute >= 10.0, "{row:?}");
    assert!(row.bytes_per_minute > row.packets_per_minute * 28.0, "{row:?}");
    assert!(row.wakeups_per_minute >= 10.0 && row.cpu_ms_per_hour > 0.0, "{row:?}");
}
