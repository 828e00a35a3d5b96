//! The way to the server: when to try, when to wait, when to stop.

use std::time::Duration;

use super::backoff::Backoff;
use crate::model::{Connection, Trouble};

/// A connection that was live for so long makes the next failure count as the first.
const STABLE: Duration = Duration::from_secs(10);

/// Where somebody waits and nothing is heard there is hardly a pause between attempts: each of them
/// is a few packets over some seconds.
const HASTE: Duration = Duration::from_secs(1);
/// Where knocks tell when there is a way again, attempts are there only because they might not.
const LEISURE: Duration = Duration::from_secs(15);

/// How soon an attempt follows one that met with silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// As after any other failure.
    None,
    /// A message waits.
    Waits,
    /// It is noticed by other means when there is a way again.
    Knocks,
}

/// How a connection, or an attempt at one, ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// Why.
    pub(crate) trouble: Trouble,
    /// Whether coming back by itself can't help.
    pub(crate) stops: bool,
    /// Come back not before so long.
    pub(crate) retry_after: Duration,
}

impl End {
    /// An end that one comes back from.
    pub(crate) const fn retry(trouble: Trouble) -> Self {
        Self { trouble, stops: false, retry_after: Duration::ZERO }
    }

    /// An end that a person has to do something about.
    pub(crate) const fn stop(trouble: Trouble) -> Self {
        Self { trouble, stops: true, retry_after: Duration::ZERO }
    }
}

#[derive(Debug)]
enum Phase {
    Unjoined,
    Waiting {
        trouble: Trouble,
        from: Duration,
        until: Duration,
    },
    /// Due at once; shown as connecting.
    Due,
    Connecting,
    Syncing {
        lanes_behind: u8,
    },
    Live {
        since: Duration,
    },
    Stopped(Trouble),
}

/// The state machine. It never touches the network: its owner makes an attempt when [`is_due`]
/// says so, and reports what came of it.
///
/// [`is_due`]: Session::is_due
#[derive(Debug)]
pub(crate) struct Session {
    phase: Phase,
    /// See [`Connection::Connecting`].
    doubt: Option<Trouble>,
    backoff: Backoff,
    /// A server that said goodbye asked to be left alone so long.
    leave_alone: Duration,
    /// Whether the last attempt met with silence, and nothing is known since.
    is_unheard: bool,
    /// What a connection was before it fell silent. It is kept, and may come back while attempts
    /// are made at another.
    kept: Option<Phase>,
}

impl Session {
    /// A client that knows its server tries at once.
    pub(crate) fn new(joined: bool) -> Self {
        Self {
            phase: if joined { Phase::Due } else { Phase::Unjoined },
            doubt: None,
            backoff: Backoff::default(),
            leave_alone: Duration::ZERO,
            is_unheard: false,
            kept: None,
        }
    }

    /// Whether an attempt is to be made now.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        match self.phase {
            Phase::Due => true,
            Phase::Waiting { until, .. } => until <= now,
            _ => false,
        }
    }

    /// When to ask [`Session::is_due`] again.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            _ => None,
        }
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self) {
        self.phase = Phase::Connecting;
    }

    /// What the attempt under way has found to stand in its way so far.
    pub(crate) fn doubts(&mut self, doubt: Option<Trouble>) {
        self.doubt = doubt;
    }

    /// The server welcomed; so many lanes have to catch up.
    pub(crate) fn welcomed(&mut self, lanes: u8, now: Duration) {
        self.leave_alone = Duration::ZERO;
        self.doubt = None;
        self.is_unheard = false;
        self.kept = None;
        self.phase = match lanes {
            0 => Phase::Live { since: now },
            lanes_behind => Phase::Syncing { lanes_behind },
        };
    }

    /// One more lane has caught up.
    pub(crate) fn lane_caught_up(&mut self, now: Duration) {
        if let Phase::Syncing { lanes_behind } = &mut self.phase {
            *lanes_behind -= 1;
            if *lanes_behind == 0 {
                self.phase = Phase::Live { since: now };
            }
        }
    }

    /// The server is about to stop and wants nobody back before so long.
    pub(crate) fn going_away(&mut self, retry_after: Duration) {
        self.leave_alone = retry_after;
    }

    /// Nothing is heard of the server any more: an attempt is due. The connection is kept, it may
    /// only be that there is no network.
    pub(crate) fn fell_silent(&mut self) {
        if self.is_welcome() {
            self.kept = Some(std::mem::replace(&mut self.phase, Phase::Due));
        }
    }

    /// Whether a connection that fell silent is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// The one that was kept is heard again; an attempt under way has ended.
    pub(crate) fn heard_again(&mut self) {
        if let Some(phase) = self.kept.take() {
            (self.phase, self.doubt, self.is_unheard) = (phase, None, false);
            self.backoff.reset();
        }
    }

    /// The one that was kept is gone; attempts go on as they did.
    pub(crate) fn gave_up(&mut self) {
        self.kept = None;
    }

    /// The connection or the attempt ended. `random`: see [`Backoff::next`].
    pub(crate) fn ended(&mut self, end: End, now: Duration, random: u64, haste: Haste) {
        self.is_unheard = matches!(end.trouble, Trouble::NoAnswer { .. });
        // Silence is no news the next time: it stays said until something else is known.
        self.doubt = Some(&end.trouble).filter(|_| self.is_unheard).cloned();
        if end.stops {
            self.phase = Phase::Stopped(end.trouble);
            return;
        }
        if matches!(self.phase, Phase::Live { since } if now.saturating_sub(since) >= STABLE) {
            self.backoff.reset();
        }
        let asked = end.retry_after.max(std::mem::take(&mut self.leave_alone));
        let wait = match (self.backoff.next(random), haste) {
            (wait, Haste::Waits) if self.is_unheard => wait.min(HASTE),
            (wait, Haste::Knocks) if self.is_unheard => wait + LEISURE,
            (wait, _) => wait,
        };
        let wait = wait.max(asked);
        self.phase =
            Phase::Waiting { trouble: end.trouble, from: now, until: now.saturating_add(wait) };
    }

    /// A person wants an attempt now: cuts a wait short, and starts again after a stop.
    pub(crate) fn wake(&mut self) {
        self.is_unheard = false;
        if matches!(self.phase, Phase::Waiting { .. } | Phase::Stopped(_)) {
            self.phase = Phase::Due;
            self.backoff.reset();
        }
    }

    /// Whether attempts meet with silence, as far as is known.
    pub(crate) fn is_unheard(&self) -> bool {
        self.is_unheard && !self.is_stopped() && !self.is_welcome()
    }

    /// As a client that knows its server (`true`) or none.
    pub(crate) fn restart(&mut self, joined: bool) {
        *self = Self::new(joined);
    }

    /// Whether a welcomed connection stands.
    pub(crate) fn is_welcome(&self) -> bool {
        matches!(self.phase, Phase::Syncing { .. } | Phase::Live { .. })
    }

    /// Whether nothing happens until a person acts.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.phase, Phase::Unjoined | Phase::Stopped(_))
    }

    /// What to show.
    pub(crate) fn connection(&self) -> Connection {
        match &self.phase {
            Phase::Unjoined => Connection::Unjoined,
            Phase::Due | Phase::Connecting => Connection::Connecting { doubt: self.doubt.clone() },
            Phase::Syncing { .. } => Connection::Syncing,
            Phase::Live { .. } => Connection::Live,
            Phase::Waiting { trouble, from, until } => Connection::Offline {
                trouble: trouble.clone(),
                retry_in: until.saturating_sub(*from),
            },
            Phase::Stopped(trouble) => Connection::Stopped(trouble.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lost() -> End {
        End::retry(Trouble::Lost("cut".into()))
    }

    fn wait(session: &Session) -> Duration {
        match session.connection() {
            Connection::Offline { retry_in, .. } => retry_in,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn unjoined_stays_so_and_joined_tries_at_once() {
        assert_eq!(Session::new(false).connection(), Connection::Unjoined);
        assert!(!Session::new(false).is_due(s(1_000)));
        assert!(Session::new(true).is_due(s(0)));
    }

    #[test]
    fn live_when_every_lane_has_caught_up() {
        let mut session = Session::new(true);
        session.begin();
        session.welcomed(2, s(1));
        assert_eq!(session.connection(), Connection::Syncing);
        session.lane_caught_up(s(1));
        assert_eq!(session.connection(), Connection::Syncing);
        session.lane_caught_up(s(1));
        assert_eq!(session.connection(), Connection::Live);
        session.lane_caught_up(s(1));
        session.welcomed(0, s(2));
        assert_eq!(session.connection(), Connection::Live);
    }

    #[test]
    fn waits_grow_until_a_connection_was_stable() {
        let mut session = Session::new(true);
        for expected in [125, 250, 500] {
            session.begin();
            session.ended(lost(), s(5), 0, Haste::None);
            assert_eq!(wait(&session), Duration::from_millis(expected));
        }
        session.begin();
        session.welcomed(0, s(10));
        session.ended(lost(), s(19), 0, Haste::None);
        assert_eq!(wait(&session), s(1), "9 s prove nothing");
        session.begin();
        session.welcomed(0, s(30));
        session.ended(lost(), s(40), 0, Haste::None);
        assert_eq!(wait(&session), Duration::from_millis(125));
        assert!(!session.is_due(s(40)) && session.is_due(s(41)));
    }

    #[test]
    fn where_nobody_answers_the_pause_goes_by_who_waits() {
        let silence = || End::retry(Trouble::NoAnswer { tried: "chat.example:7575".into() });
        for (haste, seconds) in [(Haste::Waits, 1), (Haste::Knocks, 22), (Haste::None, 7)] {
            let mut session = Session::new(true);
            for second in 0..9 {
                session.begin();
                session.ended(silence(), s(second), 0, haste);
            }
            assert!(session.is_unheard());
            assert_eq!(wait(&session).as_secs(), seconds, "{haste:?}");
            session.wake();
            assert!(!session.is_unheard() && session.is_due(s(0)));
        }
        let mut session = Session::new(true);
        session.begin();
        session.ended(lost(), s(1), 0, Haste::Knocks);
        assert!(!session.is_unheard());
        assert_eq!(wait(&session), Duration::from_millis(125));
    }

    #[test]
    fn silence_stays_said_until_something_else_is_known() {
        let silence = Trouble::NoAnswer { tried: "chat.example:7575".into() };
        let doubt = |session: &Session| match session.connection() {
            Connection::Connecting { doubt } => doubt,
            other => panic!("{other:?}"),
        };
        let mut session = Session::new(true);
        session.begin();
        assert_eq!(doubt(&session), None);
        session.doubts(Some(silence.clone()));
        assert_eq!(doubt(&session), Some(silence.clone()));
        session.ended(End::retry(silence.clone()), s(10), 0, Haste::None);
        session.begin();
        assert_eq!(doubt(&session), Some(silence));
        session.doubts(None);
        session.ended(lost(), s(20), 0, Haste::None);
        session.begin();
        assert_eq!(doubt(&session), None);
    }

    #[test]
    fn a_connection_that_fell_silent_comes_back_as_it_was() {
        let mut session = Session::new(true);
        session.fell_silent();
        assert!(!session.is_kept(), "there is none");
        session.welcomed(2, s(1));
        session.lane_caught_up(s(1));
        session.fell_silent();
        assert!(session.is_kept() && session.is_due(s(15)) && !session.is_welcome());
        session.begin();
        session.ended(End::retry(Trouble::NoAnswer { tried: "a:1".into() }), s(25), 0, Haste::None);
        assert!(session.is_kept() && session.wake_at().is_some());
        session.heard_again();
        assert_eq!(session.connection(), Connection::Syncing);
        session.lane_caught_up(s(30));
        assert_eq!(session.connection(), Connection::Live);
        session.fell_silent();
        session.begin();
        session.gave_up();
        assert_eq!(session.connection(), Connection::Connecting { doubt: None });
        session.welcomed(0, s(40));
        assert!(!session.is_kept());
    }

    #[test]
    fn a_goodbye_is_honoured_once() {
        let mut session = Session::new(true);
        session.welcomed(0, s(0));
        session.going_away(s(5));
        session.ended(End::retry(Trouble::GoingAway), s(1), 0, Haste::None);
        assert_eq!(wait(&session), s(5));
        session.begin();
        session.ended(lost(), s(6), 0, Haste::None);
        assert!(wait(&session) < s(1));
    }

    #[test]
    fn a_stop_lasts_until_a_person_acts() {
        let mut session = Session::new(true);
        session.begin();
        session.ended(End::stop(Trouble::Barred), s(1), 0, Haste::None);
        assert_eq!(session.connection(), Connection::Stopped(Trouble::Barred));
        assert!(!session.is_due(s(9_999)) && session.wake_at().is_none());
        session.wake();
        assert!(session.is_due(s(1)));
    }

    #[test]
    fn waking_does_not_disturb_what_stands() {
        let mut session = Session::new(true);
        session.welcomed(0, s(0));
        session.wake();
        assert_eq!(session.connection(), Connection::Live);
        let mut unjoined = Session::new(false);
        unjoined.wake();
        assert!(!unjoined.is_due(s(0)));
    }
}
