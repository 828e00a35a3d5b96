//! The colours that have names.

use std::{collections::BTreeMap, fmt::Write};

use crate::appearance::{Rgb, contrast};

/// Text on a ground is hard to read below this (WCAG 2.1, AA).
const LEGIBLE: f64 = 4.5;

/// Every name. With `_color` behind them they are libadwaita's, but for [`OURS`] and the authors'.
pub(super) const NAMES: [&str; 41] = [
    "window_bg",
    "window_fg",
    "view_bg",
    "view_fg",
    "headerbar_bg",
    "headerbar_fg",
    "sidebar_bg",
    "sidebar_fg",
    "card_bg",
    "card_fg",
    "dialog_bg",
    "dialog_fg",
    "popover_bg",
    "popover_fg",
    "bubble_bg",
    "bubble_fg",
    "own_bubble_bg",
    "own_bubble_fg",
    "accent",
    "accent_bg",
    "accent_fg",
    "destructive",
    "destructive_bg",
    "destructive_fg",
    "success",
    "success_bg",
    "success_fg",
    "warning",
    "warning_bg",
    "warning_fg",
    "error",
    "error_bg",
    "error_fg",
    "author_1",
    "author_2",
    "author_3",
    "author_4",
    "author_5",
    "author_6",
    "author_7",
    "author_8",
];

/// Those that libadwaita 1.2 does not know, and what they colour.
const OURS: [(&str, &str); 3] =
    [("sidebar", ".sidebar-pane"), ("bubble", ".bubble"), ("own_bubble", ".bubble.mine")];

/// Colours by name; names that are not there keep what they usually are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Palette(BTreeMap<&'static str, Rgb>);

impl Palette {
    /// Whether there is a colour of this name.
    pub(super) fn set(&mut self, name: &str, colour: Rgb) -> bool {
        let known = NAMES.into_iter().find(|known| *known == name);
        if let Some(known) = known {
            self.0.insert(known, colour);
        }
        known.is_some()
    }

    /// The colour of this name.
    pub(crate) fn colour(&self, name: &str) -> Option<Rgb> {
        self.0.get(name).copied()
    }

    /// In the order of [`NAMES`].
    pub(super) fn colours(&self) -> impl Iterator<Item = (&'static str, Rgb)> {
        NAMES.into_iter().filter_map(|name| Some((name, self.colour(name)?)))
    }

    /// A text on a ground, both of this palette, that is hard to read; and how hard.
    pub(super) fn hard_to_read(&self) -> Option<(&'static str, f64)> {
        let on_ground = |name: &'static str| {
            let ground = match name.strip_suffix("_fg") {
                Some(part) => self.colour(&format!("{part}_bg"))?,
                // Names stand in bubbles.
                None if name.starts_with("author_") => {
                    self.colour("bubble_bg").or_else(|| self.colour("window_bg"))?
                }
                None => return None,
            };
            Some((name, contrast(self.colour(name)?, ground)))
        };
        NAMES.into_iter().filter_map(on_ground).find(|(_, contrast)| *contrast < LEGIBLE)
    }

    /// A style sheet.
    pub(super) fn css(&self) -> String {
        let mut css = String::new();
        for (name, colour) in self.colours() {
            // Writing to a string never fails.
            let _ = match OURS.into_iter().find(|(ours, _)| is_of(name, ours)) {
                None => writeln!(css, "@define-color {name}_color {colour};"),
                Some((_, rule)) if name.ends_with("_bg") => {
                    writeln!(css, "{rule} {{ background-color: {colour}; }}")
                }
                Some((_, rule)) => writeln!(css, "{rule} {{ color: {colour}; }}"),
            };
        }
        css
    }
}

/// Whether `name` is `part` and an ending.
fn is_of(name: &str, part: &str) -> bool {
    matches!(name.strip_prefix(part), Some("_bg" | "_fg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_libadwaitas_and_ours_become_rules() {
        let mut palette = Palette::default();
        for name in ["own_bubble_bg", "window_bg", "bubble_fg", "accent"] {
            assert!(palette.set(name, Rgb([1, 2, 3])));
        }
        assert!(!palette.set("window", Rgb([1, 2, 3])));
        assert_eq!(
            palette.css(),
            "@define-color window_bg_color #010203;\n.bubble { color: #010203; }\n\
             .bubble.mine { background-color: #010203; }\n@define-color accent_color #010203;\n"
        );
    }

    #[test]
    fn grey_on_grey_is_hard_to_read() {
        let mut palette = Palette::default();
        palette.set("view_fg", Rgb([120; 3]));
        assert_eq!(palette.hard_to_read(), None, "its ground is the usual one");
        palette.set("view_bg", Rgb([90; 3]));
        assert_eq!(palette.hard_to_read().unwrap().0, "view_fg");
        palette.set("view_bg", Rgb([0; 3]));
        assert_eq!(palette.hard_to_read(), None);
        palette.set("author_3", Rgb([120; 3]));
        palette.set("bubble_bg", Rgb([90; 3]));
        assert_eq!(palette.hard_to_read().unwrap().0, "author_3");
    }
}
