//! PROTOCOL.md, by its headings and tables.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The cells of every row of every table.
pub(crate) fn rows(part: &str) -> impl Iterator<Item = Vec<&str>> {
    part.lines()
        .filter_map(|line| line.strip_prefix("| "))
        .map(|line| line.trim_end_matches('|').split(" | ").map(str::trim).collect())
}

/// From a heading to the next of its rank or a higher one.
pub(crate) fn section(heading: &str) -> &'static str {
    let text = text();
    let start = text.find(&format!("\n{heading}")).unwrap() + 1;
    let rank = heading.bytes().take_while(|byte| *byte == b'#').count();
    let ends = (1..=rank).filter_map(|rank| {
        let next = format!("\n{} ", "#".repeat(rank));
        text[start..].find(&next).map(|at| start + at)
    });
    &text[start..ends.min().unwrap_or(text.len())]
}

pub(crate) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| source("PROTOCOL.md"))
}

pub(crate) fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
