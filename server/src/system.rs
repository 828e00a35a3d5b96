//! The real world outside.

use tertulia_proto::{Env, Job, Timestamp};

/// The system's clock, its randomness, and tokio's threads for blocking jobs.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

impl Env for SystemEnv {
    #[expect(clippy::disallowed_methods, reason = "this is where wall time comes from")]
    fn wall_clock(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is a broken one; commit times still never go back.
        Timestamp(since.map_or(0, |since| since.as_millis() as u64))
    }

    /// A system without randomness can't keep a secret: nothing may go on without.
    #[expect(clippy::expect_used, reason = "see above")]
    fn fill_random(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the system has no randomness");
    }

    fn run_blocking(&self, job: Job) {
        tokio::task::spawn_blocking(job);
    }
}
