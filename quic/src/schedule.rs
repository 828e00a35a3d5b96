//! How often a frame follows, and when.

use std::time::Duration;

/// A frame may miss all of its ways this often.
const MISS: f64 = 2.5e-4;
/// A path that loses less is clean.
const CLEAN: f64 = 3e-4;

/// Milliseconds after the frame itself, for each strength: what makes up for single lost packets.
/// None is sent at once: quinn would put it into the same packet as the stream's data.
const OFFSETS_MS: [&[u64]; 7] = [
    &[],
    &[1, 25],
    &[1, 5],
    &[1, 5, 18],
    &[1, 4, 12, 28],
    &[1, 4, 12, 24, 40],
    &[1, 4, 9, 16, 26, 40],
];
/// The strongest that a path gets, where it loses more, whatever they would be together. One more is
/// for frames that many wait behind.
const MOST: usize = OFFSETS_MS.len() - 2;
const MUCH: f64 = 0.15;
/// On a longer path one more follows, against bursts: after this part of the round trip beyond
/// [`SHORT`], at most [`LATEST`], and not so soon behind the others. From [`MANY`] on the last one
/// is sent then instead.
const MANY: usize = 3;
const PART: u32 = 4;
const APART: Duration = Duration::from_millis(15);
const SHORT: Duration = Duration::from_millis(20);
const LATEST: Duration = Duration::from_millis(50);

/// The frame or one of the copies arrived and was acknowledged, if ever, this long after a round
/// trip and an eighth. What follows is for frames of which nothing was heard, as a burst may have
/// taken them: hardly any, so that there may be several.
const ACKNOWLEDGED: Duration = Duration::from_millis(8);
const TAIL_MS: [u64; 4] = [0, 10, 30, 80];

/// How strongly a path is shielded: from 0, not at all, to [`MOST`]. The fewest copies with which a frame
/// hardly ever misses all of its ways, were losses independent.
pub(crate) fn strength(loss: f64) -> usize {
    if loss < CLEAN {
        return 0;
    }
    (1..MOST).find(|copies| loss <= MUCH && loss.powi(*copies as i32 + 1) <= MISS).unwrap_or(MOST)
}

/// When copies are sent, after the frame.
pub(crate) fn offsets(strength: usize, rtt: Duration) -> impl Iterator<Item = Duration> {
    late_from(MANY, strength, rtt)
}

/// The same for a frame that many wait behind: more of them.
pub(crate) fn offsets_of_many(strength: usize, rtt: Duration) -> impl Iterator<Item = Duration> {
    late_from(MANY + 1, strength + 1, rtt)
}

fn late_from(many: usize, strength: usize, rtt: Duration) -> impl Iterator<Item = Duration> {
    let early = OFFSETS_MS[strength.min(OFFSETS_MS.len() - 1)];
    let late = (rtt.saturating_sub(SHORT) / PART).min(LATEST);
    let (last, before) = match early.split_last() {
        Some((last, before)) if strength >= many => (Some(last), before),
        _ => (None, early),
    };
    let late = match (last, before.last()) {
        (Some(last), _) => Some(late.max(Duration::from_millis(*last))),
        (None, Some(before)) => {
            Some(late).filter(|at| *at >= Duration::from_millis(*before) + APART)
        }
        (None, None) => None,
    };
    before.iter().map(|ms| Duration::from_millis(*ms)).chain(late)
}

/// When more are sent, unless it is known by then to have arrived; for any strength but none.
pub(crate) fn tail(rtt: Duration) -> impl Iterator<Item = Duration> {
    let acknowledged = rtt.saturating_mul(9) / 8 + ACKNOWLEDGED;
    TAIL_MS.iter().map(move |ms| acknowledged + Duration::from_millis(*ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(strength: usize, rtt: u64) -> Vec<u64> {
        let all = offsets(strength, Duration::from_millis(rtt));
        all.map(|at| at.as_millis() as u64).collect()
    }

    #[test]
    fn a_clean_path_has_no_copies_and_a_worse_one_has_more() {
        assert_eq!((strength(0.0), strength(0.000_2)), (0, 0));
        assert_eq!([0.002, 0.02, 0.05, 0.1, 0.14, 0.2].map(strength), [1, 2, 2, 3, 4, 5]);
        assert_eq!(strength(1.0), 5);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 9].map(|n| ms(n, 60).len()), [0, 2, 2, 3, 4, 5, 6, 6]);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 9].map(|n| ms(n, 200).len()), [0, 3, 3, 3, 4, 5, 6, 6]);
        assert_eq!(ms(0, 60), [0; 0]);
    }

    #[test]
    fn copies_are_spread_and_never_sent_with_the_frame() {
        for strength in 1..=6 {
            for rtt in [0, 1, 20, 60, 200, 3_000] {
                let early = ms(strength, rtt);
                assert!(early[0] >= 1 && early.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(early.iter().all(|ms| *ms <= 50), "{early:?}");
            }
        }
    }

    #[test]
    fn what_many_wait_behind_has_more_wherever_it_matters() {
        for rtt in [20, 60, 200, 600].map(Duration::from_millis) {
            for strength in 2..=MOST {
                let (usual, more) = (offsets(strength, rtt), offsets_of_many(strength, rtt));
                assert_eq!(more.count(), usual.count() + 1, "{strength} at {rtt:?}");
            }
        }
    }

    #[test]
    fn behind_a_round_trip_they_follow_for_frames_of_which_nothing_is_heard() {
        let tail =
            |rtt| tail(Duration::from_millis(rtt)).map(|at| at.as_millis()).collect::<Vec<_>>();
        assert_eq!((ms(2, 60), tail(60)), (vec![1, 5], vec![75, 85, 105, 155]));
        assert_eq!((ms(3, 200), tail(200)), (vec![1, 5, 45], vec![233, 243, 263, 313]));
    }
}
