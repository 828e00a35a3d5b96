//! Light or dark, and the accent colour: applied to the display, kept in one small file.

use std::{
    cell::{Cell, OnceCell},
    fs, io,
    path::PathBuf,
};

use gtk::{gdk, glib};
use serde::{Deserialize, Serialize};
use tertulia_client::certs::files::{create_private_dir, write_private};

/// What a person chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Appearance {
    pub(crate) scheme: Scheme,
    pub(crate) accent: Accent,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    /// As the rest of the desktop.
    #[default]
    System,
    Light,
    Dark,
}

/// The colour of own messages, buttons and badges.
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
    const fn ground(self) -> &'static str {
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
    const fn ink(self, dark: bool) -> &'static str {
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
    fn css(self, dark: bool) -> String {
        let (ground, ink) = (self.ground(), self.ink(dark));
        format!(
            "@define-color accent_bg_color {ground};\n\
             @define-color accent_fg_color #ffffff;\n\
             @define-color accent_color {ink};\n"
        )
    }
}

/// Reads what was chosen; what can't be read is as if nothing was.
pub(crate) fn load() -> Appearance {
    let text = match fs::read(path()) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Appearance::default(),
        Err(error) => {
            eprintln!("tertulia: {}: {error}", path().display());
            return Appearance::default();
        }
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        eprintln!("tertulia: {}: {error}; the usual colours it is", path().display());
        Appearance::default()
    })
}

/// Keeps a choice.
pub(crate) fn save(appearance: Appearance) -> io::Result<()> {
    let path = path();
    if let Some(folder) = path.parent() {
        create_private_dir(folder)?;
    }
    write_private(&path, &serde_json::to_vec_pretty(&appearance)?)
}

/// Shows a choice on the default display.
pub(crate) fn apply(appearance: Appearance) {
    let style = adw::StyleManager::default();
    SHOWN.set(appearance.accent);
    style.set_color_scheme(match appearance.scheme {
        Scheme::System => adw::ColorScheme::Default,
        Scheme::Light => adw::ColorScheme::ForceLight,
        Scheme::Dark => adw::ColorScheme::ForceDark,
    });
    show_accent();
}

/// Shows the accent as it is in light or in dark, whichever there is now.
pub(crate) fn show_accent() {
    let dark = adw::StyleManager::default().is_dark();
    let Some(display) = gdk::Display::default() else {
        return;
    };
    PROVIDER.with(|provider| {
        let provider = provider.get_or_init(|| {
            let provider = gtk::CssProvider::new();
            // Over the theme and style.css, under a person's own ~/.config/gtk-4.0.
            let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION + 1;
            gtk::style_context_add_provider_for_display(&display, &provider, priority);
            provider
        });
        provider.load_from_data(&SHOWN.get().css(dark));
    });
}

thread_local! {
    static SHOWN: Cell<Accent> = const { Cell::new(Accent::Teal) };
    static PROVIDER: OnceCell<gtk::CssProvider> = const { OnceCell::new() };
}

fn path() -> PathBuf {
    glib::user_config_dir().join("tertulia/appearance.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.1.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The grounds of libadwaita's windows, views, cards, and of bubbles on them.
    const LIGHT: [&str; 3] = ["#fafafa", "#ffffff", "#ebebeb"];
    const DARK: [&str; 3] = ["#242424", "#1e1e1e", "#383838"];

    #[test]
    fn text_on_and_in_every_accent_is_well_legible() {
        for accent in Accent::ALL {
            let white = contrast("#ffffff", accent.ground());
            assert!(white >= 4.5, "{accent:?}: white on ground {white:.2}");
            // The time within a bubble is a little fainter: 85 % white.
            for (dark, grounds) in [(false, LIGHT), (true, DARK)] {
                for ground in grounds {
                    let ink = contrast(accent.ink(dark), ground);
                    assert!(ink >= 4.5, "{accent:?} on {ground}: {ink:.2}");
                }
            }
        }
    }

    #[test]
    fn the_colours_to_choose_from_are_the_colours() {
        let css = include_str!("../data/style.css");
        for accent in Accent::ALL {
            let (word, ground) = (accent.word(), accent.ground());
            let rule = format!(".accent-choice.{word} {{ background-color: {ground}; }}");
            assert!(css.contains(&rule), "{rule}");
        }
    }

    #[test]
    fn a_choice_is_read_back_and_words_are_stable() {
        for accent in Accent::ALL {
            let chosen = Appearance { scheme: Scheme::Dark, accent };
            let text = serde_json::to_string(&chosen).unwrap();
            assert_eq!(text, format!(r#"{{"scheme":"dark","accent":"{}"}}"#, accent.word()));
            assert_eq!(serde_json::from_str::<Appearance>(&text).unwrap(), chosen);
        }
        assert_eq!(serde_json::from_str::<Appearance>("{}").unwrap(), Appearance::default());
    }
}
