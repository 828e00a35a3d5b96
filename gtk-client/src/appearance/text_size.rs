//! How large text is, in percent of the desktop's.

use serde::{Deserialize, Serialize};

const SMALLEST: u16 = 80;
const USUAL: u16 = 100;
const LARGEST: u16 = 200;
const STEP: u16 = 10;
/// From here on names stand over their messages rather than beside them.
const LARGE: u16 = 130;
/// From here on a few choices stand below each other.
const STACKED: u16 = 150;

/// A multiple of ten, from 80 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub(crate) struct TextSize(u16);

impl TextSize {
    /// The percents.
    pub(crate) fn percent(self) -> u16 {
        self.0
    }

    /// One step larger, as far as it goes.
    pub(crate) fn larger(self) -> Self {
        Self::from(self.0 + STEP)
    }

    /// One step smaller, as far as it goes.
    pub(crate) fn smaller(self) -> Self {
        Self::from(self.0 - STEP)
    }

    /// Whether a line has no room for a name beside its text.
    pub(crate) fn is_large(self) -> bool {
        self.0 >= LARGE
    }

    /// Whether a telephone has no room for three choices beside each other.
    pub(crate) fn stacks(self) -> bool {
        self.0 >= STACKED
    }
}

impl Default for TextSize {
    fn default() -> Self {
        Self(USUAL)
    }
}

/// The nearest one there is.
impl From<u16> for TextSize {
    fn from(percent: u16) -> Self {
        Self(percent.clamp(SMALLEST, LARGEST) / STEP * STEP)
    }
}

impl From<TextSize> for u16 {
    fn from(size: TextSize) -> Self {
        size.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_go_in_steps_from_80_to_200_and_no_further() {
        let mut size = TextSize::from(0);
        assert_eq!((size.percent(), size.smaller()), (80, size));
        let mut steps = 0;
        while size.larger() != size {
            size = size.larger();
            steps += 1;
        }
        assert_eq!((size.percent(), steps), (200, 12));
        assert_eq!(TextSize::from(u16::MAX).percent(), 200);
        assert_eq!(TextSize::from(104), TextSize::default());
    }
}
