//! Files that people send and fetch. A file that a killed process was sending the next one goes on
//! with: it is one message, or none where it was refused.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tertulia_client::{TransferError, Uploaded};
use tertulia_proto::{Attachment, FileHash, FileName, RoomId, Seq};
use tokio::time;

use super::{
    beside::content,
    chance::Chance,
    facts::RoomFacts,
    ledger::{Number, Told},
    process::Process,
    world::PATIENCE,
};

/// The longest, in bytes: several pieces of an upload; most are shorter.
const LONGEST: u64 = 400_000;
/// Before a file that did not get through is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// Files that one process sends at once.
const AT_ONCE: usize = 3;

/// Begins to send a file that nobody sent before.
pub(super) async fn send(process: &Process, room: RoomId, chance: &Chance) {
    if process.uploads.load(Ordering::Relaxed) >= AT_ONCE {
        return;
    }
    let bytes = content(chance.bits(), 1 + chance.below(1 + chance.below(LONGEST)));
    let name = format!("{}.{}.{:x}", process.person, process.life, chance.bits());
    let Ok(name) = FileName::new(&name) else { return };
    let folder = process.world.outgoing(process.person);
    let written =
        fs::create_dir_all(&folder).and_then(|()| fs::write(place(process, &name), &bytes));
    if let Err(error) = written {
        return process.world.ledger.violated(format!("a file can't be made: {error}"));
    }
    let file = Attachment {
        name,
        size: bytes.len() as u64,
        hash: FileHash(Sha256::digest(&bytes).into()),
    };
    let number = process.world.ledger.wants_to_send(process.person, room, file);
    begin(process, number);
}

/// Goes on with all that an earlier process of this person's did not hear the end of.
pub(super) fn go_on(process: &Process) {
    let written = process.world.ledger.written();
    for (number, message) in written.iter().enumerate() {
        let is_open = message.file.is_some() && message.told == Told::Nothing;
        if message.person == process.person && is_open {
            begin(process, number);
        }
    }
}

fn begin(process: &Process, number: Number) {
    process.uploads.fetch_add(1, Ordering::Relaxed);
    let process = process.clone();
    tokio::spawn(async move {
        sent(&process, number).await;
        process.uploads.fetch_sub(1, Ordering::Relaxed);
    });
}

/// Until it is known what became of it.
async fn sent(process: &Process, number: Number) {
    let written = process.world.ledger.written();
    let Some((message, file)) = written.get(number).and_then(|m| Some((m, m.file.as_ref()?)))
    else {
        return;
    };
    while !process.machine.is_dead() {
        let mut upload = process.client.upload(message.room, None, place(process, &file.name));
        match upload.outcome().await {
            Ok(Uploaded { message_id, seq, .. }) => {
                process.named(number, message_id);
                process.tell(number, Told::Receipted(seq));
                // A process that is killed before this sends it once more.
                return match process.machine.is_dead() {
                    true => {}
                    false => upload.settle().await,
                };
            }
            Err(TransferError::Refused(_)) => return process.tell(number, Told::Refused),
            // It has to be closed for the next one to go on.
            Err(TransferError::Closed) => return,
            Err(TransferError::Stuck) => time::sleep(PAUSE).await,
            Err(error) if process.machine.is_dead() => return drop(error),
            Err(error) => {
                let who = process.person;
                return process.world.ledger.violated(format!("{who} can't send a file: {error}"));
            }
        }
    }
}

/// Fetches a file that somebody was told is there.
pub(super) async fn fetch_one(process: &Process, room: RoomId, chance: &Chance) {
    let written = process.world.ledger.written();
    let places: Vec<_> = written
        .iter()
        .filter(|message| message.room == room)
        .filter_map(|message| match (&message.file, message.told) {
            (Some(file), Told::Receipted(seq)) => Some((seq, file)),
            _ => None,
        })
        .collect();
    let Some((seq, file)) = chance.pick(&places).copied() else { return };
    let Some(target) = target(process, seq, file) else { return };
    let mut download = process.client.download((room, seq), file.clone(), target.clone(), true);
    // The room may be closed to them by then, and the way down for long.
    if let Ok(Ok(_)) = time::timeout(PAUSE, download.outcome()).await
        && !process.machine.is_dead()
    {
        compare(process, &target, file);
    }
}

/// Fetches every file of a room, at rest: each is to be had, whole.
pub(super) async fn fetch_all(process: &Process, room: RoomId, facts: &RoomFacts, from: Seq) {
    let written = process.world.ledger.written();
    for event in facts.events.iter().filter(|event| event.seq >= from) {
        let Some((hash, _)) = event.file else { continue };
        let files = written.iter().filter_map(|message| message.file.as_ref());
        // Who sent it, the verdict knows.
        let Some(file) = files.into_iter().find(|file| file.hash == hash) else { continue };
        let Some(target) = target(process, event.seq, file) else { continue };
        let at = (room, event.seq);
        let mut download = process.client.download(at, file.clone(), target.clone(), true);
        match time::timeout(PATIENCE, download.outcome()).await {
            Ok(Ok(_)) => compare(process, &target, file),
            other => {
                let (who, seq) = (process.person, event.seq);
                let text = format!("{who} can't have the file of {seq} of room {room}: {other:?}");
                process.world.ledger.violated(text);
            }
        }
    }
}

fn compare(process: &Process, path: &Path, file: &Attachment) {
    let found = fs::read(path).map(|content| FileHash(Sha256::digest(&content).into()));
    let is_it = found.as_ref().is_ok_and(|found: &FileHash| *found == file.hash);
    if !is_it {
        let (who, what) =
            (process.person, found.map(drop).map_err(|error: io::Error| error.kind()));
        process
            .world
            .ledger
            .violated(format!("{who} was given another file than {}: {what:?}", file.name));
    }
    // There is little memory, and many of them.
    let _ = fs::remove_file(path);
}

fn place(process: &Process, name: &FileName) -> PathBuf {
    process.world.outgoing(process.person).join(name.as_str())
}

/// Where a fetched file goes. `None`: nowhere, which the ledger knows.
fn target(process: &Process, seq: Seq, file: &Attachment) -> Option<PathBuf> {
    let folder = process.world.outgoing(process.person);
    if let Err(error) = fs::create_dir_all(&folder) {
        process.world.ledger.violated(format!("a folder can't be made: {error}"));
        return None;
    }
    Some(folder.join(format!("fetched-{}-{seq}-{}", process.life, file.name)))
}
