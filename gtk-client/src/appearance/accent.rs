//! The colour of own messages, buttons and badges, where no theme brings one.

use serde::{Deserialize, Serialize};

/// One of six.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Accent {
    #[default]
    Teal,
    Blue,
    Violet,
    Rose,
    Amber,
    Green,
}

impl Accent {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 6] =
        [Self::Teal, Self::Blue, Self::Violet, Self::Rose, Self::Amber, Self::Green];

    /// The word in files and style classes.
    #[cfg(test)]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Violet => "violet",
            Self::Rose => "rose",
            Self::Amber => "amber",
            Self::Green => "green",
        }
    }

    /// The ground of own messages and buttons; text on it is white.
    pub(crate) const fn ground(self) -> &'static str {
        match self {
            Self::Teal => "#0f7681",
            Self::Blue => "#1c63c7",
            Self::Violet => "#7a45b8",
            Self::Rose => "#b8336a",
            Self::Amber => "#a3540a",
            Self::Green => "#2a7a3b",
        }
    }

    /// For text and icons on the window's own ground.
    pub(crate) const fn ink(self, dark: bool) -> &'static str {
        match (self, dark) {
            (Self::Teal, false) => "#0b626b",
            (Self::Teal, true) => "#66cdd6",
            (Self::Blue, false) => "#1a5ab5",
            (Self::Blue, true) => "#82b6ff",
            (Self::Violet, false) => "#6c3aa8",
            (Self::Violet, true) => "#c9a5f2",
            (Self::Rose, false) => "#a22a5b",
            (Self::Rose, true) => "#f59bbd",
            (Self::Amber, false) => "#8f4906",
            (Self::Amber, true) => "#f0b069",
            (Self::Green, false) => "#236a32",
            (Self::Green, true) => "#83d394",
        }
    }

    /// The named colours of libadwaita, which all its widgets follow.
    pub(super) fn css(self, dark: bool) -> String {
        let (ground, ink) = (self.ground(), self.ink(dark));
        format!(
            "@define-color accent_bg_color {ground};\n\
             @define-color accent_fg_color #ffffff;\n\
             @define-color accent_color {ink};\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::{Rgb, contrast};

    /// The grounds of libadwaita's windows, views, cards, and of bubbles on them.
    const LIGHT: [&str; 3] = ["#fafafa", "#ffffff", "#ebebeb"];
    const DARK: [&str; 3] = ["#242424", "#1e1e1e", "#383838"];

    fn between(a: &str, b: &str) -> f64 {
        contrast(Rgb::parse(a).unwrap(), Rgb::parse(b).unwrap())
    }

    #[test]
    fn text_on_and_in_every_accent_is_well_legible() {
        for accent in Accent::ALL {
            let white = between("#ffffff", accent.ground());
            assert!(white >= 4.5, "{accent:?}: white on ground {white:.2}");
            // The time within a bubble is a little fainter: 85 % white.
            for (dark, grounds) in [(false, LIGHT), (true, DARK)] {
                for ground in grounds {
                    let ink = between(accent.ink(dark), ground);
                    assert!(ink >= 4.5, "{accent:?} on {ground}: {ink:.2}");
                }
            }
        }
    }

    #[test]
    fn the_colours_to_choose_from_are_the_colours() {
        let css = include_str!("../../data/style.css");
        for accent in Accent::ALL {
            let (word, ground) = (accent.word(), accent.ground());
            let rule = format!(".accent-choice.{word} {{ background-color: {ground}; }}");
            assert!(css.contains(&rule), "{rule}");
        }
    }
}
