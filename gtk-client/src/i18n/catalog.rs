//! The part of gettext's `.po` format that translations use. Shared with `build.rs`.

use std::collections::BTreeMap;

/// The translations of one language, by English text. Fuzzy and empty ones are left out.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    forms: BTreeMap<String, Vec<String>>,
    counting: Counting,
}

/// Which form of a counted text is said of how many, by the file's `Plural-Forms`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Counting {
    /// One, and all else, none too: English, German, Spanish.
    #[default]
    OneAndElse,
    /// None and one, and more: French.
    UpToOneAndElse,
}

impl Counting {
    /// Reads the header of a `.po` file; `None`: a rule that we don't know.
    fn of_header(header: &str) -> Option<Self> {
        let rule = header.split_once("plural=(")?.1.split_once(')')?.0;
        match rule {
            "n != 1" => Some(Self::OneAndElse),
            "n > 1" => Some(Self::UpToOneAndElse),
            _ => None,
        }
    }

    #[allow(dead_code, reason = "templates have no counted texts: build.rs never asks")]
    fn form(self, count: u64) -> usize {
        usize::from(match self {
            Self::OneAndElse => count != 1,
            Self::UpToOneAndElse => count > 1,
        })
    }
}

impl Catalog {
    /// Reads a `.po` file. What it does not understand it skips: a text then stays English, and
    /// the completeness test fails.
    pub(crate) fn parse(po: &str) -> Self {
        let mut catalog = Self::default();
        let mut entry = Entry::default();
        for line in po.lines().map(str::trim) {
            if line.is_empty() {
                catalog.take(std::mem::take(&mut entry));
            } else if let Some(flags) = line.strip_prefix("#,") {
                entry.fuzzy |= flags.contains("fuzzy");
            } else if !line.starts_with('#') {
                entry.read(line);
            }
        }
        catalog.take(entry);
        catalog
    }

    /// The translation, if there is one.
    pub(crate) fn get(&self, english: &str) -> Option<&str> {
        self.forms.get(english)?.first().map(String::as_str)
    }

    /// The translation of a counted text, if there is one.
    #[allow(dead_code, reason = "templates have no counted texts: build.rs never asks")]
    pub(crate) fn get_counted(&self, english: &str, count: u64) -> Option<&str> {
        self.forms.get(english)?.get(self.counting.form(count)).map(String::as_str)
    }

    /// Every English text.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.forms.keys().map(String::as_str)
    }

    fn take(&mut self, entry: Entry) {
        if entry.id.is_empty() {
            let header = entry.forms.first().map(String::as_str).unwrap_or_default();
            self.counting = Counting::of_header(header).unwrap_or(self.counting);
        }
        let complete = !entry.fuzzy
            && !entry.id.is_empty()
            && !entry.forms.is_empty()
            && entry.forms.iter().all(|form| !form.is_empty());
        if complete {
            self.forms.insert(entry.id, entry.forms);
        }
    }
}

#[derive(Default)]
struct Entry {
    fuzzy: bool,
    id: String,
    plural: String,
    forms: Vec<String>,
    field: Field,
}

#[derive(Default)]
enum Field {
    #[default]
    Id,
    Plural,
    Form,
}

impl Entry {
    fn read(&mut self, line: &str) {
        let quoted = match line.split_once(' ') {
            Some(("msgid", text)) => {
                self.field = Field::Id;
                text
            }
            Some(("msgid_plural", text)) => {
                self.field = Field::Plural;
                text
            }
            Some((keyword, text)) if keyword.starts_with("msgstr") => {
                self.field = Field::Form;
                self.forms.push(String::new());
                text
            }
            _ => line,
        };
        let text = unquote(quoted);
        match self.field {
            Field::Id => self.id += &text,
            Field::Plural => self.plural += &text,
            Field::Form => {
                if let Some(form) = self.forms.last_mut() {
                    *form += &text;
                }
            }
        }
    }
}

fn unquote(text: &str) -> String {
    let inner =
        text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// A GtkBuilder template with every text marked `translatable="yes"` replaced.
#[allow(dead_code, reason = "build.rs calls it, the program does not")]
pub(crate) fn translate_template(xml: &str, catalog: &Catalog) -> String {
    let mut out = String::with_capacity(xml.len());
    for (markup, text) in marked_texts(xml) {
        out += markup;
        let english = unescape(text);
        match catalog.get(&english) {
            Some(translated) => out += &escape(translated),
            None => out += text,
        }
    }
    out
}

/// Cuts a template into pairs of (what stands before, marked text); the last text is empty.
pub(crate) fn marked_texts(xml: &str) -> Vec<(&str, &str)> {
    const MARK: &str = "translatable=\"yes\"";
    let mut pairs = Vec::new();
    let mut rest = xml;
    while let Some(mark) = rest.find(MARK) {
        let Some(begin) = rest[mark..].find('>').map(|at| mark + at + 1) else {
            break;
        };
        let Some(end) = rest[begin..].find('<').map(|at| begin + at) else {
            break;
        };
        pairs.push((&rest[..begin], &rest[begin..end]));
        rest = &rest[end..];
    }
    pairs.push((rest, ""));
    pairs
}

pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
