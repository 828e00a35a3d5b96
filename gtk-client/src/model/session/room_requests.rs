//! What a session asks of rooms and their members.

use tertulia_client::{
    Client, RequestError,
    proto::{Handle, HistoryPolicy, Role, RoomKind, RoomListing, RoomName, Topic},
};

use super::{Room, Session};

impl Session {
    /// Rooms one can enter, and one's own.
    pub(crate) async fn listed_rooms(&self) -> Result<Vec<RoomListing>, RequestError> {
        self.ask(|client| async move { client.rooms().await }).await
    }

    /// Makes a room and enters it.
    pub(crate) async fn create_room(
        &self,
        name: RoomName,
        kind: RoomKind,
        history: HistoryPolicy,
    ) -> Result<RoomListing, RequestError> {
        let topic = Topic::default();
        self.ask(move |client| async move { client.create_room(name, kind, topic, history).await })
            .await
    }

    /// Enters a public room.
    pub(crate) async fn enter_room(&self, name: RoomName) -> Result<RoomListing, RequestError> {
        self.ask(move |client| async move { client.enter_room(name).await }).await
    }

    /// Ends one's membership.
    pub(crate) async fn leave_room(&self, room: &Room) -> Result<(), RequestError> {
        let id = room.id();
        room.set_leaving(true);
        let left = self.ask(move |client| async move { client.leave_room(id).await }).await;
        room.set_leaving(left.is_ok());
        left
    }

    /// The room of oneself and that person, made if need be.
    pub(crate) async fn open_direct(&self, handle: Handle) -> Result<RoomListing, RequestError> {
        self.ask(move |client| async move { client.open_direct(handle).await }).await
    }

    /// Lets somebody into a room, or gives a member another role.
    pub(crate) async fn set_member(
        &self,
        room: &Room,
        handle: Handle,
        role: Option<Role>,
    ) -> Result<(), RequestError> {
        let id = room.id();
        self.ask(move |client| async move { client.set_member(id, handle, role).await }).await
    }

    /// Puts somebody out of a room.
    pub(crate) async fn remove_member(
        &self,
        room: &Room,
        handle: Handle,
    ) -> Result<(), RequestError> {
        let id = room.id();
        self.ask(move |client| async move { client.remove_member(id, handle).await }).await
    }

    /// Says what a room is about.
    pub(crate) async fn set_topic(&self, room: &Room, topic: Topic) -> Result<(), RequestError> {
        let id = room.id();
        self.ask(move |client| async move { client.set_topic(id, topic).await }).await
    }

    /// Gives a room another name.
    pub(crate) async fn rename_room(
        &self,
        room: &Room,
        name: RoomName,
    ) -> Result<(), RequestError> {
        let id = room.id();
        self.ask(move |client| async move { client.rename_room(id, name).await }).await
    }

    /// Closes a room for writing and entering, or opens it again.
    pub(crate) async fn archive_room(
        &self,
        room: &Room,
        archived: bool,
    ) -> Result<(), RequestError> {
        let id = room.id();
        self.ask(move |client| async move { client.archive_room(id, archived).await }).await
    }

    /// Whether that handle is one of the members in sight.
    pub(crate) fn is_member_in_sight(&self, handle: &Handle) -> bool {
        self.iter_members().any(|member| member.person().handle == *handle)
    }

    /// One is writing in a room.
    pub(crate) fn tell_writing(&self, room: &Room) {
        if let Some(bridge) = self.bridge() {
            bridge.client().typing(room.id());
        }
    }

    pub(super) async fn ask<F, T>(
        &self,
        request: impl FnOnce(Client) -> F,
    ) -> Result<T, RequestError>
    where
        F: Future<Output = Result<T, RequestError>> + Send + 'static,
        T: Send + 'static,
    {
        let bridge = self.bridge().ok_or(RequestError::Closed)?;
        bridge.ask(request).await
    }
}
