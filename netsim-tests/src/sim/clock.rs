//! Time of one run: tokio's paused clock, which jumps to the next timer whenever nothing is left to
//! do. It stands on whole milliseconds, as tokio's timers do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tertulia_proto::Timestamp;
use tokio::time::Instant;

/// When every run begins: 2026-01-01.
const BEGIN: Duration = Duration::from_secs(1_767_225_600);

/// Time since the run began.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// A run begins. Call it on a paused runtime.
    pub fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Since the run began.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The moment that the run has lasted so long.
    pub fn at(&self, since: Duration) -> Instant {
        self.began + since
    }

    /// Wall time of a machine whose clock is wrong by so many milliseconds.
    pub fn wall(&self, wrong_by_ms: i64) -> Timestamp {
        let right = (BEGIN + self.now()).as_millis() as u64;
        Timestamp(right.saturating_add_signed(wrong_by_ms))
    }
}

/// quinn's tokens have times, too.
impl quinn::TimeSource for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + BEGIN + Self::now(self)
    }
}
