//! Whether the other end is still there: QUIC's own idle timeout is far longer than a person waits.

use std::time::Duration;

/// How long an answer may be missing while nothing at all arrives.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// How long nothing at all may arrive. Keep-alives, every third of this, ask for a packet.
pub(crate) const SILENCE: Duration = Duration::from_secs(15);

/// Watches one connection's count of received datagrams.
#[derive(Debug)]
pub(crate) struct Liveness {
    datagrams: u64,
    heard_at: Duration,
}

impl Liveness {
    /// A connection that was just made.
    pub(crate) fn new(now: Duration) -> Self {
        Self { datagrams: 0, heard_at: now }
    }

    /// Whether the connection is to be given up. `datagrams`: received so far; `asked_at`: when the
    /// oldest unanswered request went out.
    pub(crate) fn is_dead(
        &mut self,
        now: Duration,
        datagrams: u64,
        asked_at: Option<Duration>,
    ) -> bool {
        if datagrams != self.datagrams {
            self.datagrams = datagrams;
            self.heard_at = now;
        }
        let silent = now.saturating_sub(self.heard_at);
        let overdue = asked_at.is_some_and(|at| now.saturating_sub(at) >= ANSWER);
        silent >= SILENCE || (overdue && silent >= ANSWER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_with_an_answer_due_is_noticed_sooner() {
        let mut liveness = Liveness::new(s(0));
        assert!(!liveness.is_dead(s(1), 5, Some(s(1))));
        assert!(!liveness.is_dead(s(10), 5, Some(s(1))));
        assert!(liveness.is_dead(s(11), 5, Some(s(1))));
        assert!(!liveness.is_dead(s(11), 5, Some(s(5))), "not due yet");
        assert!(!liveness.is_dead(s(15), 5, None));
        assert!(liveness.is_dead(s(16), 5, None));
    }

    #[test]
    fn a_slow_answer_on_a_living_path_is_waited_for() {
        let mut liveness = Liveness::new(s(0));
        for second in 1..100 {
            assert!(!liveness.is_dead(s(second), second, Some(s(0))));
        }
    }
}
