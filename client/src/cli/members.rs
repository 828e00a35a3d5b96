//! `add`, `remove`, `dm`

use serde::Serialize;
use tertulia_client::{
    RequestError,
    proto::{Handle, Refusal, Role, RoomListing},
};

use crate::{
    address::{Address, parse_handle},
    args,
    failure::Failure,
    output::Output,
    rooms, send,
    session::Session,
};

#[derive(Serialize)]
struct MemberObject<'a> {
    room: String,
    handle: &'a str,
    role: Option<&'static str>,
}

pub(crate) async fn add(
    args: args::Add,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let (room, handle) = (session.room(&args.room).await?, &parse_handle(&args.handle)?);
    let (id, role) = (room.room, args.role.map(Role::from));
    let added = session
        .ask_raw(|client| async move { client.set_member(id, handle.clone(), role).await })
        .await?;
    added.map_err(|error| refused(error, &room, handle))?;
    let people = session.ask(|client| async move { client.members(id).await }).await?;
    let role = people.into_iter().find(|person| person.handle == *handle).map(|found| found.role);
    let address = Address::of(&room);
    let object = MemberObject {
        room: address.word(),
        handle: handle.as_str(),
        role: role.map(Role::as_str),
    };
    let line = || match role {
        Some(role) => format!("@{handle} is in {address}: {role}"),
        None => format!("@{handle} was added to {address}"),
    };
    output.print(&object, line).await?;
    Ok(())
}

pub(crate) async fn remove(
    args: args::Remove,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let (room, handle) = (session.room(&args.room).await?, &parse_handle(&args.handle)?);
    let id = room.room;
    let removed = session
        .ask_raw(|client| async move { client.remove_member(id, handle.clone()).await })
        .await?;
    removed.map_err(|error| refused(error, &room, handle))?;
    let address = Address::of(&room);
    let object = MemberObject { room: address.word(), handle: handle.as_str(), role: None };
    output.print(&object, || format!("@{handle} is no member of {address}")).await?;
    Ok(())
}

/// Opens the direct room, and sends where there is something to send.
pub(crate) async fn direct(
    args: args::Direct,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let text = args.text.as_deref().map(send::check).transpose()?;
    let room = open(session, &parse_handle(&args.handle)?).await?;
    match text {
        Some(text) => send::one(text, &room, session, output).await,
        None => rooms::print(&room, 0, output).await,
    }
}

/// The direct room with that person, made if need be.
pub(crate) async fn open(session: &Session, handle: &Handle) -> Result<RoomListing, Failure> {
    let opened =
        session.ask_raw(|client| async move { client.open_direct(handle.clone()).await }).await?;
    opened.map_err(|error| match error {
        RequestError::Refused { refusal: Refusal::NO_SUCH_ACCOUNT, .. } => nobody(handle),
        RequestError::Refused { refusal: Refusal::INVALID, .. } => {
            Failure::failed("a direct room takes two people: that is you")
        }
        error => error.into(),
    })
}

fn refused(error: RequestError, room: &RoomListing, handle: &Handle) -> Failure {
    match error {
        RequestError::Refused { refusal: Refusal::NO_SUCH_ACCOUNT, .. } => nobody(handle),
        RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. } => {
            Failure::no_such_room(&Address::of(room))
        }
        error => error.into(),
    }
}

fn nobody(handle: &Handle) -> Failure {
    Failure::failed(format!("there is nobody called @{handle} on this server"))
}
