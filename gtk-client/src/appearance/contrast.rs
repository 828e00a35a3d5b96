//! Colours, and how well one can be read on another.

use std::fmt;

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) [u8; 3]);

impl Rgb {
    /// Reads `#rgb` or `#rrggbb`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |at: usize| match digits.len() {
            3 => u8::from_str_radix(&digits[at..=at], 16).ok().map(|value| value * 17),
            6 => u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok(),
            _ => None,
        };
        Some(Self([channel(0)?, channel(1)?, channel(2)?]))
    }

    /// This colour seen through: so much of it (0 to 1), and `ground` behind.
    pub(crate) fn faded(self, part: f64, ground: Self) -> Self {
        let mix = |at: usize| {
            (f64::from(self.0[at]) * part + f64::from(ground.0[at]) * (1.0 - part)).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }

    /// Relative luminance, WCAG 2.1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// How well one is read on the other, WCAG 2.1: from 1 (not at all) to 21 (black on white).
pub(crate) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_what_is_none_is_refused() {
        assert_eq!(Rgb::parse("#1a5fb4"), Some(Rgb([0x1a, 0x5f, 0xb4])));
        assert_eq!(Rgb::parse("#FFF"), Some(Rgb([255, 255, 255])));
        assert_eq!(Rgb::parse("#1A5FB4").unwrap().to_string(), "#1a5fb4");
        for text in ["", "#", "red", "1a5fb4", "#1a5fb", "#1a5fb4ff", "#+a5fb4", "#éé", "#ggg"] {
            assert_eq!(Rgb::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn contrast_is_wcags() {
        let (black, white) = (Rgb([0; 3]), Rgb([255; 3]));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(white, white) - 1.0).abs() < 1e-9);
        // A pair known from WCAG's own explanations.
        assert!((contrast(Rgb([0x77; 3]), white) - 4.48).abs() < 0.01);
    }
}
