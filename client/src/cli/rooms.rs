//! `rooms`, `create`, `enter`, `leave`

use std::cell::Cell;

use serde::Serialize;
use tertulia_client::{
    RequestError,
    proto::{Refusal, RoomKind, RoomListing, Topic},
};

use crate::{
    args,
    failure::Failure,
    output::{Output, width},
    session::{Session, parse_room},
};

#[derive(Serialize)]
struct RoomObject<'a> {
    room: &'a str,
    kind: &'static str,
    members: u32,
    unread: u32,
    entered: bool,
}

pub(crate) async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let rooms = session.ask(|client| async move { client.rooms().await }).await?;
    let names = width(rooms.iter().map(|room| room.name.as_str()));
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
    let name = &parse_room(&args.room)?;
    let kind = match args.private {
        true => RoomKind::Private,
        false => RoomKind::Public,
    };
    // An answer that got lost may have been a yes: then the name is taken by one's own room.
    let may_be_there = &Cell::new(false);
    let created = session
        .ask_raw(|client| async move {
            let created = client.create_room(name.clone(), kind, Topic::default()).await;
            match created {
                Err(RequestError::Lost) => may_be_there.set(true),
                Err(RequestError::Refused { refusal: Refusal::NAME_TAKEN, .. })
                    if may_be_there.get() =>
                {
                    let rooms = client.rooms().await?;
                    let own = rooms.into_iter().find(|room| room.name == *name && room.entered);
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
    if !room.entered {
        return Err(Failure::failed(format!("you are not in #{}", room.name)));
    }
    let id = room.room;
    session.ask(|client| async move { client.leave_room(id).await }).await?;
    room.entered = false;
    room.members = room.members.saturating_sub(1);
    print(&room, 0, output).await
}

async fn print(room: &RoomListing, names: usize, output: &Output) -> Result<(), Failure> {
    let object = RoomObject {
        room: room.name.as_str(),
        kind: room.kind.as_str(),
        members: room.members,
        unread: room.unread,
        entered: room.entered,
    };
    let printed = output.print(&object, || {
        let people = match room.members {
            1 => "1 member".to_owned(),
            n => format!("{n} members"),
        };
        let state = match (room.entered, room.unread) {
            (false, _) => ", not entered".to_owned(),
            (true, 0) => String::new(),
            (true, n) => format!(", {n} unread"),
        };
        format!("#{:names$}  {}, {people}{state}", room.name.as_str(), room.kind.as_str())
    });
    printed.await?;
    Ok(())
}
