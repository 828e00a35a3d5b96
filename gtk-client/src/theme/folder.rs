//! Where themes are: those that come with the program, and files in the person's own folder.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use gtk::glib;
use tertulia_client::certs::files::{create_private_dir, write_private};

use super::{
    Theme,
    problem::{Fault, Problem},
    shipped,
};

/// So many files of the folder are looked at.
pub(super) const FILES_MAX: usize = 64;
/// The largest file.
pub(super) const BYTES_MAX: u64 = 16 * 1_024;
/// The longest name of a file that is made, in characters.
const ID_CHARS: usize = 40;
const ENDING: &str = "toml";

/// A theme, or a file that should be one.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The file's name without its ending.
    pub(crate) id: String,
    pub(crate) title: String,
    /// The person's own, not one that comes with the program.
    pub(crate) is_own: bool,
    pub(crate) theme: Result<Rc<Theme>, Problem>,
}

/// The person's own folder, there or not.
pub(crate) fn folder() -> PathBuf {
    glib::user_config_dir().join("tertulia/themes")
}

/// All there are: first those of the program, then the person's own. One's own takes the place of
/// one of the program with the same file name.
pub(crate) fn list() -> Vec<Found> {
    list_in(&folder())
}

/// The theme of this file name.
pub(crate) fn find(id: &str) -> Option<Found> {
    list().into_iter().find(|found| found.id == id)
}

/// Copies a file into the person's folder, under a name that is free there. Gives that name.
pub(crate) fn import(path: &Path) -> Result<String, Problem> {
    import_into(&folder(), path)
}

/// Writes a theme where the person wants it.
pub(crate) fn export(theme: &Theme, path: &Path) -> io::Result<()> {
    fs::write(path, theme.to_toml())
}

fn list_in(folder: &Path) -> Vec<Found> {
    let own = own_files(folder);
    let is_replaced = |id: &str| own.iter().any(|found| found.id == id);
    let shipped = shipped::ALL.into_iter().filter(|(id, _)| !is_replaced(id));
    let shipped = shipped.map(|(id, text)| Found {
        id: id.to_owned(),
        title: shipped::title(id).unwrap_or(id).to_owned(),
        is_own: false,
        theme: Theme::parse(text).map(Rc::new),
    });
    let mut all: Vec<Found> = shipped.collect();
    all.extend(own);
    all
}

fn own_files(folder: &Path) -> Vec<Found> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_theme(path))
        .collect();
    paths.sort();
    let too_many = paths.len() > FILES_MAX;
    paths.truncate(FILES_MAX);
    let mut found: Vec<Found> = paths.iter().filter_map(|path| found_at(path)).collect();
    if let (true, Some(last)) = (too_many, found.last_mut()) {
        last.theme = Err(Fault::TooMany.into());
    }
    found
}

fn found_at(path: &Path) -> Option<Found> {
    let id = path.file_stem()?.to_str()?.to_owned();
    let theme = read(path).and_then(|text| Theme::parse(&text));
    let name = theme.as_ref().ok().and_then(|theme| theme.name.clone());
    Some(Found {
        title: name.unwrap_or_else(|| id.clone()),
        id,
        is_own: true,
        theme: theme.map(Rc::new),
    })
}

fn is_theme(path: &Path) -> bool {
    let hidden = path.file_name().and_then(OsStr::to_str).is_none_or(|name| name.starts_with('.'));
    path.extension() == Some(OsStr::new(ENDING)) && !hidden
}

/// The text of a file of a theme's size.
fn read(path: &Path) -> Result<String, Problem> {
    let unreadable = |error: io::Error| Fault::Unreadable(error.to_string());
    // Opening a pipe would wait for who writes to it.
    let is_file = fs::metadata(path).map_err(unreadable)?.is_file();
    if !is_file {
        return Err(unreadable(io::ErrorKind::InvalidInput.into()).into());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Fault::TooLarge.into());
    }
    String::from_utf8(bytes).map_err(|_| Fault::NotText.into())
}

fn import_into(folder: &Path, path: &Path) -> Result<String, Problem> {
    let text = read(path)?;
    Theme::parse(&text)?;
    let unwritable = |error: io::Error| Fault::Unreadable(error.to_string());
    if let Some(parent) = folder.parent() {
        create_private_dir(parent).map_err(unwritable)?;
    }
    create_private_dir(folder).map_err(unwritable)?;
    let stem = id_of(path);
    for number in 1..=FILES_MAX {
        let id = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let target = folder.join(&id).with_added_extension(ENDING);
        let is_there = target.exists();
        if is_there && !read(&target).is_ok_and(|there| there == text) {
            continue;
        }
        if !is_there {
            write_private(&target, text.as_bytes()).map_err(unwritable)?;
        }
        return Ok(id);
    }
    Err(Fault::TooMany.into())
}

/// A file name of letters, digits and dashes.
fn id_of(path: &Path) -> String {
    let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let words = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let id: String = words.collect::<Vec<_>>().join("-").chars().take(ID_CHARS).collect();
    if id.is_empty() { "theme".into() } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"Sea\"\n[dark]\nwindow_bg = \"#001122\"\n";

    fn own(folder: &Path) -> Vec<(String, bool)> {
        let own = list_in(folder).into_iter().filter(|found| found.is_own);
        own.map(|found| (found.title, found.theme.is_ok())).collect()
    }

    #[test]
    fn own_files_are_listed_behind_the_five_and_replace_one_of_the_same_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(list_in(folder.path()).len(), 5);
        assert_eq!(list_in(&folder.path().join("none")).len(), 5);
        for name in ["sea.toml", ".hidden.toml", "sea.txt"] {
            fs::write(folder.path().join(name), GOOD).unwrap();
        }
        fs::write(folder.path().join("broken.toml"), "[").unwrap();
        assert_eq!(own(folder.path()), [("broken".into(), false), ("Sea".into(), true)]);
        fs::write(folder.path().join("paper.toml"), GOOD).unwrap();
        let all = list_in(folder.path());
        assert_eq!(all.len(), 7);
        assert!(all.iter().find(|found| found.id == "paper").unwrap().is_own);
    }

    #[test]
    fn what_is_too_large_or_no_text_or_no_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let fault = |path: &Path| read(path).unwrap_err().fault;
        fs::write(&path, "#".repeat(BYTES_MAX as usize)).unwrap();
        assert!(read(&path).is_ok());
        fs::write(&path, "#".repeat(BYTES_MAX as usize + 1)).unwrap();
        assert_eq!(fault(&path), Fault::TooLarge);
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(fault(&path), Fault::NotText);
        assert!(matches!(fault(folder.path()), Fault::Unreadable(_)));
        assert!(matches!(fault(&folder.path().join("none")), Fault::Unreadable(_)));
    }

    #[test]
    fn only_so_many_files_are_looked_at_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FILES_MAX {
            fs::write(folder.path().join(format!("{number:03}.toml")), GOOD).unwrap();
        }
        let listed = own_files(folder.path());
        assert_eq!(listed.len(), FILES_MAX);
        assert_eq!(listed.last().unwrap().theme.as_ref().unwrap_err().fault, Fault::TooMany);
    }

    #[test]
    fn an_imported_file_gets_a_free_name_and_once_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        let themes = folder.path().join("config/themes");
        let path = folder.path().join("My  sea!.toml");
        fs::write(&path, GOOD).unwrap();
        assert_eq!(import_into(&themes, &path).unwrap(), "My-sea");
        assert_eq!(import_into(&themes, &path).unwrap(), "My-sea");
        fs::write(&path, GOOD.replace("Sea", "Lake")).unwrap();
        assert_eq!(import_into(&themes, &path).unwrap(), "My-sea-2");
        assert_eq!(own(&themes), [("Lake".into(), true), ("Sea".into(), true)]);
        fs::write(&path, "[dark]\nwindow = \"#000\"\n").unwrap();
        assert_eq!(import_into(&themes, &path).unwrap_err().line, Some(2));
        assert_eq!(own(&themes).len(), 2, "what is wrong is not copied");
    }
}
