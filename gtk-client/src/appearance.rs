//! How the window looks to this person: what was chosen, and the small file that keeps it.

mod accent;
mod actions;
mod authors;
mod contrast;
mod display;
mod looks;
mod text_size;

use std::{fs, io, path::PathBuf};

use gtk::glib;
use serde::{Deserialize, Serialize};
use tertulia_client::certs::files::{create_private_dir, write_private};

#[cfg(test)]
pub(crate) use self::display::named_colour;
pub(crate) use self::{
    accent::Accent,
    authors::{AUTHOR_CLASSES, author_class},
    contrast::{Rgb, contrast},
    display::{apply, shown, shown_theme, start, themes_changed},
    looks::Looks,
    text_size::TextSize,
};

/// What a person chose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Appearance {
    pub(crate) scheme: Scheme,
    pub(crate) accent: Accent,
    /// By its file's name, without the ending; `None`: the desktop's own colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theme: Option<String>,
    pub(crate) messages: Messages,
    pub(crate) density: Density,
    pub(crate) text_size: TextSize,
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

/// What messages look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Messages {
    /// Each in a bubble, one's own at the end.
    #[default]
    Bubbles,
    /// Name, text and time in a row, as on IRC.
    Lines,
}

/// How much room there is between things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Density {
    #[default]
    Comfortable,
    Compact,
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
        eprintln!("tertulia: {}: {error}; the usual look it is", path().display());
        Appearance::default()
    })
}

/// Changes what was chosen: shown at once, and kept.
pub(crate) fn change(change: impl FnOnce(&mut Appearance)) {
    let mut appearance = load();
    change(&mut appearance);
    apply(&appearance);
    if let Err(error) = save(&appearance) {
        eprintln!("tertulia: the appearance can't be kept: {error}");
    }
}

fn save(appearance: &Appearance) -> io::Result<()> {
    let path = path();
    if let Some(folder) = path.parent() {
        create_private_dir(folder)?;
    }
    write_private(&path, &serde_json::to_vec_pretty(appearance)?)
}

fn path() -> PathBuf {
    glib::user_config_dir().join("tertulia/appearance.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_back_and_words_are_stable() {
        for accent in Accent::ALL {
            let chosen = Appearance {
                scheme: Scheme::Dark,
                accent,
                theme: Some("sea".into()),
                messages: Messages::Lines,
                density: Density::Compact,
                text_size: TextSize::from(150),
            };
            let text = serde_json::to_string(&chosen).unwrap();
            let expected = format!(
                r#"{{"scheme":"dark","accent":"{}","theme":"sea","messages":"lines","density":"compact","text_size":150}}"#,
                accent.word()
            );
            assert_eq!(text, expected);
            assert_eq!(serde_json::from_str::<Appearance>(&text).unwrap(), chosen);
        }
        assert_eq!(serde_json::from_str::<Appearance>("{}").unwrap(), Appearance::default());
    }

    #[test]
    fn what_an_older_version_kept_is_read() {
        let kept = r#"{"scheme":"light","accent":"rose"}"#;
        let read: Appearance = serde_json::from_str(kept).unwrap();
        assert_eq!((read.scheme, read.accent), (Scheme::Light, Accent::Rose));
        assert_eq!(read.text_size, TextSize::default());
    }
}
