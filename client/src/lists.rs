//! Questions with one answer, and lists that come in pages.

use std::{collections::BTreeMap, time::Duration};

use tertulia_certs::{InviteToken, ServerLink};
use tertulia_proto::{
    AccountId, Command as Wire, CreateInvite, DisplayName, Event, History, ListMembers, ListRooms,
    ListUsers, Person, Rename, Role, RoomId, RoomListing, RoomName, ServerMessage, Span, limits,
};
use tokio::sync::oneshot;

use crate::{
    Client,
    driver::{Answer, Command, Question},
    error::RequestError,
};

/// Entries of a whole list: a server that always has one more page does not fill the memory.
const ENTRIES: usize = 100_000;

pub(crate) async fn rooms(client: &Client) -> Result<Vec<RoomListing>, RequestError> {
    let mut all: Vec<RoomListing> = Vec::new();
    loop {
        let after = all.last().map_or(RoomId(0), |room| room.room);
        let ServerMessage::Rooms(page) = message(client, ListRooms { after }).await? else {
            return Err(RequestError::Lost);
        };
        all.extend(page.rooms.into_iter().filter(|room| room.room > after));
        let got_on = all.last().is_some_and(|room| room.room > after);
        if !page.more || !got_on || all.len() >= ENTRIES {
            // A closed client remembers nothing.
            let _ = client.commands.send(Command::Listed(addresses(&all))).await;
            // Ids tell no order.
            all.sort_by_cached_key(|room| (room.room != RoomId::LOBBY, room.kind, room.address()));
            return Ok(all);
        }
    }
}

/// Rooms by what they are called; those that share a name can't be told apart by it.
fn addresses(rooms: &[RoomListing]) -> Vec<(RoomName, RoomId)> {
    let mut by_address = BTreeMap::<RoomName, Option<RoomId>>::new();
    for room in rooms {
        if let Ok(address) = RoomName::kept(room.address()) {
            by_address.entry(address).and_modify(|id| *id = None).or_insert(Some(room.room));
        }
    }
    by_address.into_iter().filter_map(|(address, id)| Some((address, id?))).collect()
}

pub(crate) async fn users(client: &Client) -> Result<Vec<Person>, RequestError> {
    let mut all = Vec::new();
    loop {
        let after = last_account(&all);
        let ServerMessage::Users(page) = message(client, ListUsers { after }).await? else {
            return Err(RequestError::Lost);
        };
        if !extend_people(&mut all, page.people, page.more) {
            return Ok(all);
        }
    }
}

pub(crate) async fn members(client: &Client, room: RoomId) -> Result<Vec<Person>, RequestError> {
    let mut all = Vec::new();
    loop {
        let after = last_account(&all);
        let ServerMessage::Members(page) = message(client, ListMembers { room, after }).await?
        else {
            return Err(RequestError::Lost);
        };
        if !extend_people(&mut all, page.people, page.more) {
            return Ok(all);
        }
    }
}

pub(crate) async fn rename(client: &Client, name: DisplayName) -> Result<(), RequestError> {
    done(client, Rename { name }).await
}

pub(crate) async fn history(
    client: &Client,
    room: RoomId,
    span: Span,
    limit: u16,
) -> Result<Vec<Event>, RequestError> {
    let limit = limit.clamp(1, limits::PAGE_EVENTS);
    match ask(client, History { room, span, limit }).await? {
        Answer::Page(events) => Ok(events),
        _ => Err(RequestError::Lost),
    }
}

pub(crate) async fn invite(
    client: &Client,
    role: Role,
    uses: u32,
    expires: Duration,
) -> Result<ServerLink, RequestError> {
    let expires_s = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
    let made = message(client, CreateInvite { role, uses, expires_s }).await?;
    let link = client.call(Command::Link).await.ok_or(RequestError::Closed)?;
    match (made, link) {
        (ServerMessage::InviteMade(made), Some(link)) => {
            Ok(ServerLink { invite: Some(InviteToken::from_bytes(made.token)), ..link })
        }
        _ => Err(RequestError::Lost),
    }
}

fn last_account(people: &[Person]) -> AccountId {
    people.last().map_or(AccountId(0), |person| person.account)
}

/// `true`: ask for the next page.
fn extend_people(all: &mut Vec<Person>, page: Vec<Person>, more: bool) -> bool {
    let after = last_account(all);
    all.extend(page.into_iter().filter(|person| person.account > after));
    more && last_account(all) > after && all.len() < ENTRIES
}

pub(crate) async fn room(
    client: &Client,
    command: impl Into<Wire>,
) -> Result<RoomListing, RequestError> {
    match message(client, command).await? {
        ServerMessage::Room(info) => Ok(info.room),
        _ => Err(RequestError::Lost),
    }
}

pub(crate) async fn done(client: &Client, command: impl Into<Wire>) -> Result<(), RequestError> {
    match message(client, command).await? {
        ServerMessage::Done(_) => Ok(()),
        _ => Err(RequestError::Lost),
    }
}

/// An answer of another kind than asked for counts as none.
async fn message(client: &Client, command: impl Into<Wire>) -> Result<ServerMessage, RequestError> {
    match ask(client, command).await? {
        Answer::Message(message) => Ok(message),
        _ => Err(RequestError::Lost),
    }
}

async fn ask(client: &Client, command: impl Into<Wire>) -> Result<Answer, RequestError> {
    let (reply, answer) = oneshot::channel();
    let question = Question { command: command.into(), reply };
    client.questions.send(question).await.map_err(|_| RequestError::Closed)?;
    answer.await.map_err(|_| RequestError::Closed)?
}
