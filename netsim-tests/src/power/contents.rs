//! The contents of files that messages brought, held against what the messages say.

use std::{fs, io, path::Path};

use sha2::{Digest, Sha256};
use tertulia_proto::FileHash;

use crate::sim::facts::Facts;

/// What is wrong with the files below that data directory: every message that brought one has it,
/// whole. What no message tells of counts nothing.
pub fn troubles(data: &Path, facts: &Facts) -> Vec<String> {
    let mut troubles = Vec::new();
    for (room, of_room) in &facts.rooms {
        for event in &of_room.events {
            let Some((hash, size)) = event.file else { continue };
            let what = match found(data, &hash) {
                Ok((found, bytes)) if (found, bytes) == (hash, size) => continue,
                Ok((_, bytes)) => format!("is another one of {bytes} bytes instead of {size}"),
                Err(error) => format!("can't be read: {error}"),
            };
            troubles.push(format!("the file of message {} of room {room} {what}", event.seq));
        }
    }
    troubles
}

fn found(data: &Path, hash: &FileHash) -> io::Result<(FileHash, u64)> {
    let name = hash.to_string();
    let (shelf, rest) = name.split_at(2);
    let content = fs::read(data.join("files").join(shelf).join(rest))?;
    Ok((FileHash(Sha256::digest(&content).into()), content.len() as u64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tertulia_proto::{RoomId, Seq};

    use super::*;
    use crate::sim::{
        facts::{EventFacts, RoomFacts},
        ledger::Seen,
    };

    #[test]
    fn a_file_that_is_missing_cut_or_changed_is_told_and_a_whole_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let hash = FileHash(Sha256::digest(b"content").into());
        let event = EventFacts {
            seq: Seq(1),
            position: 1,
            time: 0,
            account: 1,
            seen: Seen { message_id: None, text: None },
            file: Some((hash, 7)),
        };
        let room = RoomFacts {
            head: Seq(1),
            member_count: 1,
            topic: String::new(),
            since_joined: false,
            members: BTreeMap::new(),
            events: vec![event],
        };
        let facts = Facts { rooms: [(RoomId(1), room)].into(), ..Facts::default() };
        let count = || troubles(dir.path(), &facts).len();
        assert_eq!(count(), 1, "missing");
        let name = hash.to_string();
        let shelf = dir.path().join("files").join(&name[..2]);
        fs::create_dir_all(&shelf).unwrap();
        for (content, expected) in [(&b"conte"[..], 1), (b"c0ntent", 1), (b"content", 0)] {
            fs::write(shelf.join(&name[2..]), content).unwrap();
            assert_eq!(count(), expected);
        }
    }
}
