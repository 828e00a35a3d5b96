//! What a file that is being sent will be known by, on the profile's disk: the same file to the
//! same room again, after whatever end, goes on and is one message.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tertulia_certs::files;
use tertulia_proto::{Attachment, Epoch, MessageId, RoomId, Seq};

/// Within a profile.
pub(crate) const FOLDER: &str = "uploads";
/// Records that are kept; beyond, the oldest go.
const RECORDS: usize = 64;

/// One record.
#[derive(Debug, Clone)]
pub(super) struct Record(PathBuf);

impl Record {
    /// Where the record of that upload is.
    pub(super) fn of(
        profile: &Path,
        epoch: Epoch,
        room: RoomId,
        reply_to: Option<Seq>,
        file: &Attachment,
    ) -> Self {
        let mut key = Sha256::new();
        key.update(epoch.0);
        key.update(room.0.to_be_bytes());
        key.update(reply_to.map_or(0, |seq| seq.0).to_be_bytes());
        key.update(file.hash.0);
        key.update(file.name.as_str());
        let key: [u8; 32] = key.finalize().into();
        Self(profile.join(FOLDER).join(tertulia_proto::FileHash(key).to_string()))
    }

    /// Whether it is the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// What it was called before, or `new` from now on, durably.
    pub(super) fn message_id(&self, new: MessageId) -> io::Result<MessageId> {
        if let Some(known) = self.read() {
            return Ok(known);
        }
        let folder = self.0.parent().unwrap_or_else(|| Path::new("."));
        files::create_private_dir(folder)?;
        drop_oldest(folder)?;
        match files::create_private(&self.0, format!("{new}\n").as_bytes()) {
            // Another process was quicker, or what is there can't be read.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self.read() {
                Some(known) => Ok(known),
                None => {
                    files::write_private(&self.0, format!("{new}\n").as_bytes())?;
                    Ok(new)
                }
            },
            written => written.map(|()| new),
        }
    }

    /// It is over. What can't be removed only makes the same upload the same message once more.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.0);
    }

    fn read(&self) -> Option<MessageId> {
        fs::read_to_string(&self.0).ok()?.trim().parse().ok()
    }
}

fn drop_oldest(folder: &Path) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut dated: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    dated.sort();
    let surplus = (dated.len() + 1).saturating_sub(RECORDS);
    for (_, path) in dated.into_iter().take(surplus) {
        // Another process may have been quicker.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{FileHash, FileName};

    use super::*;

    fn file(hash: u8) -> Attachment {
        Attachment { name: FileName::new("a").unwrap(), size: 1, hash: FileHash([hash; 32]) }
    }

    #[test]
    fn the_same_again_is_the_same_message_until_it_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let record =
            |room, hash| Record::of(dir.path(), Epoch([1; 16]), RoomId(room), None, &file(hash));
        let (one, two) = (MessageId([1; 16]), MessageId([2; 16]));
        assert_eq!(record(1, 1).message_id(one).unwrap(), one);
        assert_eq!(record(1, 1).message_id(two).unwrap(), one);
        assert_eq!(record(2, 1).message_id(two).unwrap(), two, "another room");
        assert_eq!(record(1, 2).message_id(two).unwrap(), two, "another content");
        record(1, 1).forget();
        assert_eq!(record(1, 1).message_id(two).unwrap(), two);
        fs::write(&record(1, 1).0, "what is this").unwrap();
        assert_eq!(record(1, 1).message_id(one).unwrap(), one, "a damaged one is made anew");
    }

    #[test]
    fn records_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        for room in 0..RECORDS as u64 + 5 {
            let record = Record::of(dir.path(), Epoch([1; 16]), RoomId(room), None, &file(1));
            record.message_id(MessageId([1; 16])).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path().join(FOLDER)).unwrap().count(), RECORDS);
    }
}
