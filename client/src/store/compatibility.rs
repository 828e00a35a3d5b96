//! Profiles that programs of before left open as they are. A fixture that stands is never changed:
//! a new form of a file gets one more.

use std::fs;

use rusqlite::Connection;
use tertulia_proto::{AccountId, Epoch, RoomId, Timestamp};

use super::{outbox_file::OutboxFile, profile::Profile};
use crate::SystemEnv;

#[test]
fn an_outbox_of_version_1_opens_with_its_messages_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let written = Connection::open(dir.path().join("outbox.db")).unwrap();
    written.execute_batch(include_str!("fixtures/outbox-1.sql")).unwrap();
    drop(written);
    let mut outbox = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
    let rows = outbox.take_over().unwrap();
    let told: Vec<_> = rows.iter().map(|(_, row)| (row.text.as_str(), row.room)).collect();
    let lobby = RoomId(1);
    assert_eq!(told, [("Written on the train", lobby), ("And in the tunnel", lobby)]);
    let (_, first) = &rows[0];
    assert_eq!(first.message_id.to_string(), "01a21b46-7960-7143-a611-a80460ceb6cb");
    assert!(first.epoch.is_some() && first.failed.is_none() && first.reply_to.is_none());
    assert_eq!(first.created, Timestamp(1_795_753_933_152));
}

#[test]
fn a_record_of_version_1_is_read_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let text = include_str!("fixtures/profile-1.json");
    fs::write(dir.path().join("profile.json"), text).unwrap();
    let profile = Profile::load(dir.path()).unwrap().unwrap();
    assert_eq!(profile.account, AccountId(1));
    assert_eq!((profile.handle.as_str(), profile.display.as_str()), ("ana", "Ana"));
    assert_eq!(profile.epoch.0[..4], [38, 135, 93, 232]);
    assert_ne!(profile.epoch, Epoch([0; 16]));
    assert!(profile.link.to_string().starts_with("tertulia://127.0.0.1:45128/"));
}
