//! A window's view of a room: the cache's run of events, and the server's pages before it.

use tertulia_proto::{Event, RoomId, Seq, Span, limits};

use crate::{
    Client,
    driver::{Command, KeptTimeline},
    error::RequestError,
    model::Item,
};

/// See [`Client::timeline`].
pub(crate) async fn timeline(
    client: &Client,
    room: RoomId,
    before: Option<Seq>,
    limit: u16,
) -> Result<Vec<Item>, RequestError> {
    let limit = limit.clamp(1, limits::PAGE_EVENTS);
    let kept = client.call(|reply| Command::Kept { room, before, limit, reply }).await;
    let KeptTimeline { events, oldest, waiting } = kept.ok_or(RequestError::Closed)?;
    let events = match missing(&events, before, oldest, limit) {
        None => events,
        Some((span, count)) => match client.history(room, span, count).await {
            Ok(page) => {
                if oldest.is_some() {
                    let events = page.clone();
                    // A client that was closed meanwhile keeps nothing.
                    let _ = client.commands.send(Command::Keep { room, events }).await;
                }
                [page, events].concat()
            }
            Err(_) if !events.is_empty() || !waiting.is_empty() => events,
            Err(error) => return Err(error),
        },
    };
    Ok(items(client, &events, waiting))
}

/// See [`Client::kept`].
pub(crate) async fn kept(client: &Client, room: RoomId, limit: u16) -> Option<Vec<Item>> {
    let limit = limit.clamp(1, limits::PAGE_EVENTS);
    let kept = client.call(|reply| Command::Kept { room, before: None, limit, reply }).await?;
    let KeptTimeline { events, waiting, .. } = kept;
    (!events.is_empty()).then(|| items(client, &events, waiting))
}

fn items(client: &Client, events: &[Event], waiting: Vec<Item>) -> Vec<Item> {
    let me = client.shared.account().map(|account| account.id).unwrap_or_default();
    events.iter().map(|event| Item::of_event(event, me)).chain(waiting).collect()
}

/// What to ask the server for, so that it joins `events` of a run that begins with `oldest`.
fn missing(
    events: &[Event],
    before: Option<Seq>,
    oldest: Option<Seq>,
    limit: u16,
) -> Option<(Span, u16)> {
    // No more than `limit`, which is a u16.
    let count = limit.saturating_sub(events.len() as u16);
    let first = events.first().map(|event| event.head.seq);
    let from = match (first, before, oldest) {
        (Some(first), ..) => first,
        (None, Some(before), _) => before,
        (None, None, Some(oldest)) => oldest,
        (None, None, None) => return Some((Span::Newest, limit)),
    };
    let is_all = count == 0 || from <= Seq(1);
    (!is_all).then_some((Span::Before(from), count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::posted;

    #[test]
    fn only_what_the_cache_lacks_is_asked_for() {
        let run: Vec<Event> = (11..=15).map(posted).collect();
        let old = Some(Seq(11));
        assert_eq!(missing(&run, None, old, 5), None);
        assert_eq!(missing(&run, None, old, 8), Some((Span::Before(Seq(11)), 3)));
        assert_eq!(missing(&[], Some(Seq(11)), old, 8), Some((Span::Before(Seq(11)), 8)));
        assert_eq!(missing(&[], Some(Seq(5)), old, 8), Some((Span::Before(Seq(5)), 8)));
        assert_eq!(missing(&[], None, None, 8), Some((Span::Newest, 8)));
        assert_eq!(missing(&[posted(1), posted(2)], Some(Seq(3)), Some(Seq(1)), 8), None);
        assert_eq!(missing(&[], Some(Seq(1)), Some(Seq(1)), 8), None);
    }
}
