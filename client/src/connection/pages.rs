//! A page of history: its head, its events, its end.

use quinn::RecvStream;
use tertulia_proto::{Event, Frame, FrameBuffer, LaneMessage, LaneNotice, PageHead, ReqId, limits};

use super::{Broken, decode_all, read_chunk};

/// Reads a page whole. It is bounded by [`limits::PAGE_BYTES`] and [`limits::PAGE_EVENTS`].
pub(super) async fn read(
    mut recv: RecvStream,
    mut frames: FrameBuffer,
    req_id: ReqId,
) -> Result<Vec<Event>, Broken> {
    let mut page = Page::new(req_id);
    loop {
        for message in decode_all(&mut frames, sized)? {
            page.take(message)?;
        }
        if !read_chunk(&mut recv, &mut frames).await? {
            return page.end();
        }
    }
}

type Sized = (usize, LaneMessage);

fn sized(frame: &Frame) -> Result<Option<Sized>, tertulia_proto::DecodeError> {
    Ok(LaneMessage::decode(frame)?.map(|message| (frame.body.len(), message)))
}

#[derive(Debug)]
struct Page {
    req_id: ReqId,
    head: Option<PageHead>,
    events: Vec<Event>,
    bytes: usize,
}

impl Page {
    fn new(req_id: ReqId) -> Self {
        Self { req_id, head: None, events: Vec::new(), bytes: 0 }
    }

    fn take(&mut self, (bytes, message): Sized) -> Result<(), Broken> {
        self.bytes += bytes;
        if self.bytes > limits::PAGE_BYTES {
            return Err(Broken::protocol("a page is too large"));
        }
        match (message, &self.head) {
            (LaneMessage::Notice(LaneNotice::PageHead(head)), None) => {
                if head.req_id != self.req_id || head.events > limits::PAGE_EVENTS {
                    return Err(Broken::protocol("a page's head does not fit"));
                }
                self.head = Some(head);
            }
            (LaneMessage::Event(event), Some(head)) => {
                let ascends = self.events.last().is_none_or(|last| last.head.seq < event.head.seq);
                let fits = self.events.len() < usize::from(head.events);
                if !ascends || !fits || event.head.room != head.room {
                    return Err(Broken::protocol("a page's event does not fit"));
                }
                self.events.push(event);
            }
            _ => return Err(Broken::protocol("a page holds something else than events")),
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<Event>, Broken> {
        match self.head {
            Some(head) if usize::from(head.events) == self.events.len() => Ok(self.events),
            _ => Err(Broken::protocol("a page ends early")),
        }
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{RoomId, Seq};

    use super::*;
    use crate::core::room::tests::posted;

    fn head(req_id: u64, events: u16) -> LaneMessage {
        let head = PageHead {
            req_id: ReqId(req_id),
            room: RoomId(1),
            events,
            oldest: Seq(1),
            head: Seq(9),
        };
        LaneMessage::Notice(LaneNotice::PageHead(head))
    }

    fn read(messages: Vec<LaneMessage>) -> Option<usize> {
        let mut page = Page::new(ReqId(7));
        for message in messages {
            page.take((100, message)).ok()?;
        }
        page.end().ok().map(|events| events.len())
    }

    fn event(seq: u64) -> LaneMessage {
        LaneMessage::Event(posted(seq))
    }

    #[test]
    fn a_page_is_what_its_head_says() {
        assert_eq!(read(vec![head(7, 2), event(3), event(4)]), Some(2));
        assert_eq!(read(vec![head(7, 0)]), Some(0));
        for bad in [
            vec![],
            vec![event(3)],
            vec![head(8, 0)],
            vec![head(7, 201)],
            vec![head(7, 2), event(3)],
            vec![head(7, 1), event(3), event(4)],
            vec![head(7, 2), event(4), event(4)],
            vec![head(7, 0), head(7, 0)],
        ] {
            assert_eq!(read(bad.clone()), None, "{bad:?}");
        }
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let mut page = Page::new(ReqId(7));
        page.take((100, head(7, 200))).unwrap();
        page.take((limits::PAGE_BYTES - 100, event(1))).unwrap();
        page.take((1, event(2))).unwrap_err();
    }
}
