//! `drafts.json`: what was typed and not sent, by room. A broken file is as good as none: it is in
//! nobody's way.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};
use tertulia_certs::files;
use tertulia_proto::{Epoch, RoomId};

use crate::core::drafts::Drafts;

pub(super) const FILE: &str = "drafts.json";

#[derive(Serialize, Deserialize)]
struct Record {
    /// The history that the rooms belong to: in another one the same number is another room.
    epoch: Option<Epoch>,
    drafts: BTreeMap<RoomId, String>,
}

/// What was kept for this history.
pub(crate) fn load(profile: &Path, epoch: Option<Epoch>) -> Drafts {
    let text = fs::read_to_string(profile.join(FILE)).unwrap_or_default();
    let record: Option<Record> = serde_json::from_str(&text).ok();
    let record = record.filter(|record| record.epoch == epoch);
    record.map(|record| Drafts::kept(record.drafts)).unwrap_or_default()
}

/// Keeps them, whole or not at all, readable by nobody else.
pub(crate) fn save(
    profile: &Path,
    epoch: Option<Epoch>,
    drafts: BTreeMap<RoomId, String>,
) -> io::Result<()> {
    files::write_private(&profile.join(FILE), &serde_json::to_vec(&Record { epoch, drafts })?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const OURS: Option<Epoch> = Some(Epoch([1; 16]));

    #[test]
    fn drafts_are_kept_for_one_history_and_for_oneself() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path(), OURS).all().is_empty());
        let drafts: BTreeMap<_, _> = [(RoomId(7), "half a thought".to_owned())].into();
        save(dir.path(), OURS, drafts.clone()).unwrap();
        assert_eq!(*load(dir.path(), OURS).all(), drafts);
        assert!(load(dir.path(), Some(Epoch([2; 16]))).all().is_empty());
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_file_is_as_good_as_none() {
        let dir = tempfile::tempdir().unwrap();
        for broken in [&b"{"[..], b"", b"\xff\xfe", b"{\"epoch\":null}"] {
            fs::write(dir.path().join(FILE), broken).unwrap();
            assert!(load(dir.path(), OURS).all().is_empty());
        }
    }
}
