//! Token buckets, on a clock that is handed in.

use std::time::Duration;

use tokio::time::Instant;

/// Lets a burst through, then a steady rate.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    burst: u32,
    per_second: u32,
    /// When the bucket was, or will be, full.
    full_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        Self { burst, per_second, full_at: now }
    }

    /// Takes one token, or says how long until there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let token = Duration::from_secs(1) / self.per_second.max(1);
        let full_at = self.full_at.max(now) + token;
        let latest = now + token * self.burst;
        if full_at <= latest {
            self.full_at = full_at;
            Ok(())
        } else {
            Err(full_at - latest)
        }
    }

    /// Goes on with another burst and rate.
    pub(crate) fn retune(&mut self, burst: u32, per_second: u32) {
        (self.burst, self.per_second) = (burst, per_second);
    }

    /// Whether nothing was taken lately.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 10, start);
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(Duration::from_millis(100)));
        let later = start + Duration::from_millis(100);
        assert_eq!(bucket.take(later), Ok(()));
        assert!(bucket.take(later).is_err());
        assert!(!bucket.is_full(later));
        let rested = later + Duration::from_secs(60);
        assert!(bucket.is_full(rested));
        let taken = (0..100).filter(|_| bucket.take(rested).is_ok()).count();
        assert_eq!(taken, 3, "rest does not add up beyond the burst");
        bucket.retune(5, 1);
        let taken = (0..100).filter(|_| bucket.take(rested + Duration::from_secs(9)).is_ok());
        assert_eq!(taken.count(), 5, "another burst");
    }
}
