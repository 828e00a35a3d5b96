//! Looking for words in a room, step by step from the newest message back.

use tertulia_proto::{Body, Change, Event, RoomId, Seq, Span, Timestamp, limits};

use crate::{
    Client,
    core::search::Pattern,
    driver::{Command, KeptTimeline},
    error::RequestError,
};

/// Events of the cache that are looked through in one step.
const STEP_EVENTS: u16 = 500;

/// What one step found.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// Messages with the words, the newest first. Not more than a step looks through.
    pub found: Vec<Event>,
    /// The oldest event that was looked at; `None`: none was.
    pub looked_to: Option<(Seq, Timestamp)>,
    /// What is before that.
    pub beyond: Beyond,
}

/// What was not looked through yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// More that is on this disk.
    Here,
    /// More, as far as is known, that only the server has.
    Server,
    /// Nothing.
    Nothing,
}

/// See [`Client::search`].
pub(crate) async fn search(
    client: &Client,
    room: RoomId,
    pattern: &Pattern,
    before: Option<Seq>,
    asks_server: bool,
) -> Result<Searched, RequestError> {
    let limit = STEP_EVENTS;
    let kept = client.call(|reply| Command::Kept { room, before, limit, reply }).await;
    let KeptTimeline { events, oldest, .. } = kept.ok_or(RequestError::Closed)?;
    let is_first = before.is_some_and(|before| before <= Seq(1));
    let events = if !events.is_empty() || is_first || !asks_server {
        events
    } else {
        let span = before.map_or(Span::Newest, Span::Before);
        let page = client.history(room, span, limits::PAGE_EVENTS).await?;
        if page.is_empty() {
            return Ok(Searched { found: Vec::new(), looked_to: None, beyond: Beyond::Nothing });
        }
        if oldest.is_some() {
            let events = page.clone();
            // A client that was closed meanwhile keeps nothing.
            let _ = client.commands.send(Command::Keep { room, events }).await;
        }
        page
    };
    Ok(searched(events, pattern, before, oldest))
}

fn searched(
    mut events: Vec<Event>,
    pattern: &Pattern,
    before: Option<Seq>,
    oldest: Option<Seq>,
) -> Searched {
    let looked_to = events.first().map(|event| (event.head.seq, event.head.time));
    let reached = looked_to.map(|(seq, _)| seq).or(before);
    let beyond = match reached {
        Some(reached) if reached <= Seq(1) => Beyond::Nothing,
        Some(reached) if oldest.is_some_and(|oldest| oldest < reached) => Beyond::Here,
        _ => Beyond::Server,
    };
    events.retain(|event| text_of(event).is_some_and(|text| pattern.places(text).is_some()));
    events.reverse();
    Searched { found: events, looked_to, beyond }
}

fn text_of(event: &Event) -> Option<&str> {
    match &event.change {
        Change::Posted(posted) => match &posted.body {
            Some(Body::Text(text)) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::posted;

    fn step(seqs: std::ops::Range<u64>, before: Option<u64>, oldest: u64) -> Searched {
        let pattern = Pattern::new("TEXT 1").unwrap();
        let oldest = Some(Seq(oldest)).filter(|seq| *seq > Seq(0));
        searched(seqs.map(posted).collect(), &pattern, before.map(Seq), oldest)
    }

    #[test]
    fn a_step_finds_the_newest_first_and_tells_how_far_it_looked() {
        let found = step(9..13, None, 5);
        let seqs: Vec<u64> = found.found.iter().map(|event| event.head.seq.0).collect();
        assert_eq!(seqs, [12, 11, 10]);
        assert_eq!((found.looked_to.unwrap().0, found.beyond), (Seq(9), Beyond::Here));
    }

    #[test]
    fn what_is_beyond_is_here_at_the_server_or_nowhere() {
        assert_eq!(step(5..9, Some(9), 5).beyond, Beyond::Server);
        assert_eq!(step(1..9, Some(9), 1).beyond, Beyond::Nothing);
        let nothing = 0..0;
        assert_eq!(step(nothing.clone(), Some(5), 5).beyond, Beyond::Server);
        assert_eq!(step(nothing.clone(), Some(1), 1).beyond, Beyond::Nothing);
        assert_eq!(step(nothing, None, 0).beyond, Beyond::Server);
    }
}
