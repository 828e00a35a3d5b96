//! The beginning of a connection: who speaks, what both can do, from where to go on.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, DisplayName, Epoch, Features, Handle, LogPosition, Request, Role, RoomId, Seq,
    VersionRange, bounded, command::Command, limits, wire_enum::wire_enum,
};

/// The first frame of the control stream. Who speaks is known from the device certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Minor versions the client speaks.
    pub versions: VersionRange,
    /// What the client can do.
    pub features: Features,
    /// Lanes wanted, 0 to [`crate::limits::LANES`]: 0 means no live events on this connection.
    pub lanes: u8,
    /// The history the cursors belong to; `None` where the client has nothing.
    pub epoch: Option<Epoch>,
    /// Up to where the client has each room. At most [`crate::limits::ROOMS_PER_ACCOUNT`].
    #[serde(deserialize_with = "bounded::list::<{ limits::ROOMS_PER_ACCOUNT }, _, _>")]
    pub cursors: Vec<RoomCursor>,
}

/// The client has this room's events up to and with `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomCursor {
    /// The room.
    pub room: RoomId,
    /// The newest of a run without gaps.
    pub seq: Seq,
}

/// Makes an account for this device; answered by [`Welcome`] or a refusal. On a device that has
/// an account it changes nothing and uses no invite up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Shown as typed; the handle derives from it.
    pub name: DisplayName,
    /// The invite of the link; may be absent where registration is open.
    pub invite: Option<[u8; 16]>,
}

/// An invite is a secret: Debug does not tell it.
impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Register")
            .field("name", &self.name)
            .field("invite", &self.invite.map(|_| "hidden"))
            .finish()
    }
}

/// How one becomes a member of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// With an invite only.
    Invite,
    /// Anyone.
    Open,
}

/// The server does not know this device: register, or leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unregistered {
    /// What registering takes.
    pub registration: Registration,
}

/// The device is logged in. Before this frame nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The minor version that holds from here on.
    pub version: u16,
    /// What both can do.
    pub features: Features,
    /// Identity of the server's history. Where it is not the hello's, its cursors count nothing.
    pub epoch: Epoch,
    /// The newest log position.
    pub head: LogPosition,
    /// Whose device this is.
    pub account: AccountId,
    /// The account's handle.
    pub handle: Handle,
    /// The account's display name.
    pub display: DisplayName,
    /// The account's role on the server.
    pub role: Role,
    /// Lanes the server will open.
    pub lanes: u8,
}

wire_enum! {
    /// What a client sends before it is welcome.
    pub enum ClientMessage {
        /// First.
        1 Hello(Hello),
        /// On [`Unregistered`].
        2 Register(Register),
    }
}

impl Request {
    /// The whole frame.
    pub fn encode(&self) -> bytes::Bytes {
        match self {
            Self { req_id, command: Ok(command) } => command.encode_request(*req_id),
            // Only a reader makes requests without a command.
            Self { req_id, command: Err(_) } => crate::frame::encode(Command::RESERVED, req_id),
        }
    }
}
