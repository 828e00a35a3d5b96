//! `users [ROOM]`

use serde::Serialize;
use tertulia_client::{Client, proto::Person};

use crate::{
    args,
    failure::Failure,
    output::{Output, width},
    session::Session,
    terminal::plain,
};

#[derive(Serialize)]
struct PersonObject<'a> {
    handle: &'a str,
    display: &'a str,
    role: &'static str,
    online: bool,
}

pub(crate) async fn run(
    args: args::Users,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let people = match args.room {
        None => session.ask(|client| async move { client.users().await }).await?,
        Some(room) => {
            let room = session.room(&room).await?.room;
            session.ask(|client| async move { client.members(room).await }).await?
        }
    };
    print(&people, &session.client, output).await
}

/// Prints people, with a count and "you" for people who read it.
pub(crate) async fn print(
    people: &[Person],
    client: &Client,
    output: &Output,
) -> Result<(), Failure> {
    let me = client.snapshot().account.map(|account| account.id);
    let handles = width(people.iter().map(|person| person.handle.as_str()));
    for person in people {
        let object = PersonObject {
            handle: person.handle.as_str(),
            display: person.display.as_str(),
            role: person.role.as_str(),
            online: person.online,
        };
        let printed = output.print(&object, || {
            let you = if me == Some(person.account) { " (you)" } else { "" };
            let state = if person.online { "online" } else { "offline" };
            let display = plain(object.display);
            format!("{:handles$}  {state:7}  {:9}  {display}{you}", object.handle, object.role)
        });
        printed.await?;
    }
    let online = people.iter().filter(|person| person.online).count();
    output.print_text(format!("{online} online")).await?;
    Ok(())
}
