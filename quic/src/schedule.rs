//! How often a frame follows, and when.

use std::time::Duration;

/// A frame may miss all of its ways this often.
const MISS: f64 = 2.5e-4;
/// A path that loses less is clean.
const CLEAN: f64 = 1e-3;

/// Milliseconds after the frame itself, for each number of copies. The first ones make up for a
/// lost packet, the last one for a burst of them. None is sent at once: quinn would put it into
/// the same packet as the stream's data.
const OFFSETS_MS: [&[u64]; 6] =
    [&[], &[2, 45], &[2, 9, 45], &[2, 8, 20, 75], &[2, 8, 16, 35, 85], &[2, 8, 16, 28, 50, 95]];

/// How strongly a path is shielded: from 0, not at all, to 5. The fewest copies with which a frame
/// hardly ever misses all of its ways, were losses independent, and one more against bursts.
pub(crate) fn strength(loss: f64) -> usize {
    if loss < CLEAN {
        return 0;
    }
    (1..OFFSETS_MS.len() - 1)
        .find(|copies| loss.powi(*copies as i32 + 1) <= MISS)
        .unwrap_or(OFFSETS_MS.len() - 1)
}

/// When copies are sent, after the frame, at a strength.
pub(crate) fn offsets(strength: usize) -> impl Iterator<Item = Duration> {
    let last = OFFSETS_MS.len() - 1;
    OFFSETS_MS[strength.min(last)].iter().map(|ms| Duration::from_millis(*ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_path_has_no_copies_and_a_worse_one_has_more() {
        let at = |percent: f64| strength(percent / 100.0);
        assert_eq!((at(0.0), at(0.05)), (0, 0));
        assert_eq!(
            [at(0.2), at(1.0), at(2.0), at(5.0), at(10.0), at(15.0), at(20.0), at(100.0)],
            [1, 1, 2, 2, 3, 4, 5, 5]
        );
        assert!((0..1_000).is_sorted_by_key(|n| strength(f64::from(n) / 1_000.0)));
    }

    #[test]
    fn copies_are_spread_and_never_sent_with_the_frame() {
        for strength in 1..=9 {
            let all: Vec<_> = offsets(strength).collect();
            assert!(all[0] >= Duration::from_millis(2));
            assert!(all.windows(2).all(|pair| pair[1] >= pair[0] + Duration::from_millis(6)));
            assert!(all.last().unwrap() >= &Duration::from_millis(45), "beyond a burst");
        }
    }
}
