//! How people and scripts name rooms.

use std::fmt;

use tertulia_client::proto::{Handle, RoomKind, RoomListing, RoomName};

use crate::failure::Failure;

/// A room as it was typed: `name` or `#name`, or `@handle` for the direct one with that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Room(RoomName),
    Direct(Handle),
}

impl Address {
    /// Parses what was typed.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        if text.starts_with('@') {
            return parse_handle(text).map(Self::Direct);
        }
        RoomName::new(text).map(Self::Room).map_err(|error| {
            Failure::failed(format!(
                "no room can be called {text:?} ({error}); take 1 to 32 letters or digits"
            ))
        })
    }

    /// The address of a room that is known.
    pub(crate) fn of(room: &RoomListing) -> Self {
        match (room.kind, &room.peer) {
            (RoomKind::Direct, Some(peer)) => Self::Direct(peer.handle.clone()),
            _ => Self::Room(room.name.clone()),
        }
    }

    /// Whether that room is meant.
    pub(crate) fn is(&self, room: &RoomListing) -> bool {
        *self == Self::of(room)
    }

    /// As objects have it: without `#`.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Room(name) => name.to_string(),
            Self::Direct(handle) => format!("@{handle}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(name) => write!(f, "#{name}"),
            Self::Direct(handle) => write!(f, "@{handle}"),
        }
    }
}

/// A person as typed: `handle` or `@handle`.
pub(crate) fn parse_handle(text: &str) -> Result<Handle, Failure> {
    Handle::new(text.strip_prefix('@').unwrap_or(text)).map_err(|error| {
        Failure::failed(format!(
            "nobody can be called {text:?} ({error}); handles are shown by: tertulia-cli users"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_as_it_is_shown() {
        for (typed, shown, word) in [
            ("lobby", "#lobby", "lobby"),
            ("#Música", "#música", "música"),
            ("@Ana.María", "@ana.maría", "@ana.maría"),
        ] {
            let address = Address::parse(typed).unwrap();
            assert_eq!((address.to_string().as_str(), address.word().as_str()), (shown, word));
            assert_eq!(Address::parse(shown).unwrap(), address);
        }
        for wrong in ["", "#", "@", "@x", "a b", "##x", "@@ana"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_handle("ana").unwrap(), parse_handle("@ana").unwrap());
    }
}
