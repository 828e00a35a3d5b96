//! Links that change as one was seen to: a line for each moment from which something else holds.

use std::{str::FromStr, sync::Arc, time::Duration};

use super::{Conditions, Loss, Profile, Rate};

/// Moments of one trace.
const STEPS: usize = 100_000;

/// A recorded link; it begins again at its end.
///
/// As text: `#` begins a comment; `lasts SECONDS` and `queue KIB` stand first, then lines of
/// `SECONDS DELAY_MS JITTER_MS LOSS_PCT DOWN_MBIT UP_MBIT`: from then on, the first from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    steps: Vec<(Duration, Profile)>,
    lasts: Duration,
}

/// What is wrong with a trace's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadTrace {
    line: usize,
    what: &'static str,
}

/// One direction of a trace, played.
#[derive(Debug)]
pub struct Recording {
    trace: Arc<Trace>,
    began: Duration,
    is_up: bool,
    current: Option<usize>,
}

impl Trace {
    /// In a car through a city, mobile data of the fourth generation.
    pub fn lte_drive() -> Result<Self, BadTrace> {
        include_str!("../../traces/lte-drive.txt").parse()
    }

    /// Satellites in a low orbit that take turns every 15 seconds.
    pub fn low_orbit() -> Result<Self, BadTrace> {
        include_str!("../../traces/low-orbit.txt").parse()
    }

    /// Until it begins again.
    pub fn lasts(&self) -> Duration {
        self.lasts
    }

    /// The round trip that is exceeded half of the time.
    pub fn rtt(&self) -> Duration {
        let mut times: Vec<_> = self
            .spans()
            .map(|(span, profile)| (profile.up.delay + profile.down.delay, span))
            .collect();
        times.sort_unstable();
        let mut before = Duration::ZERO;
        let median = times.into_iter().find(|(_, span)| {
            before += *span;
            before * 2 >= self.lasts
        });
        median.map_or(Duration::ZERO, |(rtt, _)| rtt)
    }

    /// The share of packets that is lost in each direction, over all of the time.
    pub fn loss(&self) -> f64 {
        let lost = self.spans().map(|(span, profile)| match profile.up.loss {
            Loss::Random { share } => share * span.as_secs_f64(),
            _ => 0.0,
        });
        lost.sum::<f64>() / self.lasts.as_secs_f64()
    }

    /// How long each step holds.
    fn spans(&self) -> impl Iterator<Item = (Duration, &Profile)> {
        let ends = self.steps.iter().skip(1).map(|(from, _)| *from).chain([self.lasts]);
        self.steps.iter().zip(ends).map(|((from, profile), end)| (end - *from, profile))
    }

    /// Each moment from which something else holds, and what.
    pub fn steps(&self) -> &[(Duration, Profile)] {
        &self.steps
    }

    /// Both directions, up and down, played from then on.
    pub fn directions(self: &Arc<Self>, began: Duration) -> (Recording, Recording) {
        let play = |is_up| Recording { trace: Arc::clone(self), began, is_up, current: None };
        (play(true), play(false))
    }

    fn step_at(&self, since: Duration) -> usize {
        let nanos = since.as_nanos() % self.lasts.as_nanos().max(1);
        let within = self.steps.partition_point(|(from, _)| from.as_nanos() <= nanos);
        within.saturating_sub(1)
    }
}

impl Recording {
    /// What holds from now on, if that is something else.
    pub(super) fn changed(&mut self, now: Duration) -> Option<Conditions> {
        let step = self.trace.step_at(now.saturating_sub(self.began));
        if self.current.replace(step) == Some(step) {
            return None;
        }
        let (_, profile) = self.trace.steps.get(step)?;
        Some(if self.is_up { profile.up } else { profile.down })
    }
}

impl FromStr for Trace {
    type Err = BadTrace;

    fn from_str(text: &str) -> Result<Self, BadTrace> {
        let (mut lasts, mut queue) = (None, None);
        let mut steps: Vec<(Duration, Profile)> = Vec::new();
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.is_empty()) {
            let wrong = |what| BadTrace { line: number, what };
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["lasts", seconds] => {
                    lasts = Some(number_of(seconds).ok_or_else(|| wrong("seconds"))?)
                }
                ["queue", kib] => queue = Some(number_of(kib).ok_or_else(|| wrong("KiB"))?),
                [at, delay, jitter, loss, down, up] => {
                    let queue = queue.ok_or_else(|| wrong("`queue` comes first"))?;
                    let numbers = [at, delay, jitter, loss, down, up].map(number_of);
                    let step =
                        step(numbers, queue).ok_or_else(|| wrong("numbers that no link has"))?;
                    let is_next = match steps.last() {
                        Some(last) => last.0 < step.0,
                        None => step.0.is_zero(),
                    };
                    if !is_next || steps.len() >= STEPS {
                        return Err(wrong("lines are in order of time, from 0 on"));
                    }
                    steps.push(step);
                }
                _ => return Err(wrong("six numbers")),
            }
        }
        let end = |what| BadTrace { line: text.lines().count(), what };
        let lasts = Duration::from_secs_f64(lasts.ok_or_else(|| end("`lasts` is missing"))?);
        match steps.last() {
            Some((last, _)) if *last < lasts => Ok(Self { steps, lasts }),
            _ => Err(end("it ends before its last line")),
        }
    }
}

/// Finite, not below zero, and below what any of them can be.
fn number_of(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number| (0.0..1e6).contains(number))
}

fn step(numbers: [Option<f64>; 6], queue_kib: f64) -> Option<(Duration, Profile)> {
    let [at, delay, jitter, loss, down, up] = numbers;
    let (at, share) = (at?, loss? / 100.0);
    let both = Conditions {
        delay: Duration::from_secs_f64(delay? / 1e3),
        jitter: Duration::from_secs_f64(jitter? / 1e3),
        loss: if share > 0.0 { Loss::Random { share } } else { Loss::None },
        ..Conditions::default()
    };
    let way = |mbit: f64| {
        let bits_per_second = (mbit * 1e6) as u64;
        let queue_bytes = (queue_kib * 1_024.0) as u64;
        Conditions { rate: Some(Rate { bits_per_second, queue_bytes }), ..both }
    };
    let (down, up) = (down?, up?);
    let is_possible = share <= 1.0 && down > 0.0 && up > 0.0;
    is_possible.then(|| (Duration::from_secs_f64(at), Profile { up: way(up), down: way(down) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Cause, Fate, Link};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const TEXT: &str = "
        lasts 3    # and again
        queue 64
        0 10 0 0 100 50
        1 20 5 0 100 50
        2 10 0 100 100 50
    ";

    #[test]
    fn a_link_does_what_was_recorded_and_begins_again() {
        let trace = Arc::new(TEXT.parse::<Trace>().unwrap());
        let (up, _) = trace.directions(ms(500));
        let mut link = Link::recorded(up, 1);
        let fates = [0, 1_400, 2_600, 3_600, 6_600].map(|at| link.offer(ms(at), 0));
        let lost = Fate::Dropped(Cause::Lost);
        // The third second loses everything.
        assert_eq!(fates[0], Fate::Arrives(ms(10)));
        assert_eq!((fates[1], fates[2]), (Fate::Arrives(ms(1_410)), lost));
        assert_eq!((fates[3], fates[4]), (Fate::Arrives(ms(3_610)), Fate::Arrives(ms(6_610))));
        let Fate::Arrives(at) = link.offer(ms(7_600), 0) else { panic!("lost") };
        assert!((ms(7_620)..=ms(7_625)).contains(&at), "{at:?}");
    }

    #[test]
    fn a_shorter_way_overtakes_nobody() {
        let trace = "lasts 9\nqueue 64\n0 90 0 0 9 9\n1 10 0 0 9 9".parse::<Trace>().unwrap();
        let (_, down) = Arc::new(trace).directions(ms(0));
        let mut link = Link::recorded(down, 1);
        let fates = [990, 1_000, 1_090].map(|at| link.offer(ms(at), 0));
        assert_eq!(fates, [1_080, 1_080, 1_100].map(|at| Fate::Arrives(ms(at))));
    }

    #[test]
    fn each_direction_has_its_rate() {
        let trace = Arc::new(TEXT.parse::<Trace>().unwrap());
        let (up, down) = trace.directions(ms(0));
        let arrives = [up, down].map(|way| Link::recorded(way, 1).offer(ms(0), 1_250));
        assert_eq!(arrives, [10_200, 10_100].map(|us| Fate::Arrives(Duration::from_micros(us))));
    }

    #[test]
    fn its_median_and_its_mean_are_over_time_not_over_lines() {
        let text = "lasts 10\nqueue 64\n0 10 0 100 9 9\n1 20 0 100 9 9\n2 35 0 1 9 9";
        let trace = text.parse::<Trace>().unwrap();
        assert_eq!(trace.rtt(), ms(70));
        assert!((trace.loss() - 0.208).abs() < 1e-9, "{}", trace.loss());
    }

    #[test]
    fn what_is_no_trace_is_refused_with_its_line() {
        for (text, line) in [
            ("", 0),
            ("lasts 9\nqueue 64", 2),
            ("lasts 9\n0 1 1 1 1 1", 2),
            ("queue 64\n0 1 1 1 1 1", 2),
            ("lasts 1\nqueue 64\n0 1 1 1 1 1\n1 1 1 1 1 1", 4),
            ("lasts 9\nqueue 64\n1 1 1 1 1 1", 3),
            ("lasts 9\nqueue 64\n0 1 1 101 1 1", 3),
            ("lasts 9\nqueue 64\n0 1 1 1 0 1", 3),
            ("lasts 9\nqueue 64\n0 1 1 1 1", 3),
            ("lasts 9\nqueue 64\n0 1 1 1 1 1\n0 1 1 1 1 1", 4),
            ("lasts 9\nqueue 64\n0 nan 1 1 1 1", 3),
        ] {
            assert_eq!(text.parse::<Trace>().unwrap_err().line, line, "{text}");
        }
    }

    fn quarters(trace: &Trace, of: impl Fn(&Profile) -> f64) -> [f64; 3] {
        let mut found: Vec<f64> = trace.steps().iter().map(|(_, profile)| of(profile)).collect();
        found.sort_by(f64::total_cmp);
        [1, 2, 3].map(|quarter| found[found.len() * quarter / 4])
    }

    fn is_about(found: f64, told: f64) -> bool {
        (found / told - 1.0).abs() < 0.06
    }

    #[test]
    fn the_drive_has_the_rates_that_it_says() {
        let drive = Trace::lte_drive().unwrap();
        let mbit = |way: Conditions| way.rate.unwrap().bits_per_second as f64 / 1e6;
        let [_, down, _] = quarters(&drive, |profile| mbit(profile.down));
        let [_, up, _] = quarters(&drive, |profile| mbit(profile.up));
        assert!(is_about(down, 13.0) && is_about(up, 6.0), "{down}, {up}");
        assert_eq!(drive.lasts(), Duration::from_secs(300));
    }

    #[test]
    fn the_orbit_has_the_round_trips_that_it_says_and_changes_every_15_seconds() {
        let orbit = Trace::low_orbit().unwrap();
        let found = quarters(&orbit, |profile| 2e3 * profile.up.delay.as_secs_f64());
        let are_so = found.into_iter().zip([40.0, 50.0, 60.0]).all(|(a, b)| is_about(a, b));
        assert!(are_so, "{found:?}");
        let dead =
            orbit.steps().iter().filter(|(_, step)| step.up.loss == Loss::Random { share: 1.0 });
        let dead: Vec<u64> = dead.map(|(from, _)| from.as_millis() as u64).collect();
        assert_eq!(dead, (0..20).map(|slot| slot * 15_000).collect::<Vec<_>>());
    }
}
