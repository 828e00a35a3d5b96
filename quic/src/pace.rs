//! A file in small steps: what is written at once leaves at once, as far as the window allows, and
//! a word written after it then waits until some of that is acknowledged.

use std::time::Duration;

use quinn::Connection;
use tokio::time::{Instant, sleep_until};

/// The window is filled somewhat sooner than in a round trip, so that it can be seen to be full.
const GAIN: f64 = 1.25;
/// The shortest pause, and what is written between two: timers know no shorter times.
const STEP: Duration = Duration::from_millis(2);
/// A timer is hardly later than this.
const LATE: Duration = Duration::from_millis(3);
/// Two packets, written at once at the least.
const BYTES: usize = 2_400;
/// The most that is written at once.
const BYTES_MAX: usize = 64 << 10;

/// When the next step of a file is due.
#[derive(Debug)]
pub struct Pace {
    connection: Connection,
    next_at: Instant,
}

impl Pace {
    /// The pace of that connection.
    pub fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), next_at: Instant::now() }
    }

    /// Waits for the next step; how many bytes it is at the most.
    pub async fn step(&mut self) -> usize {
        sleep_until(self.next_at).await;
        let path = self.connection.stats().path;
        let (bytes, pause) = step(path.cwnd, path.rtt);
        // A timer's lateness is made up for, a longer wait for other reasons is not.
        let now = Instant::now();
        self.next_at = self.next_at.max(now.checked_sub(LATE).unwrap_or(now)) + pause;
        bytes
    }
}

/// So many bytes, then a pause.
fn step(window: u64, rtt: Duration) -> (usize, Duration) {
    let rate = GAIN * window as f64 / rtt.as_secs_f64().max(1e-6);
    let bytes = ((rate * STEP.as_secs_f64()) as usize).clamp(BYTES, BYTES_MAX);
    let pause = Duration::from_secs_f64(bytes as f64 / rate);
    // Where it takes no time at all there is no queue to be kept short.
    (bytes, if pause < STEP / 2 { Duration::ZERO } else { pause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_spread_over_most_of_a_round_trip() {
        for (window, ms) in [(16_384u64, 60), (100_000, 60), (16_384, 600), (1_000_000, 100)] {
            let rtt = Duration::from_millis(ms);
            let (bytes, pause) = step(window, rtt);
            let whole = pause.mul_f64(window as f64 / bytes as f64);
            let share = whole.as_secs_f64() / rtt.as_secs_f64();
            assert!((0.75..0.85).contains(&share), "{window} in {ms} ms: {bytes} every {pause:?}");
        }
    }

    #[test]
    fn a_short_fast_path_is_not_held_up() {
        let (bytes, pause) = step(1_000_000, Duration::from_micros(200));
        assert_eq!((bytes, pause), (BYTES_MAX, Duration::ZERO));
    }
}
