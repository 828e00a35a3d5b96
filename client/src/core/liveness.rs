//! Whether the other end is still there: QUIC's own idle timeout is far longer than a person waits.

use std::time::Duration;

/// How long an answer may be missing while nothing at all arrives.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// How long nothing at all may arrive. Keep-alives, every third of this, ask for a packet.
pub(crate) const SILENCE: Duration = Duration::from_secs(15);

/// How long a doubted connection may take to give a sign of life, on a path that is not far.
pub(crate) const SIGN: Duration = Duration::from_secs(3);
/// What arrives this soon after the doubt may have been waiting here since before it.
const STALE: Duration = Duration::from_millis(300);
/// A far path may take so many round trips.
const FAR: u32 = 3;

/// Watches one connection's count of received datagrams.
#[derive(Debug)]
pub(crate) struct Liveness {
    datagrams: u64,
    heard_at: Duration,
    doubt: Option<Doubt>,
}

/// The network changed, or the computer slept: this connection may be one of before.
#[derive(Debug)]
struct Doubt {
    since: Duration,
    until: Duration,
}

impl Liveness {
    /// A connection that was just made.
    pub(crate) fn new(now: Duration) -> Self {
        Self { datagrams: 0, heard_at: now, doubt: None }
    }

    /// Something was asked only to hear whether the other end is there. `rtt`: of the path so far.
    pub(crate) fn doubt(&mut self, now: Duration, rtt: Duration) {
        let until = now.saturating_add(SIGN.max(rtt.saturating_mul(FAR)));
        self.doubt.get_or_insert(Doubt { since: now, until });
    }

    /// What was asked was answered.
    pub(crate) fn is_sure(&mut self) {
        self.doubt = None;
    }

    /// Whether a sign of life is waited for.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some()
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
            self.doubt.take_if(|doubt| now >= doubt.since.saturating_add(STALE));
        }
        if self.doubt.as_ref().is_some_and(|doubt| now >= doubt.until) {
            return true;
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
    fn a_doubted_connection_has_seconds_to_show_that_it_lives() {
        let mut liveness = Liveness::new(s(0));
        liveness.doubt(s(1), Duration::from_millis(40));
        assert!(!liveness.is_dead(s(1) + STALE / 2, 7, None), "it may be one of before");
        assert!(liveness.is_in_doubt());
        assert!(!liveness.is_dead(s(3), 7, None));
        assert!(liveness.is_dead(s(4), 7, None));

        let mut liveness = Liveness::new(s(0));
        liveness.doubt(s(1), s(2));
        assert!(!liveness.is_dead(s(5), 0, None), "a far path takes its time");
        assert!(!liveness.is_dead(s(6), 1, None));
        assert!(!liveness.is_in_doubt() && !liveness.is_dead(s(15), 1, None));

        let mut liveness = Liveness::new(s(0));
        liveness.doubt(s(1), s(0));
        liveness.doubt(s(3), s(0));
        assert!(liveness.is_dead(s(4), 0, None), "asking again does not begin anew");
        liveness.is_sure();
        assert!(!liveness.is_dead(s(4), 0, None));
    }

    #[test]
    fn a_slow_answer_on_a_living_path_is_waited_for() {
        let mut liveness = Liveness::new(s(0));
        for second in 1..100 {
            assert!(!liveness.is_dead(s(second), second, Some(s(0))));
        }
    }
}
