//! What a program may ask of rooms.

use tertulia_proto::{
    ArchiveRoom, CreateRoom, EnterRoom, Handle, HistoryPolicy, LeaveRoom, OpenDirect, RemoveMember,
    RenameRoom, Role, RoomId, RoomKind, RoomListing, RoomName, SetMember, SetTopic, Topic,
};

use crate::{
    Client,
    error::RequestError,
    lists::{done, room},
};

/// Each asks the server, and is refused where one's role does not allow it.
impl Client {
    /// Makes a public or private room and enters it.
    pub async fn create_room(
        &self,
        name: RoomName,
        kind: RoomKind,
        topic: Topic,
        history: HistoryPolicy,
    ) -> Result<RoomListing, RequestError> {
        room(self, CreateRoom { name, kind, topic, history }).await
    }

    /// Enters a public room.
    pub async fn enter_room(&self, name: RoomName) -> Result<RoomListing, RequestError> {
        room(self, EnterRoom { name }).await
    }

    /// Leaves a room.
    pub async fn leave_room(&self, room: RoomId) -> Result<(), RequestError> {
        done(self, LeaveRoom { room }).await
    }

    /// The room of oneself and another person, made if need be.
    pub async fn open_direct(&self, handle: Handle) -> Result<RoomListing, RequestError> {
        room(self, OpenDirect { handle }).await
    }

    /// Makes somebody a member of that role, or gives a member another role. `None`: who is no
    /// member becomes one, and who is one stays what they are.
    pub async fn set_member(
        &self,
        room: RoomId,
        handle: Handle,
        role: Option<Role>,
    ) -> Result<(), RequestError> {
        done(self, SetMember { room, handle, role }).await
    }

    /// Ends somebody's membership.
    pub async fn remove_member(&self, room: RoomId, handle: Handle) -> Result<(), RequestError> {
        done(self, RemoveMember { room, handle }).await
    }

    /// Says what a room is about.
    pub async fn set_topic(&self, room: RoomId, topic: Topic) -> Result<(), RequestError> {
        done(self, SetTopic { room, topic }).await
    }

    /// Gives a room another name.
    pub async fn rename_room(&self, room: RoomId, name: RoomName) -> Result<(), RequestError> {
        done(self, RenameRoom { room, name }).await
    }

    /// Closes a room for writing and entering, or opens it again.
    pub async fn archive_room(&self, room: RoomId, archived: bool) -> Result<(), RequestError> {
        done(self, ArchiveRoom { room, archived }).await
    }
}
