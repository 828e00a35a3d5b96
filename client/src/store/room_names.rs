//! `rooms.json`: which rooms there were when they were last listed, so that a message can be
//! written to one while there is no connection. Only a memory: a broken one is as good as none.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};
use tertulia_certs::files;
use tertulia_proto::{Epoch, RoomId, RoomName};

pub(super) const FILE: &str = "rooms.json";

/// Rooms by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoomNames {
    /// The history that the ids belong to.
    epoch: Epoch,
    rooms: BTreeMap<RoomName, RoomId>,
}

impl RoomNames {
    pub(crate) fn new(epoch: Epoch, rooms: impl Iterator<Item = (RoomName, RoomId)>) -> Self {
        Self { epoch, rooms: rooms.collect() }
    }

    pub(crate) fn load(profile: &Path) -> Option<Self> {
        let text = fs::read_to_string(profile.join(FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(crate) fn save(&self, profile: &Path) -> io::Result<()> {
        files::write_private(&profile.join(FILE), &serde_json::to_vec(self)?)
    }

    pub(crate) fn get(&self, epoch: Epoch, name: &RoomName) -> Option<RoomId> {
        self.rooms.get(name).copied().filter(|_| self.epoch == epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_remembered_for_one_history() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RoomNames::load(dir.path()), None);
        let name = RoomName::new("música").unwrap();
        let (ours, other) = (Epoch([1; 16]), Epoch([2; 16]));
        let names = RoomNames::new(ours, [(name.clone(), RoomId(7))].into_iter());
        names.save(dir.path()).unwrap();
        let read = RoomNames::load(dir.path()).unwrap();
        assert_eq!(read.get(ours, &name), Some(RoomId(7)));
        assert_eq!(read.get(other, &name), None);
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(RoomNames::load(dir.path()), None);
    }
}
