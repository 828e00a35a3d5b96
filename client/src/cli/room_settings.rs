//! `topic`, `rename`, `archive`

use std::future::Future;

use tertulia_client::{
    Client, RequestError,
    proto::{Refusal, RoomListing, Topic},
};

use crate::{
    address::Address,
    args,
    failure::Failure,
    output::Output,
    rooms::{self, parse_new_name},
    session::Session,
};

pub(crate) async fn topic(
    args: args::Topic,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let topic = &Topic::new(&args.text)
        .map_err(|error| Failure::failed(format!("the topic can't be set: {error}")))?;
    let mut room = session.room(&args.room).await?;
    let id = room.room;
    ask(&room, session, |client| async move { client.set_topic(id, topic.clone()).await }).await?;
    room.topic = topic.clone();
    rooms::print(&room, 0, output).await
}

pub(crate) async fn rename(
    args: args::Rename,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let name = &parse_new_name(&args.name)?;
    let mut room = session.room(&args.room).await?;
    let id = room.room;
    ask(&room, session, |client| async move { client.rename_room(id, name.clone()).await }).await?;
    room.name = name.clone();
    rooms::print(&room, 0, output).await
}

pub(crate) async fn archive(
    args: args::Archive,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let mut room = session.room(&args.room).await?;
    let (id, archived) = (room.room, !args.undo);
    ask(&room, session, |client| async move { client.archive_room(id, archived).await }).await?;
    room.archived = archived;
    rooms::print(&room, 0, output).await
}

async fn ask<F>(
    room: &RoomListing,
    session: &Session,
    question: impl Fn(Client) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), RequestError>>,
{
    session.ask_raw(question).await?.map_err(|error| match error {
        RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. } => {
            Failure::no_such_room(&Address::of(room))
        }
        RequestError::Refused { refusal: Refusal::NAME_TAKEN, .. } => Failure::failed(
            "there is a room of that name already, or of one that looks like it; choose another",
        ),
        error => error.into(),
    })
}
