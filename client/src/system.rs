//! The real world, as [`Env`] wants it.

use std::time::{SystemTime, UNIX_EPOCH};

use tertulia_proto::{Env, Job, Timestamp};

/// The system's clock, its randomness, and tokio's threads for blocking jobs.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

impl Env for SystemEnv {
    fn wall_clock(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
        let now = SystemTime::now();
        // A clock before 1970 is wrong anyway.
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn fill_random(&self, out: &mut [u8]) {
        // Linux's getrandom fails only where the kernel has none, and then nothing here is safe.
        #[expect(clippy::expect_used, reason = "no keys, ids or jitter without randomness")]
        getrandom::fill(out).expect("the system gives random bytes");
    }

    fn run_blocking(&self, job: Job) {
        drop(tokio::task::spawn_blocking(job));
    }
}
