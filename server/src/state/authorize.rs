//! Who may do what: the one place that decides it.

use tertulia_proto::{Refusal, Role, RoomKind};

use super::access::Access;

/// What is asked for. Room actions carry `None` where no such room exists, so that a missing
/// room and a hidden one take the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Read(Option<Access>),
    Enter(Option<Access>),
    Leave(Option<Access>),
    Post(Option<Access>),
    /// Give somebody a role in the room: the new one, and the one had so far.
    SetMember(Option<Access>, Role, Option<Role>),
    /// Put somebody of that role out.
    RemoveMember(Option<Access>, Role),
    SetTopic(Option<Access>),
    RenameRoom(Option<Access>),
    Archive(Option<Access>),
    CreateRoom(RoomKind),
    OpenDirect,
    Invite(Role),
}

/// Decides, by the account's role on the server and in the room.
pub(crate) fn authorize(actor: Role, action: Action) -> Result<(), Refusal> {
    let allowed = match action {
        Action::Read(room) => return visible(room).map(drop),
        Action::Enter(room) => {
            let room = visible(room)?;
            // Who is in already may say so again.
            room.member.is_some() || is_open(room)?
        }
        Action::Leave(room) => {
            let room = visible(room)?;
            room.member.is_some() && room.kind != RoomKind::Direct
        }
        Action::Post(room) => {
            let room = visible(room)?;
            is_open(room)? && room.member.unwrap_or(actor).min(actor) >= Role::Member
        }
        Action::SetMember(room, role, before) => {
            let power = keeper(actor, visible(room)?)?;
            power >= Role::Moderator
                && role <= power
                && before.is_none_or(|before| rules(power, before))
        }
        Action::RemoveMember(room, role) => {
            let power = keeper(actor, visible(room)?)?;
            power >= Role::Moderator && rules(power, role)
        }
        Action::SetTopic(room) => keeper(actor, visible(room)?)? >= Role::Moderator,
        Action::RenameRoom(room) => keeper(actor, visible(room)?)? == Role::Owner,
        Action::Archive(room) => power(actor, visible(room)?) == Role::Owner,
        Action::CreateRoom(RoomKind::Direct) => return Err(Refusal::INVALID),
        Action::CreateRoom(_) | Action::OpenDirect => actor >= Role::Member,
        Action::Invite(role) => actor >= Role::Moderator && role <= actor,
    };
    if allowed { Ok(()) } else { Err(Refusal::FORBIDDEN) }
}

/// To an outsider a room that is not public does not exist, whatever the role on the server.
fn visible(room: Option<Access>) -> Result<Access, Refusal> {
    room.filter(|room| room.kind == RoomKind::Public || room.member.is_some())
        .ok_or(Refusal::NO_SUCH_ROOM)
}

/// Always true: an archived room says so instead.
fn is_open(room: Access) -> Result<bool, Refusal> {
    if room.archived { Err(Refusal::ARCHIVED) } else { Ok(true) }
}

/// What one may do as a keeper of a room that is not archived.
fn keeper(actor: Role, room: Access) -> Result<Role, Refusal> {
    is_open(room)?;
    Ok(power(actor, room))
}

/// Who keeps order on the server does so in every room that they see; a guest of the server
/// nowhere. Two people alone keep their order themselves.
fn power(actor: Role, room: Access) -> Role {
    let on_server = if actor >= Role::Moderator { actor } else { Role::Guest };
    match (room.kind, actor) {
        (RoomKind::Direct, _) | (_, Role::Guest) => Role::Guest,
        _ => room.member.unwrap_or(Role::Guest).max(on_server),
    }
}

/// Whether one of that power may change what one of that role is.
fn rules(power: Role, over: Role) -> bool {
    over < power || power == Role::Owner
}

#[cfg(test)]
mod tests;
