//! What the reader may do in a room, as far as the window can tell: the rules of the server's own
//! `authorize`, so that nothing is offered that would be refused. The server decides.

use tertulia_client::proto::{Role, RoomId, RoomKind, RoomListing};

/// Rights in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    room: RoomId,
    kind: RoomKind,
    archived: bool,
    /// On the server.
    account: Role,
    /// In the room; `None`: no member.
    member: Option<Role>,
}

impl Rights {
    /// Those of an account of that role on the server.
    pub(crate) fn new(listing: &RoomListing, account: Role) -> Self {
        let RoomListing { room, kind, archived, role, .. } = *listing;
        Self { room, kind, archived, account, member: role }
    }

    /// Whether one may write here.
    pub(crate) fn may_post(self) -> bool {
        !self.archived && self.member.unwrap_or(self.account).min(self.account) >= Role::Member
    }

    /// Whether one may say what it is about.
    pub(crate) fn may_set_topic(self) -> bool {
        self.keeps() >= Role::Moderator
    }

    /// Whether one may give it another name.
    pub(crate) fn may_rename(self) -> bool {
        self.keeps() == Role::Owner
    }

    /// Whether one may close it, or open it again.
    pub(crate) fn may_archive(self) -> bool {
        self.power() == Role::Owner && self.room != RoomId::LOBBY
    }

    /// Whether one may let others in.
    pub(crate) fn may_add(self) -> bool {
        self.keeps() >= Role::Moderator
    }

    /// Whether one may leave it.
    pub(crate) fn may_leave(self) -> bool {
        self.member.is_some() && self.kind != RoomKind::Direct
    }

    /// Whether one may give a member of that role another one.
    pub(crate) fn may_give(self, role: Role, before: Role) -> bool {
        let power = self.keeps();
        power >= Role::Moderator && role != before && role <= power && rules(power, before)
    }

    /// Whether one may put a member of that role out.
    pub(crate) fn may_remove(self, role: Role) -> bool {
        let power = self.keeps();
        power >= Role::Moderator && rules(power, role)
    }

    /// Whether one may open a room with one other person.
    pub(crate) fn may_message(self) -> bool {
        self.account >= Role::Member && self.kind != RoomKind::Direct
    }

    /// As a keeper of a room that is not archived.
    fn keeps(self) -> Role {
        if self.archived { Role::Guest } else { self.power() }
    }

    fn power(self) -> Role {
        let on_server = if self.account >= Role::Moderator { self.account } else { Role::Guest };
        match (self.kind, self.account) {
            (RoomKind::Direct, _) | (_, Role::Guest) => Role::Guest,
            _ => self.member.unwrap_or(Role::Guest).max(on_server),
        }
    }
}

fn rules(power: Role, over: Role) -> bool {
    over < power || power == Role::Owner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::room_view;

    fn rights(account: Role, member: Role, kind: RoomKind, archived: bool) -> Rights {
        let mut listing = room_view(2, "garden").listing;
        (listing.kind, listing.archived, listing.role) = (kind, archived, Some(member));
        Rights::new(&listing, account)
    }

    #[test]
    fn a_member_writes_and_leaves_and_keeps_no_order() {
        let member = rights(Role::Member, Role::Member, RoomKind::Private, false);
        assert!(member.may_post() && member.may_leave() && member.may_message());
        assert!(!member.may_set_topic() && !member.may_add() && !member.may_archive());
        assert!(!member.may_remove(Role::Guest) && !member.may_give(Role::Guest, Role::Member));
    }

    #[test]
    fn a_moderator_rules_over_those_below() {
        let moderator = rights(Role::Member, Role::Moderator, RoomKind::Public, false);
        assert!(moderator.may_set_topic() && moderator.may_add() && !moderator.may_rename());
        assert!(moderator.may_remove(Role::Member) && !moderator.may_remove(Role::Moderator));
        assert!(moderator.may_give(Role::Moderator, Role::Member));
        assert!(!moderator.may_give(Role::Owner, Role::Member));
        assert!(!moderator.may_give(Role::Member, Role::Moderator));
    }

    #[test]
    fn who_keeps_order_on_the_server_keeps_it_in_a_room() {
        let owner = rights(Role::Owner, Role::Member, RoomKind::Public, false);
        assert!(owner.may_rename() && owner.may_archive() && owner.may_remove(Role::Owner));
        let guest = rights(Role::Guest, Role::Owner, RoomKind::Public, false);
        assert!(!guest.may_rename() && !guest.may_post());
    }

    #[test]
    fn an_archived_room_can_be_opened_again_and_nothing_else() {
        let owner = rights(Role::Member, Role::Owner, RoomKind::Private, true);
        assert!(owner.may_archive() && owner.may_leave());
        assert!(!owner.may_post() && !owner.may_rename() && !owner.may_add());
    }

    #[test]
    fn two_people_alone_can_only_talk() {
        let direct = rights(Role::Owner, Role::Member, RoomKind::Direct, false);
        assert!(direct.may_post() && !direct.may_leave() && !direct.may_message());
        assert!(!direct.may_set_topic() && !direct.may_archive() && !direct.may_add());
    }
}
