//! Whether the other end is still heard: decided without a clock, a socket or a chance.
//!
//! Something was sent that is answered at once (QUIC acknowledges it), and for two round trips and
//! a little more nothing at all came: the path is silent. From then on nothing more is fed into the
//! transport, which would only fill its window, and probes ask every so often whether the other end
//! is there again. So QUIC's own timer, which doubles each time, is not waited for. With nothing
//! outstanding nothing is asked, however long it is quiet.

use std::time::Duration;

/// Beyond two round trips: acknowledgements may be delayed, and programs busy.
const BEYOND: Duration = Duration::from_millis(100);
/// A path that was heard just now is not looked at again before so long.
const REST: Duration = Duration::from_millis(500);
/// How far apart probes are, by how long it is silent.
const PROBES: [(Duration, Duration); 2] = [
    (Duration::from_secs(60), Duration::from_millis(250)),
    (Duration::from_secs(600), Duration::from_secs(1)),
];
/// And then.
const RARELY: Duration = Duration::from_secs(5);

/// See the module. Times are since any one moment; `heard` counts datagrams that came.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    armed: Option<Armed>,
    silence: Option<Silence>,
    fine_at: Option<Duration>,
}

/// Something became outstanding; when to look whether more was heard by then.
#[derive(Debug, Clone, Copy)]
struct Armed {
    heard: u64,
    from: Duration,
    at: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Silence {
    heard: u64,
    /// What was sent before was heard of, but for what was under way.
    since: Duration,
    probe_at: Duration,
}

/// What a look comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing is to be done.
    Fine,
    /// From now on it is silent.
    FellSilent,
    /// It is silent still: a probe is due.
    Probe,
    /// It is silent no longer.
    Heard,
}

/// How long an answer is waited for.
pub(crate) fn patience(rtt: Duration) -> Duration {
    rtt.saturating_mul(2).saturating_add(BEYOND)
}

impl Watch {
    /// Whether [`Self::expect`] would change anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.armed.is_none() && self.silence.is_none()
    }

    /// Something is outstanding.
    pub(crate) fn expect(&mut self, now: Duration, heard: u64, rtt: Duration) {
        if self.is_idle() {
            let rested = self.fine_at.map_or(now, |fine_at| fine_at + REST);
            let at = now.max(rested) + patience(rtt);
            self.armed = Some(Armed { heard, from: now, at });
        }
    }

    /// Whether nothing is heard.
    pub(crate) fn is_silent(&self) -> bool {
        self.silence.is_some()
    }

    /// Since when nothing is heard, while that is so.
    pub(crate) fn silent_since(&self) -> Option<Duration> {
        self.silence.map(|silence| silence.since)
    }

    /// When to look.
    pub(crate) fn due_at(&self) -> Option<Duration> {
        match self.silence {
            Some(silence) => Some(silence.probe_at),
            None => self.armed.map(|armed| armed.at),
        }
    }

    /// Looks, if it is time.
    pub(crate) fn look(&mut self, now: Duration, heard: u64) -> Look {
        if let Some(silence) = &mut self.silence {
            if silence.heard != heard {
                self.heard(now);
                return Look::Heard;
            }
            if now < silence.probe_at {
                return Look::Fine;
            }
            let lasts = now.saturating_sub(silence.since);
            let pause = PROBES.iter().find(|(until, _)| lasts < *until);
            silence.probe_at = now + pause.map_or(RARELY, |(_, pause)| *pause);
            return Look::Probe;
        }
        match self.armed {
            Some(armed) if now >= armed.at => {
                self.armed = None;
                if armed.heard != heard {
                    self.fine_at = Some(now);
                    return Look::Fine;
                }
                self.silence = Some(Silence { heard, since: armed.from, probe_at: now });
                Look::FellSilent
            }
            _ => Look::Fine,
        }
    }

    /// Something came. Whether it was silent.
    pub(crate) fn heard(&mut self, now: Duration) -> bool {
        self.armed = None;
        self.fine_at = Some(now);
        self.silence.take().is_some()
    }

    /// Somebody knows that there is a way again: it is tried as if it had never been silent.
    /// Whether it was.
    pub(crate) fn hope(&mut self, now: Duration, heard: u64, rtt: Duration) -> bool {
        let was_silent = self.silence.take().is_some();
        self.armed = Some(Armed { heard, from: now, at: now + patience(rtt) });
        was_silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Duration = Duration::from_millis(60);

    /// Everything that a silence makes happen until then, nothing being heard.
    fn looks(watch: &mut Watch, until: Duration) -> Vec<(u64, Look)> {
        let mut all = Vec::new();
        while let Some(at) = watch.due_at().filter(|at| *at < until) {
            all.push((at.as_millis() as u64, watch.look(at, 7)));
        }
        all
    }

    #[test]
    fn what_is_not_answered_in_two_round_trips_and_a_little_is_a_silence() {
        let mut watch = Watch::default();
        watch.expect(MS, 7, RTT);
        assert_eq!(watch.look(220 * MS, 7), Look::Fine);
        assert!(!watch.is_silent());
        let expected = [(221, Look::FellSilent), (221, Look::Probe), (471, Look::Probe)];
        assert_eq!(looks(&mut watch, 721 * MS), expected);
        assert!(watch.is_silent());
        assert_eq!(watch.look(722 * MS, 8), Look::Heard);
        assert!(!watch.is_silent() && watch.due_at().is_none());
    }

    #[test]
    fn an_answer_ends_it_and_a_quiet_path_is_never_asked() {
        let mut watch = Watch::default();
        assert_eq!(watch.due_at(), None);
        watch.expect(Duration::ZERO, 7, RTT);
        assert_eq!(watch.look(220 * MS, 8), Look::Fine);
        assert_eq!(watch.due_at(), None, "nothing is outstanding any more");
        watch.expect(230 * MS, 8, RTT);
        assert_eq!(watch.due_at(), Some(940 * MS), "it was heard just now");
    }

    #[test]
    fn probes_become_rare() {
        let mut watch = Watch::default();
        watch.expect(Duration::ZERO, 7, RTT);
        let looks = looks(&mut watch, Duration::from_secs(1_200));
        let probes = |from: u64, to: u64| {
            looks.iter().filter(|(at, _)| (from * 1_000..to * 1_000).contains(at)).count()
        };
        assert_eq!((probes(10, 20), probes(100, 110), probes(700, 720)), (40, 10, 4));
    }

    #[test]
    fn with_hope_it_is_tried_once_more() {
        let mut watch = Watch::default();
        watch.expect(Duration::ZERO, 7, RTT);
        looks(&mut watch, MS * 9_000);
        assert!(watch.hope(9_000 * MS, 7, RTT));
        assert!(!watch.is_silent());
        assert_eq!(watch.look(9_220 * MS, 7), Look::FellSilent);
    }
}
