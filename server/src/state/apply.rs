//! One entry, one outcome.

use rusqlite::Connection;
use tertulia_proto::Refusal;

use super::{
    entry::{Entry, LogCommand},
    invites, members, messages, reading, registration, rooms,
    verdict::{Applied, Outcome, Stop, Verdict},
};

/// Applies one entry inside the caller's transaction. An `Err` is the disk's; the caller rolls
/// back what was written, and so it does on `Repeat` and `Refused`.
pub(crate) fn apply(tx: &Connection, entry: &Entry<'_>) -> rusqlite::Result<Outcome> {
    let verdict = match entry.command {
        LogCommand::Register(command) => registration::register(tx, entry, command),
        LogCommand::Send(command) => messages::send(tx, entry, command),
        LogCommand::CreateRoom(command) => rooms::create(tx, entry, command),
        LogCommand::EnterRoom(command) => members::enter(tx, entry, command),
        LogCommand::LeaveRoom(command) => members::leave(tx, entry, command),
        LogCommand::MarkRead(command) => reading::mark_read(tx, entry, command),
        LogCommand::StoreInvite(command) => invites::store(tx, entry, command),
        LogCommand::Rename(command) => registration::rename(tx, entry, command),
        LogCommand::OpenDirect(command) => rooms::open_direct(tx, entry, command),
        LogCommand::SetMember(command) => members::set_member(tx, entry, command),
        LogCommand::RemoveMember(command) => members::remove_member(tx, entry, command),
        LogCommand::SetTopic(command) => rooms::set_topic(tx, entry, command),
        LogCommand::RenameRoom(command) => rooms::rename(tx, entry, command),
        LogCommand::ArchiveRoom(command) => rooms::archive(tx, entry, command),
    };
    Ok(match verdict {
        Ok(Verdict::Applied(reply, effects)) => Outcome::Applied(Applied { reply, effects }),
        Ok(Verdict::Repeat(reply)) => Outcome::Repeat(reply),
        Err(Stop::Refused(refusal)) => Outcome::Refused { refusal, proposal: None },
        Err(Stop::NameTaken(proposal)) => {
            Outcome::Refused { refusal: Refusal::NAME_TAKEN, proposal }
        }
        Err(Stop::Sql(error)) => return Err(error),
    })
}
