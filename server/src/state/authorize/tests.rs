//! Every combination of role, action, kind of room and membership, against what a person would
//! say of it: written as a table of its own, not as the rules are.

use tertulia_proto::{HistoryPolicy, Refusal, Role, RoomKind, Seq};

use super::{Action, authorize};
use crate::state::access::Access;

const ROLES: [Role; 4] = [Role::Guest, Role::Member, Role::Moderator, Role::Owner];
const KINDS: [RoomKind; 3] = [RoomKind::Public, RoomKind::Private, RoomKind::Direct];
const MEMBERSHIPS: [Option<Role>; 5] =
    [None, Some(Role::Guest), Some(Role::Member), Some(Role::Moderator), Some(Role::Owner)];

/// A way to ask for something of a room.
type Asked = (String, Box<dyn Fn(Option<Access>) -> Action>);

/// Everything that can be asked of a room.
fn room_actions() -> Vec<Asked> {
    let mut all: Vec<Asked> = vec![
        ("read".into(), Box::new(Action::Read)),
        ("enter".into(), Box::new(Action::Enter)),
        ("leave".into(), Box::new(Action::Leave)),
        ("post".into(), Box::new(Action::Post)),
        ("topic".into(), Box::new(Action::SetTopic)),
        ("rename".into(), Box::new(Action::RenameRoom)),
        ("archive".into(), Box::new(Action::Archive)),
    ];
    for role in ROLES {
        all.push((
            format!("remove a {role}"),
            Box::new(move |room| Action::RemoveMember(room, role)),
        ));
        for before in MEMBERSHIPS {
            let name = before.map_or_else(|| "nobody".into(), |before| before.to_string());
            all.push((
                format!("make a {role} of a {name}"),
                Box::new(move |room| Action::SetMember(room, role, before)),
            ));
        }
    }
    all
}

fn rooms() -> Vec<Access> {
    let mut all = Vec::new();
    for kind in KINDS {
        for member in MEMBERSHIPS {
            for archived in [false, true] {
                for history in [HistoryPolicy::All, HistoryPolicy::SinceJoined] {
                    all.push(Access { kind, archived, history, member, since: Seq(3) });
                }
            }
        }
    }
    all
}

/// How much one is the keeper of a room: the column of the tables below.
/// 0 has no say, 1 keeps order, 2 owns.
fn say(actor: Role, kind: RoomKind, member: Option<Role>) -> usize {
    // Rows: the role on the server. Columns: none, guest, member, moderator, owner of the room.
    const GUEST: [usize; 5] = [0, 0, 0, 0, 0];
    const MEMBER: [usize; 5] = [0, 0, 0, 1, 2];
    const MODERATOR: [usize; 5] = [1, 1, 1, 1, 2];
    const OWNER: [usize; 5] = [2, 2, 2, 2, 2];
    if kind == RoomKind::Direct {
        return 0;
    }
    let row = match actor {
        Role::Guest => GUEST,
        Role::Member => MEMBER,
        Role::Moderator => MODERATOR,
        Role::Owner => OWNER,
    };
    row[member.map_or(0, |role| role as usize + 1)]
}

/// What a person would say.
fn expected(actor: Role, name: &str, room: Access) -> Result<(), Refusal> {
    const FORBIDDEN: Result<(), Refusal> = Err(Refusal::FORBIDDEN);
    let Access { kind, member, archived, .. } = room;
    if kind != RoomKind::Public && member.is_none() {
        return Err(Refusal::NO_SUCH_ROOM);
    }
    let yes = |allowed: bool| if allowed { Ok(()) } else { FORBIDDEN };
    let say = say(actor, kind, member);
    match name {
        "read" => return Ok(()),
        "enter" if member.is_some() => return Ok(()),
        "leave" => return yes(member.is_some() && kind != RoomKind::Direct),
        "archive" => return yes(say == 2),
        _ if archived => return Err(Refusal::ARCHIVED),
        _ => {}
    }
    match name {
        "enter" => Ok(()),
        "post" => yes(actor != Role::Guest && member != Some(Role::Guest)),
        "topic" => yes(say > 0),
        "rename" => yes(say == 2),
        // A keeper has nothing to say over keepers, an owner over everyone.
        "remove a guest" | "remove a member" => yes(say > 0),
        "remove a moderator" | "remove a owner" => yes(say == 2),
        other => {
            let (role, before) =
                other.strip_prefix("make a ").unwrap().split_once(" of a ").unwrap();
            let to_keeper = matches!(before, "moderator" | "owner");
            yes(match say {
                0 => false,
                1 => role != "owner" && !to_keeper,
                _ => true,
            })
        }
    }
}

#[test]
fn every_role_gets_what_the_table_says_in_every_room() {
    let mut judged = 0;
    for actor in ROLES {
        for (name, action) in room_actions() {
            for room in rooms() {
                let answer = authorize(actor, action(Some(room)));
                assert_eq!(answer, expected(actor, &name, room), "{actor} wants: {name} {room:?}");
                judged += 1;
            }
        }
    }
    assert_eq!(judged, 4 * (7 + 4 + 20) * 60, "some combination was not tried");
}

#[test]
fn an_outsider_cannot_tell_a_hidden_room_from_a_missing_one() {
    for actor in ROLES {
        for (name, action) in room_actions() {
            let missing = authorize(actor, action(None));
            assert_eq!(missing, Err(Refusal::NO_SUCH_ROOM), "{actor} wants: {name}");
            let is_hidden = |room: &Access| room.kind != RoomKind::Public && room.member.is_none();
            for room in rooms().into_iter().filter(is_hidden) {
                assert_eq!(authorize(actor, action(Some(room))), missing, "{name} {room:?}");
            }
        }
    }
}

#[test]
fn nobody_invites_above_themselves_and_members_not_at_all() {
    for (actor, highest) in [
        (Role::Guest, None),
        (Role::Member, None),
        (Role::Moderator, Some(Role::Moderator)),
        (Role::Owner, Some(Role::Owner)),
    ] {
        for invited in ROLES {
            let allowed = highest.is_some_and(|highest| invited <= highest);
            let answer = authorize(actor, Action::Invite(invited));
            assert_eq!(answer.is_ok(), allowed, "{actor} invites a {invited}");
        }
    }
}

#[test]
fn guests_of_the_server_make_no_rooms_and_nobody_a_direct_one_by_hand() {
    for actor in ROLES {
        let allowed = if actor == Role::Guest { Err(Refusal::FORBIDDEN) } else { Ok(()) };
        for kind in [RoomKind::Public, RoomKind::Private] {
            assert_eq!(authorize(actor, Action::CreateRoom(kind)), allowed);
        }
        assert_eq!(authorize(actor, Action::OpenDirect), allowed);
        let by_hand = authorize(actor, Action::CreateRoom(RoomKind::Direct));
        assert_eq!(by_hand, Err(Refusal::INVALID));
    }
}
