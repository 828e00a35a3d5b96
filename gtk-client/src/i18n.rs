//! Words in the reader's language: standard `.po` files, looked up by the program itself.
//!
//! Why not the C library's gettext: it gives no translations at all where the locale is `C` or
//! `C.UTF-8`, whatever `LANGUAGE` says, and a fresh Debian has no other locale until one is
//! generated. So the `.po` files are built in; [`tr`] looks texts up, and `build.rs` makes one
//! translated set of templates per language, of which [`init`] registers the right one.

mod catalog;

use std::sync::OnceLock;

use gtk::{gio, glib};

use catalog::Catalog;

struct Language {
    code: &'static str,
    po: &'static str,
    templates: &'static [u8],
}

const ENGLISH_TEMPLATES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ui-en.gresource"));

macro_rules! language {
    ($code:literal) => {
        Language {
            code: $code,
            po: include_str!(concat!("../po/", $code, ".po")),
            templates: include_bytes!(concat!(env!("OUT_DIR"), "/ui-", $code, ".gresource")),
        }
    };
}

const LANGUAGES: [Language; 3] = [language!("de"), language!("es"), language!("fr")];

static CATALOG: OnceLock<Catalog> = OnceLock::new();

/// Chooses the language by `LANGUAGE`, `LC_ALL`, `LC_MESSAGES` and `LANG`, and registers the
/// templates in it. To be called before the first widget is made; once is enough.
pub(crate) fn init() {
    CATALOG.get_or_init(|| {
        let language = choose(glib::language_names().iter().map(|name| name.as_str()));
        let templates = language.map_or(ENGLISH_TEMPLATES, |language| language.templates);
        let resource = gio::Resource::from_data(&glib::Bytes::from_static(templates))
            .expect("the resource was compiled into the program by build.rs");
        gio::resources_register(&resource);
        language.map_or_else(Catalog::default, |language| Catalog::parse(language.po))
    });
}

/// The first name of a language that we speak; English needs none.
fn choose<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'static Language> {
    for name in names {
        let code = name.split(['_', '.', '@']).next().unwrap_or(name);
        if matches!(code, "en" | "C" | "POSIX") {
            return None;
        }
        if let Some(language) = LANGUAGES.iter().find(|known| known.code == code) {
            return Some(language);
        }
    }
    None
}

/// The text in the reader's language.
pub(crate) fn tr(english: &'static str) -> &'static str {
    CATALOG.get().and_then(|catalog| catalog.get(english)).unwrap_or(english)
}

/// A figure that is written with a point, as the reader's language writes it.
pub(crate) fn figure(text: &str) -> String {
    let sign = tr("1.5").trim_matches(|c: char| c.is_ascii_digit());
    text.replace('.', sign)
}

/// A counted text in the reader's language; `{n}` becomes the count.
pub(crate) fn trn(one: &'static str, many: &'static str, count: u64) -> String {
    let text = CATALOG
        .get()
        .and_then(|catalog| catalog.get_counted(one, count))
        .unwrap_or(if count == 1 { one } else { many });
    fill(text, &[("n", &count.to_string())])
}

/// Replaces `{key}` by its value. Values are not looked into again.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let known = after.split_once('}').and_then(|(key, behind)| {
            let (_, value) = values.iter().find(|(name, _)| *name == key)?;
            Some((value, behind))
        });
        match known {
            Some((value, behind)) => {
                out += value;
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests;
