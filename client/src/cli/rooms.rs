//! `rooms`, `create`, `enter`, `leave`

use std::cell::Cell;

use serde::Serialize;
use tertulia_client::{
    RequestError,
    proto::{Refusal, Role, RoomKind, RoomListing, RoomName, Topic},
};

use crate::{
    address::Address,
    args,
    failure::Failure,
    output::{Output, width},
    session::Session,
    terminal::one_line,
};

#[derive(Serialize)]
struct RoomObject<'a> {
    room: String,
    kind: &'static str,
    members: u32,
    unread: u32,
    entered: bool,
    mentions: u32,
    role: Option<&'static str>,
    topic: &'a str,
    archived: bool,
}

pub(crate) async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let rooms = session.ask(|client| async move { client.rooms().await }).await?;
    let addresses: Vec<String> = rooms.iter().map(|room| Address::of(room).to_string()).collect();
    let names = width(addresses.iter().map(String::as_str));
    for room in &rooms {
        print(room, names, output).await?;
    }
    Ok(())
}

pub(crate) async fn create(
    args: args::Create,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let name = &parse_new_name(&args.room)?;
    let history = args.history.into();
    let kind = match args.private {
        true => RoomKind::Private,
        false => RoomKind::Public,
    };
    // An answer that got lost may have been a yes: then the name is taken by one's own room.
    let may_be_there = &Cell::new(false);
    let created = session
        .ask_raw(|client| async move {
            let created = client.create_room(name.clone(), kind, Topic::default(), history).await;
            match created {
                Err(RequestError::Lost) => may_be_there.set(true),
                Err(RequestError::Refused { refusal: Refusal::NAME_TAKEN, .. })
                    if may_be_there.get() =>
                {
                    let rooms = client.rooms().await?;
                    let own =
                        rooms.into_iter().find(|room| room.name == *name && room.is_entered());
                    return own.map_or(created, Ok);
                }
                _ => {}
            }
            created
        })
        .await?;
    let room = created.map_err(|error| match error {
        RequestError::Refused { refusal: Refusal::NAME_TAKEN, .. } => Failure::failed(format!(
            "there is a room like #{name} already, or one that looks like it; choose another name"
        )),
        RequestError::Refused { refusal, .. } => {
            Failure::failed(format!("the room #{name} was not made: {refusal}"))
        }
        error => error.into(),
    })?;
    print(&room, 0, output).await
}

pub(crate) async fn enter(
    args: args::Room,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let room = session.entered_room(&args.room).await?;
    print(&room, 0, output).await
}

pub(crate) async fn leave(
    args: args::Room,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let mut room = session.room(&args.room).await?;
    let address = Address::of(&room);
    if !room.is_entered() {
        return Err(Failure::failed(format!("you are not in {address}")));
    }
    if room.kind == RoomKind::Direct {
        return Err(Failure::failed(format!("{address} is a direct room: it can't be left")));
    }
    let id = room.room;
    session.ask(|client| async move { client.leave_room(id).await }).await?;
    room.role = None;
    (room.unread, room.mentions) = (0, 0);
    room.members = room.members.saturating_sub(1);
    print(&room, 0, output).await
}

/// The name of a room to be.
pub(crate) fn parse_new_name(text: &str) -> Result<RoomName, Failure> {
    match Address::parse(text)? {
        Address::Room(name) => Ok(name),
        Address::Direct(handle) => Err(Failure::failed(format!(
            "@{handle} is a person; the direct room with them is opened by: tertulia-cli dm {handle}"
        ))),
    }
}

/// Prints a room; `names`: how wide the column of addresses is.
pub(crate) async fn print(
    room: &RoomListing,
    names: usize,
    output: &Output,
) -> Result<(), Failure> {
    let address = Address::of(room);
    let object = RoomObject {
        room: address.word(),
        kind: room.kind.as_str(),
        members: room.members,
        unread: room.unread,
        entered: room.is_entered(),
        mentions: room.mentions,
        role: room.role.map(Role::as_str),
        topic: room.topic.as_str(),
        archived: room.archived,
    };
    output.print(&object, || line(room, &address, names)).await?;
    Ok(())
}

fn line(room: &RoomListing, address: &Address, names: usize) -> String {
    let mut line = format!("{:names$}  {}", address.to_string(), room.kind.as_str());
    match (room.kind, room.members) {
        (RoomKind::Direct, _) => {}
        (_, 1) => line.push_str(", 1 member"),
        (_, n) => line.push_str(&format!(", {n} members")),
    }
    if room.archived {
        line.push_str(", archived");
    }
    if !room.is_entered() {
        line.push_str(", not entered");
    }
    if room.unread > 0 {
        line.push_str(&format!(", {} unread", room.unread));
    }
    match room.mentions {
        0 => {}
        1 => line.push_str(", names you"),
        n => line.push_str(&format!(", names you {n} times")),
    }
    if !room.topic.as_str().is_empty() {
        line.push_str(&format!(": {}", one_line(room.topic.as_str())));
    }
    line
}
