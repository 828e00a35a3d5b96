//! The themes that come with the program.

use crate::i18n::tr;

/// File name without its ending, and the text.
pub(super) const ALL: [(&str, &str); 5] = [
    ("paper", include_str!("../../data/themes/paper.toml")),
    ("harbour", include_str!("../../data/themes/harbour.toml")),
    ("forest", include_str!("../../data/themes/forest.toml")),
    ("dusk", include_str!("../../data/themes/dusk.toml")),
    ("high-contrast", include_str!("../../data/themes/high-contrast.toml")),
];

/// What it is called in the reader's language.
pub(super) fn title(id: &str) -> Option<&'static str> {
    Some(match id {
        "paper" => tr("Paper"),
        "harbour" => tr("Harbour"),
        "forest" => tr("Forest"),
        "dusk" => tr("Dusk"),
        "high-contrast" => tr("High contrast"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        appearance::{Rgb, contrast},
        theme::{Theme, palette::NAMES},
    };

    /// How much is seen of what the style sheet makes faint (`.faint`, `.stamp`).
    const FAINT: f64 = 0.72;

    /// Every text and its ground: (text, ground, how much of the text is seen).
    fn pairs() -> Vec<(&'static str, &'static str, f64)> {
        let mut pairs = Vec::new();
        for text in NAMES.into_iter().filter(|name| name.ends_with("_fg")) {
            let ground = format!("{}_bg", text.strip_suffix("_fg").unwrap());
            let ground = NAMES.into_iter().find(|name| *name == ground).unwrap();
            pairs.push((text, ground, 1.0));
        }
        for ground in ["window", "view", "sidebar", "popover", "dialog", "bubble"] {
            let ground_name = NAMES.into_iter().find(|name| *name == format!("{ground}_bg"));
            let text = NAMES.into_iter().find(|name| *name == format!("{ground}_fg")).unwrap();
            pairs.push((text, ground_name.unwrap(), FAINT));
            pairs.push(("accent", ground_name.unwrap(), 1.0));
        }
        for ink in ["destructive", "success", "warning", "error"] {
            pairs.push((ink, "window_bg", 1.0));
            pairs.push((ink, "view_bg", 1.0));
        }
        // The time in one's own bubble.
        pairs.push(("own_bubble_fg", "own_bubble_bg", 0.88));
        // Who named the reader is told apart by a ground between the window's and the accent's.
        pairs
    }

    #[test]
    fn every_text_of_every_shipped_theme_is_well_legible() {
        let mut faults = Vec::new();
        for (id, text) in ALL {
            let theme = Theme::parse(text).unwrap_or_else(|problem| panic!("{id}: {problem}"));
            let wanted = if theme.is_high_contrast() { 7.0 } else { 4.5 };
            for dark in [false, true] {
                let palette = theme.palette(dark).unwrap();
                let colour = |name: &str| -> Rgb {
                    palette.colour(name).unwrap_or_else(|| panic!("{id} lacks {name}"))
                };
                for (text, ground, seen) in pairs() {
                    // With high contrast nothing is faint.
                    let seen = if theme.is_high_contrast() { 1.0 } else { seen };
                    let ground_colour = colour(ground);
                    let found = contrast(colour(text).faded(seen, ground_colour), ground_colour);
                    if found < wanted {
                        faults.push(format!("{id} dark={dark}: {text} on {ground}: {found:.2}"));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn every_shipped_theme_has_a_title_and_one_of_them_high_contrast() {
        for (id, text) in ALL {
            assert_eq!(Theme::parse(text).unwrap().name.as_deref(), title(id), "{id}");
        }
        let high = |(_, text): &(&str, &str)| Theme::parse(text).unwrap().is_high_contrast();
        assert_eq!(ALL.iter().filter(|theme| high(theme)).count(), 1);
    }

    #[test]
    fn the_manual_names_every_colour_and_its_example_is_a_theme() {
        let manual = include_str!("../../../docs/themes.md");
        for name in NAMES {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
        let example = manual.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let theme = Theme::parse(example).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(theme.hard_to_read(), None);
    }
}
