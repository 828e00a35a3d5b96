//! How scripts name a file: by the message that brought it, so that who may not read the message
//! learns nothing by asking.

use std::{fmt, str::FromStr};

use tertulia_client::proto::{Event, RoomId, Seq};

/// `ROOM.SEQ`, in numbers: a room's name may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
}

impl FileId {
    /// That of the file that a message brought.
    pub(crate) fn of(event: &Event) -> Self {
        Self { room: event.head.room, seq: event.head.seq }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.room, self.seq)
    }
}

impl FromStr for FileId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (room, seq) = text.trim().split_once('.').ok_or(())?;
        let number = |text: &str| text.parse().map_err(drop);
        Ok(Self { room: RoomId(number(room)?), seq: Seq(number(seq)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_message() {
        let id = FileId { room: RoomId(281_474_976_710_655), seq: Seq(12) };
        assert_eq!(id.to_string(), "281474976710655.12");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "1", "1.", ".1", "1.2.3", "a.1", &"a7".repeat(32)] {
            assert_eq!(bad.parse::<FileId>(), Err(()), "{bad}");
        }
    }
}
