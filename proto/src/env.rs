/// A short job that blocks (a database transaction, a file write).
pub type Job = Box<dyn FnOnce() + Send>;

/// What server and client may know of the world outside: everything else is a pure function of
/// its input, so that a simulation can replay it.
///
/// Monotonic time is not here: shells take it from tokio, whose clock a test can pause.
pub trait Env: std::fmt::Debug + Send + Sync + 'static {
    /// Wall time, in milliseconds since the Unix epoch.
    fn wall_clock(&self) -> crate::Timestamp;

    /// Fills `out` with unpredictable bytes.
    fn fill_random(&self, out: &mut [u8]);

    /// Runs one short blocking job: on a thread in production, inline in a simulation.
    fn run_blocking(&self, job: Job);
}
