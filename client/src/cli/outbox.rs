//! `outbox [--drop ID]`

use serde::Serialize;
use tertulia_client::{Content, Delivery, proto::MessageId};

use crate::{
    args,
    failure::Failure,
    output::{Output, rfc3339},
    session::Session,
    terminal::plain,
};

#[derive(Serialize)]
struct WaitingObject {
    id: String,
    room_id: u64,
    text: String,
    written: String,
    state: &'static str,
    refusal: Option<String>,
}

pub(crate) async fn run(
    args: args::Outbox,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(id) = args.drop {
        let id: MessageId =
            id.parse().map_err(|error| Failure::wrong(format!("{id:?}: {error}")))?;
        return match session.client.cancel(id).await? {
            true => Ok(()),
            false => Err(Failure::failed("no such message waits here; it may be sent already")),
        };
    }
    for (room, item) in session.client.waiting().await {
        let (Some(id), Content::Text(text)) = (item.message_id, item.content) else {
            continue;
        };
        let (state, refusal) = match item.delivery {
            Delivery::Failed(refusal) => ("failed", Some(refusal.to_string())),
            _ => ("pending", None),
        };
        let object = WaitingObject {
            id: id.to_string(),
            room_id: room.0,
            text: text.into(),
            written: rfc3339(item.time),
            state,
            refusal,
        };
        let printed = output.print(&object, || {
            let why = object.refusal.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            format!("{}  {}{why}  {}", object.id, object.state, plain(&object.text))
        });
        printed.await?;
    }
    Ok(())
}
