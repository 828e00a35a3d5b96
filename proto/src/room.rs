//! What is asked of rooms and their members. Owners and moderators of the server count as such in
//! every room that they see but direct ones, where nobody does.

use serde::{Deserialize, Serialize};

use crate::{Handle, Role, RoomId, RoomName, Seq, Topic};

/// Who may see and enter a room. Append-only on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RoomKind {
    /// Everyone on the server.
    Public,
    /// Members only; to others it does not exist.
    Private,
    /// Two people.
    Direct,
}

impl RoomKind {
    /// The word that commands and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }
}

/// What a member may read of the time before they entered. Append-only on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HistoryPolicy {
    /// Everything.
    #[default]
    All,
    /// Nothing: a room's history begins with one's own entering, the latest if there were
    /// several. Who is no member reads nothing of it, even where the room is public.
    SinceJoined,
}

/// Makes a public or private room and enters it as its owner; for members of the server and
/// above. Answered by `RoomInfo`; a direct room is `INVALID` here ([`OpenDirect`] makes it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRoom {
    /// Unique among the rooms that one can see.
    pub name: RoomName,
    /// Who may see and enter it.
    pub kind: RoomKind,
    /// What it is about.
    pub topic: Topic,
    /// What those who enter later may read.
    pub history: HistoryPolicy,
}

/// Becomes a member of a public room by its name. Answered by `RoomInfo`, also when already in;
/// where no public room has the name, a private one that one is in is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterRoom {
    /// Which.
    pub name: RoomName,
}

/// Ends one's membership of a room; a direct one can't be left. Answered by `Done`.
/// Where the last owner of a private room leaves, the member of the highest role, then of the
/// longest membership, becomes its owner: a `RoleChanged` by who left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveRoom {
    /// Which.
    pub room: RoomId,
}

/// The room of oneself and another person, made if need be: both are its members from then on.
/// Answered by `RoomInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDirect {
    /// The other one.
    pub handle: Handle,
}

/// Makes somebody a member, or gives a member another role; for owners and moderators of the
/// room. The last owner of a private room stays one. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetMember {
    /// Which room.
    pub room: RoomId,
    /// Who.
    pub handle: Handle,
    /// What they may do there; never more than oneself. `None`: who is no member becomes one, and
    /// who is one stays what they are.
    pub role: Option<Role>,
}

/// Ends somebody's membership; for owners and moderators of the room. Of oneself it is leaving.
/// Answered by `Done`, also where they were no member. An owner that is put out is followed as in
/// [`LeaveRoom`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Which room.
    pub room: RoomId,
    /// Who.
    pub handle: Handle,
}

/// Says what a room is about; for owners and moderators of the room. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTopic {
    /// Which room.
    pub room: RoomId,
    /// An empty one takes it away.
    pub topic: Topic,
}

/// Gives a room another name; for its owners. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameRoom {
    /// Which room.
    pub room: RoomId,
    /// Unique among the rooms that one can see.
    pub name: RoomName,
}

/// Closes a room for writing and entering, or opens it again; it stays readable. For its owners.
/// Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRoom {
    /// Which room.
    pub room: RoomId,
    /// Whether it is closed from now on.
    pub archived: bool,
}

/// Moves the account's read marker forward, never back and not beyond the newest event. Answered
/// by `Done`. What one posts moves it too, without this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// Which room.
    pub room: RoomId,
    /// The newest event read.
    pub seq: Seq,
}
