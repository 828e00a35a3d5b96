//! A theme as it is written: TOML with a name and two parts of colours.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    palette::Palette,
    problem::{Fault, Problem},
};
use crate::appearance::{Accent, Rgb, Scheme};

/// The longest name, in characters.
const NAME_CHARS: usize = 40;
/// So much of what is wrong is said again.
const QUOTED_CHARS: usize = 40;

/// Colours for light, for dark or for both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Theme {
    /// What its file calls it.
    pub(crate) name: Option<String>,
    high_contrast: bool,
    light: Option<Palette>,
    dark: Option<Palette>,
}

impl Theme {
    /// Reads a file's text. The first thing that is wrong in it is told.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let line_of = |at: usize| text[..at].matches('\n').count() + 1;
        let table = DeTable::parse(text).map_err(|error| Problem {
            line: error.span().map(|span| line_of(span.start)),
            fault: Fault::NotToml(cut(error.message())),
        })?;
        let mut theme = Self::default();
        let mut wrong = Vec::new();
        for (key, value) in table.get_ref() {
            let at = line_of(key.span().start);
            let taken = theme.take(key.get_ref(), value);
            wrong.extend(
                taken
                    .into_iter()
                    .map(|(place, fault)| Problem { line: Some(place.map_or(at, line_of)), fault }),
            );
        }
        if let Some(first) = wrong.into_iter().min_by_key(|problem| problem.line) {
            return Err(first);
        }
        if theme.light.is_none() && theme.dark.is_none() {
            return Err(Fault::NoPart.into());
        }
        Ok(theme)
    }

    /// A theme with nothing but an accent, to begin one's own with.
    pub(crate) fn of_accent(accent: Accent) -> Self {
        let palette = |dark| {
            let mut palette = Palette::default();
            for (name, colour) in [
                ("accent", accent.ink(dark)),
                ("accent_bg", accent.ground()),
                ("accent_fg", "#ffffff"),
            ] {
                if let Some(colour) = Rgb::parse(colour) {
                    palette.set(name, colour);
                }
            }
            Some(palette)
        };
        Self { light: palette(false), dark: palette(true), ..Self::default() }
    }

    /// As a file; [`Self::parse`] reads it.
    pub(crate) fn to_toml(&self) -> String {
        let mut out = String::new();
        if let Some(name) = &self.name {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            out += &format!("name = \"{escaped}\"\n");
        }
        if self.high_contrast {
            out += "high_contrast = true\n";
        }
        for (part, palette) in [("light", &self.light), ("dark", &self.dark)] {
            let Some(palette) = palette else { continue };
            out += &format!("\n[{part}]\n");
            for (name, colour) in palette.colours() {
                out += &format!("{name} = \"{colour}\"\n");
            }
        }
        out
    }

    /// Whether lines are drawn round things and nothing is faint.
    pub(crate) fn is_high_contrast(&self) -> bool {
        self.high_contrast
    }

    /// The scheme it is for, where it is not for both.
    pub(crate) fn only_scheme(&self) -> Option<Scheme> {
        match (&self.light, &self.dark) {
            (Some(_), None) => Some(Scheme::Light),
            (None, Some(_)) => Some(Scheme::Dark),
            _ => None,
        }
    }

    /// Whether it brings a colour for buttons and badges.
    pub(crate) fn has_accent(&self) -> bool {
        self.palettes().any(|palette| palette.colour("accent_bg").is_some())
    }

    /// Its colours, dark or light ones.
    pub(crate) fn palette(&self, dark: bool) -> Option<&Palette> {
        if dark { self.dark.as_ref() } else { self.light.as_ref() }
    }

    /// Text that is hard to read on its ground: its name, and the contrast.
    pub(crate) fn hard_to_read(&self) -> Option<(&'static str, f64)> {
        self.palettes().find_map(Palette::hard_to_read)
    }

    /// A style sheet.
    pub(crate) fn css(&self, dark: bool) -> String {
        self.palette(dark).map(Palette::css).unwrap_or_default()
    }

    fn palettes(&self) -> impl Iterator<Item = &Palette> {
        self.light.iter().chain(&self.dark)
    }

    /// Takes a key of the file; what is wrong, and where within the text if not at the key.
    fn take(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<(Option<usize>, Fault)> {
        match key {
            "name" => match value.get_ref().as_str().filter(|name| is_name(name)) {
                Some(name) => self.name = Some(name.trim().to_owned()),
                None => return Some((None, Fault::NotAName)),
            },
            "high_contrast" => match value.get_ref().as_bool() {
                Some(is) => self.high_contrast = is,
                None => return Some((None, Fault::NotYesOrNo(key.to_owned()))),
            },
            "light" | "dark" => {
                let Some(colours) = value.get_ref().as_table() else {
                    return Some((None, Fault::NotAPart(key.to_owned())));
                };
                let palette = match part(colours) {
                    Ok(palette) => palette,
                    Err((at, fault)) => return Some((Some(at), fault)),
                };
                // A heading alone says nothing of how it is to look.
                if palette != Palette::default() {
                    let part = if key == "light" { &mut self.light } else { &mut self.dark };
                    *part = Some(palette);
                }
            }
            other => return Some((None, Fault::UnknownKey(cut(other)))),
        }
        None
    }
}

/// The colours under a heading, or the first that is wrong, and where it stands.
fn part(table: &DeTable<'_>) -> Result<Palette, (usize, Fault)> {
    let mut palette = Palette::default();
    let mut wrong = Vec::new();
    for (key, value) in table {
        let name = key.get_ref();
        let colour = value.get_ref().as_str().and_then(Rgb::parse);
        // An unknown name is told before a wrong colour of it.
        if !palette.set(name, colour.unwrap_or(Rgb([0; 3]))) {
            wrong.push((key.span().start, Fault::UnknownColour(cut(name))));
        } else if colour.is_none() {
            let written = value.get_ref().as_str().map_or_else(|| cut(name), cut);
            wrong.push((value.span().start, Fault::NotAColour(written)));
        }
    }
    match wrong.into_iter().min_by_key(|(at, _)| *at) {
        Some(first) => Err(first),
        None => Ok(palette),
    }
}

fn is_name(name: &str) -> bool {
    let chars = name.trim().chars().count();
    (1..=NAME_CHARS).contains(&chars) && !name.chars().any(char::is_control)
}

/// The beginning of a text, in one line.
fn cut(text: &str) -> String {
    let mut cut: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = cut.char_indices().nth(QUOTED_CHARS) {
        cut.truncate(at);
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (Option<usize>, Fault) {
        let problem = Theme::parse(text).unwrap_err();
        (problem.line, problem.fault)
    }

    #[test]
    fn a_theme_is_read_and_written() {
        let text = "name = \"Sea \\\"and\\\" sky\"\n\n[light]\nwindow_bg = \"#fff\"\n\n[dark]\n\
                    window_bg = \"#000000\"\naccent_bg = \"#123456\"\n";
        let theme = Theme::parse(text).unwrap();
        assert_eq!(theme.name.as_deref(), Some("Sea \"and\" sky"));
        assert_eq!(theme.palette(false).unwrap().colour("window_bg"), Rgb::parse("#ffffff"));
        assert_eq!((theme.only_scheme(), theme.has_accent()), (None, true));
        assert_eq!(Theme::parse(&theme.to_toml()).unwrap(), theme);
        let accent = Theme::of_accent(Accent::Rose);
        assert_eq!(Theme::parse(&accent.to_toml()).unwrap(), accent);
    }

    #[test]
    fn a_theme_for_one_scheme_says_so() {
        let theme = Theme::parse("[dark]\nwindow_bg = \"#000\"\n[light]\n").unwrap();
        assert_eq!(theme.only_scheme(), Some(Scheme::Dark));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let dark = |line: &str| format!("name = \"x\"\n[dark]\nwindow_fg = \"#fff\"\n{line}\n");
        for (text, line, fault) in [
            (dark("windw_bg = \"#000\""), 4, Fault::UnknownColour("windw_bg".into())),
            (dark("window_bg = \"blue\""), 4, Fault::NotAColour("blue".into())),
            (dark("window_bg = 7"), 4, Fault::NotAColour("window_bg".into())),
            (dark("[light]\nview_bg = \"#12345\""), 5, Fault::NotAColour("#12345".into())),
            (dark("[drak]"), 4, Fault::UnknownKey("drak".into())),
            ("\nwindow_bg = \"#000\"".into(), 2, Fault::UnknownKey("window_bg".into())),
            ("name = \"\"".into(), 1, Fault::NotAName),
            ("\n\nname = \"a\\nb\"".into(), 3, Fault::NotAName),
            (format!("name = \"{}\"", "x".repeat(41)), 1, Fault::NotAName),
            ("high_contrast = 1".into(), 1, Fault::NotYesOrNo("high_contrast".into())),
            ("light = \"#fff\"".into(), 1, Fault::NotAPart("light".into())),
        ] {
            assert_eq!(wrong(&text), (Some(line), fault), "{text}");
        }
    }

    #[test]
    fn the_first_of_several_faults_is_told() {
        let text = "[light]\nz = \"#000\"\na = \"#000\"\n[dark]\nb = 1\n";
        assert_eq!(wrong(text), (Some(2), Fault::UnknownColour("z".into())));
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line_and_what_is_empty_is_no_theme() {
        let (line, fault) = wrong("[dark]\nwindow_bg = \"#000\nwindow_fg = \"#fff\"\n");
        assert_eq!(line, Some(2));
        assert!(matches!(fault, Fault::NotToml(_)), "{fault:?}");
        assert_eq!(wrong(""), (None, Fault::NoPart));
        assert_eq!(wrong("[light]\n[dark]\n"), (None, Fault::NoPart));
        let deep = format!("a = {}", "[".repeat(8_000));
        assert!(matches!(wrong(&deep).1, Fault::NotToml(_)));
    }

    #[test]
    fn little_of_a_wrong_file_is_said_again() {
        let (_, fault) = wrong(&format!("{} = 1", "x".repeat(10_000)));
        let Fault::UnknownKey(key) = fault else { panic!("{fault:?}") };
        assert_eq!(key.chars().count(), QUOTED_CHARS + 1);
    }
}
