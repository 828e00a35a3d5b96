//! From milliseconds to places on a logarithmic axis.

/// The axis: from `bottom` to `top` pixels, upwards, from a lowest to a highest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    lowest: f64,
    highest: f64,
    top: f64,
    bottom: f64,
}

impl Scale {
    /// Room for all of these, with a little above and below.
    pub(super) fn around(least: f64, most: f64, top: f64, bottom: f64) -> Self {
        Self { lowest: least / 1.25, highest: most.max(least) * 1.25, top, bottom }
    }

    /// Where a value is.
    pub(super) fn y(&self, ms: f64) -> f64 {
        let share = (ms.max(self.lowest) / self.lowest).ln() / (self.highest / self.lowest).ln();
        self.bottom - share.min(1.0) * (self.bottom - self.top)
    }

    /// Values to write beside it: 1, 2 and 5 of each power of ten, fewer where that is too many.
    pub(super) fn ticks(&self) -> Vec<f64> {
        for steps in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let powers = (0..7).map(|power| 10f64.powi(power));
            let ticks = powers.flat_map(|power| steps.iter().map(move |step| step * power));
            let ticks: Vec<f64> =
                ticks.filter(|tick| (self.lowest..=self.highest).contains(tick)).collect();
            if ticks.len() <= 9 {
                return ticks;
            }
        }
        Vec::new()
    }
}

/// A time as people write it.
pub(super) fn time(ms: f64) -> String {
    match ms {
        ms if ms >= 1_000.0 => format!("{} s", rounded(ms / 1_000.0)),
        ms => format!("{} ms", rounded(ms)),
    }
}

fn rounded(number: f64) -> f64 {
    let steps = if number < 10.0 { 10.0 } else { 1.0 };
    (number * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_as_much_is_always_the_same_way_up() {
        let scale = Scale::around(60.0, 20_000.0, 10.0, 410.0);
        let steps = [100.0, 1_000.0, 10_000.0].map(|ms| scale.y(ms));
        assert!((steps[0] - steps[1] - (steps[1] - steps[2])).abs() < 1e-9);
        assert_eq!((scale.y(scale.lowest), scale.y(1e9)), (410.0, 10.0));
        assert!(scale.y(60.0) < 410.0, "there is room below the least");
    }

    #[test]
    fn a_few_round_values_stand_beside_it_whatever_there_is() {
        for most in [61.0, 100.0, 1_000.0, 100_000.0, 1e6] {
            let scale = Scale::around(60.0, most, 0.0, 400.0);
            let ticks = scale.ticks();
            assert!((1..=9).contains(&ticks.len()), "{most}: {ticks:?}");
        }
        assert_eq!([61.34, 5_043.0, 46_480.6].map(time), ["61 ms", "5 s", "46 s"]);
        assert_eq!([1.26, 1_260.0].map(time), ["1.3 ms", "1.3 s"]);
    }
}
