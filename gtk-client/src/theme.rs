//! Themes: colours by name, light and dark, in files that a person may write. See docs/themes.md.

mod file;
mod folder;
mod palette;
mod problem;
mod shipped;
mod watch;

pub(crate) use self::{
    file::Theme,
    folder::{Found, export, find, folder, import, list},
    palette::Palette,
    watch::watch,
};

/// Those that come with the program.
#[cfg(test)]
pub(crate) fn shipped() -> impl Iterator<Item = Theme> {
    shipped::ALL.into_iter().filter_map(|(_, text)| Theme::parse(text).ok())
}
