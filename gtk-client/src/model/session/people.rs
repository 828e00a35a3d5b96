//! People of the server whom one may name or let in.

use gtk::prelude::*;
use tertulia_client::{
    RequestError,
    proto::{Person, RoomId},
};

use super::{Room, Session};
use crate::model::Newcomer;

impl Session {
    /// Who one knows of without asking: who is connected, and with whom one has a room of two.
    pub(crate) fn known_people(&self) -> Vec<Newcomer> {
        let presence = self.known_presence();
        let peers = self.rooms().iter::<Room>().filter_map(Result::ok).filter_map(|room| {
            let peer = room.peer()?;
            Some(Newcomer { handle: peer.handle, display: peer.display, here: room.online() })
        });
        presence.people.into_iter().map(Newcomer::from).chain(peers).collect()
    }

    /// The members of the room in sight but for oneself.
    pub(crate) fn others_of_room(&self) -> Vec<Person> {
        let others = self.iter_members().filter(|member| !member.is_me());
        others.map(|member| member.person().clone()).collect()
    }

    /// Who is in the lobby, where everybody begins.
    pub(crate) async fn people_of_lobby(&self) -> Result<Vec<Person>, RequestError> {
        self.ask(|client| async move { client.members(RoomId::LOBBY).await }).await
    }
}

impl From<Person> for Newcomer {
    fn from(person: Person) -> Self {
        Self { handle: person.handle, display: person.display, here: person.online }
    }
}
