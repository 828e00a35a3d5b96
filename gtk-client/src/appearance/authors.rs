//! The colours of people's names. Who has a name has its colour, everywhere and always: that of the
//! portrait which libadwaita draws for it.

use super::{Rgb, contrast};
use crate::theme::Palette;

/// The style class of each colour; a theme names it `author_N`.
pub(crate) const AUTHOR_CLASSES: [&str; 8] = [
    "author-1", "author-2", "author-3", "author-4", "author-5", "author-6", "author-7", "author-8",
];

/// Blue, teal, green, amber, orange, red, pink, violet: where no theme says otherwise.
const LIGHT: [&str; 8] =
    ["#1a4fa0", "#0b5a63", "#1f5f2d", "#6b4e00", "#8a3b00", "#9c1c2c", "#8f1d66", "#5e35a0"];
const DARK: [&str; 8] =
    ["#8fbcff", "#6fd3dc", "#8fd99e", "#e8c95c", "#ffae70", "#ff9d98", "#f5a0cf", "#cdb0f7"];

/// The grounds of windows and of text on them, where no theme says otherwise: light, dark.
const GROUNDS: [&str; 2] = ["#fafafa", "#242424"];
const TEXTS: [&str; 2] = ["#323232", "#ffffff"];
/// How much of the text's colour is seen in the ground of a bubble, and of the accent in that of one
/// which names the reader (style.css).
const BUBBLE: f64 = 0.075;
const NAMED: f64 = 0.2;
/// What a name has to differ from its ground, WCAG 2.1; and where contrast is to be high.
const LEGIBLE: f64 = 4.5;
const HIGH: f64 = 7.0;
/// How many steps there are from a colour to black or white.
const STEPS: u32 = 20;

/// For each of libadwaita's fourteen portraits the colour that is next to it.
const OF_PORTRAIT: [usize; 14] = [0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 3, 4, 0];

/// The style class of a name.
pub(crate) fn author_class(name: &str) -> &'static str {
    AUTHOR_CLASSES[OF_PORTRAIT[portrait(name)]]
}

/// The named colours `author_N_color`: the theme's, or the usual ones, made legible on its grounds.
pub(super) fn css(
    theme: Option<&Palette>,
    accent: &str,
    dark: bool,
    high_contrast: bool,
) -> String {
    let usual = if dark { DARK } else { LIGHT };
    let grounds = grounds(theme, accent, dark);
    let wanted = if high_contrast { HIGH } else { LEGIBLE };
    let mut css = String::new();
    for (number, usual) in (1..).zip(usual) {
        let chosen = theme.and_then(|theme| theme.colour(&format!("author_{number}")));
        let colour = chosen.or_else(|| Some(legible(Rgb::parse(usual)?, &grounds, wanted, dark)));
        if let Some(colour) = colour {
            css += &format!("@define-color author_{number}_color {colour};\n");
        }
    }
    css
}

/// As `adw::Avatar` counts it: GLib's hash of the text.
fn portrait(name: &str) -> usize {
    let hash = name.bytes().fold(5_381_u32, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(i32::from(byte.cast_signed()).cast_unsigned())
    });
    // A remainder of 14 fits.
    (hash % OF_PORTRAIT.len() as u32) as usize
}

/// What names stand on: the window, a bubble, one that names the reader.
fn grounds(theme: Option<&Palette>, accent: &str, dark: bool) -> Vec<Rgb> {
    let of_theme = |name: &str| theme.and_then(|theme| theme.colour(name));
    let usual = |colours: [&str; 2]| Rgb::parse(colours[usize::from(dark)]);
    let window = of_theme("window_bg").or_else(|| usual(GROUNDS));
    let text = of_theme("window_fg").or_else(|| usual(TEXTS));
    let accent = of_theme("accent_bg").or_else(|| Rgb::parse(accent));
    let seen =
        |over: Option<Rgb>, part| over.zip(window).map(|(over, under)| over.faded(part, under));
    let bubble = of_theme("bubble_bg").or_else(|| seen(text, BUBBLE));
    [window, bubble, seen(accent, NAMED)].into_iter().flatten().collect()
}

/// The colour, or the next darker or lighter one that can be read on every ground.
fn legible(colour: Rgb, grounds: &[Rgb], wanted: f64, dark: bool) -> Rgb {
    let end = if dark { Rgb([255; 3]) } else { Rgb([0; 3]) };
    let can_be_read =
        |colour: &Rgb| grounds.iter().all(|ground| contrast(*colour, *ground) >= wanted);
    (0..=STEPS)
        .map(|step| end.faded(f64::from(step) / f64::from(STEPS), colour))
        .find(can_be_read)
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{appearance::Accent, theme};

    fn colours(css: &str) -> Vec<Rgb> {
        let colours =
            css.lines().map(|line| line.rsplit(' ').next().unwrap().trim_end_matches(';'));
        colours.map(|colour| Rgb::parse(colour).unwrap()).collect()
    }

    #[test]
    fn every_name_is_well_legible_on_every_ground_of_every_theme() {
        let mut faults = Vec::new();
        let mut look = |id: &str, palette: Option<&Palette>, accent: &str, dark, high| {
            let colours = colours(&css(palette, accent, dark, high));
            assert_eq!(colours.len(), AUTHOR_CLASSES.len());
            for (colour, number) in colours.into_iter().zip(1..) {
                for ground in grounds(palette, accent, dark) {
                    let found = contrast(colour, ground);
                    if found < if high { HIGH } else { LEGIBLE } {
                        faults.push(format!("{id} dark={dark}: {number} on {ground}: {found:.2}"));
                    }
                }
            }
        };
        for dark in [false, true] {
            for accent in Accent::ALL {
                for high in [false, true] {
                    look("none", None, accent.ground(), dark, high);
                }
            }
            for found in theme::shipped() {
                let high = found.is_high_contrast();
                let palette = found.palette(dark).unwrap();
                look(found.name.as_deref().unwrap(), Some(palette), "#0f7681", dark, high);
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn the_usual_colours_are_shown_as_they_are_and_differ() {
        for (dark, usual) in [(false, LIGHT), (true, DARK)] {
            let shown = colours(&css(None, Accent::Teal.ground(), dark, false));
            let usual: Vec<_> = usual.iter().map(|colour| Rgb::parse(colour).unwrap()).collect();
            assert_eq!(shown, usual);
        }
    }

    #[test]
    fn a_themes_own_colour_is_taken_as_it_is() {
        let theme = theme::Theme::parse("[light]\nauthor_2 = \"#010203\"\n").unwrap();
        let css = css(theme.palette(false), "#0f7681", false, false);
        assert!(css.contains("author_2_color #010203;"), "{css}");
    }

    #[test]
    fn names_have_a_colour_that_stays() {
        // Counted by hand after GLib's own description of its hash.
        assert_eq!(portrait(""), 5_381 % 14);
        assert_eq!(portrait("a"), (5_381 * 33 + 97) % 14);
        assert_eq!(author_class("Mia"), author_class("Mia"));
    }
}
