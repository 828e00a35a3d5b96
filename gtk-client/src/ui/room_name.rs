//! An entry for the name of a room: a space that one types becomes a dash, as names have none.

use adw::prelude::*;
use tertulia_client::proto::{NameError, RoomName};

/// To be called once for an entry.
pub(super) fn tend(entry: &adw::EntryRow) {
    entry.connect_changed(|entry| {
        let text = entry.text();
        if text.contains(char::is_whitespace) {
            // As long as before: the cursor stays where it is.
            let at = entry.position();
            entry.set_text(&text.replace(char::is_whitespace, "-"));
            entry.set_position(at);
        }
    });
}

/// The name that is written there.
pub(super) fn read(entry: &adw::EntryRow) -> Result<RoomName, NameError> {
    // Those at an end were spaces that nobody meant.
    RoomName::new(entry.text().trim_matches('-'))
}
