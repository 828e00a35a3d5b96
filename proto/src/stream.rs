//! Kinds of streams: the first varint of each.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{ReqId, RoomId, frame};

/// Which lane of a connection, from 0.
pub type LaneIndex = u8;

/// What a stream is for; its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Client-initiated, bidirectional, one a connection: commands and replies.
    Control,
    /// Client-initiated, bidirectional: a file, up or down.
    File,
    /// Server-initiated, unidirectional: events of the rooms hashed to this lane.
    Live(LaneIndex),
    /// Server-initiated, unidirectional: the answer to that history request.
    Page(ReqId),
}

impl StreamKind {
    const CONTROL: u64 = 0x01;
    const FILE: u64 = 0x02;
    const LIVE: u64 = 0x10;
    const PAGE: u64 = 0x11;

    /// The stream's first bytes: a kind varint, then the lane's index or the request's id.
    pub fn encode(self) -> Bytes {
        let mut out = BytesMut::with_capacity(11);
        match self {
            Self::Control => frame::put_varint(&mut out, Self::CONTROL),
            Self::File => frame::put_varint(&mut out, Self::FILE),
            Self::Live(lane) => {
                frame::put_varint(&mut out, Self::LIVE);
                out.put_u8(lane & 0x7f);
            }
            Self::Page(req_id) => {
                frame::put_varint(&mut out, Self::PAGE);
                frame::put_varint(&mut out, req_id.0);
            }
        }
        out.freeze()
    }

    /// Takes the kind off the front of `buf`. `Ok(None)`: not all of it is there yet.
    pub fn take(buf: &mut BytesMut) -> Result<Option<Self>, UnknownKind> {
        let Some((kind, used)) = frame::peek_varint(buf).map_err(|_| UnknownKind)? else {
            return Ok(None);
        };
        if kind == Self::CONTROL || kind == Self::FILE {
            let _ = buf.split_to(used);
            return Ok(Some(if kind == Self::FILE { Self::File } else { Self::Control }));
        }
        if kind != Self::LIVE && kind != Self::PAGE {
            return Err(UnknownKind);
        }
        let rest = buf.get(used..).unwrap_or_default();
        let Some((argument, more)) = frame::peek_varint(rest).map_err(|_| UnknownKind)? else {
            return Ok(None);
        };
        let found = match kind {
            Self::LIVE => Self::Live(LaneIndex::try_from(argument).map_err(|_| UnknownKind)?),
            _ => Self::Page(ReqId(argument)),
        };
        let _ = buf.split_to(used + more);
        Ok(Some(found))
    }
}

/// A stream of a kind this end does not know: answered with
/// [`STREAM_UNKNOWN_KIND`](crate::close::STREAM_UNKNOWN_KIND).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

/// The lane that carries a room, of `lanes` (at least 1). Both ends may compute it, neither must.
pub const fn lane_of(room: RoomId, lanes: u8) -> LaneIndex {
    // Fibonacci hashing: room ids are dense, and dense ids must not fill one lane first.
    let hash = room.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let lanes = if lanes == 0 { 1 } else { lanes };
    (hash % lanes as u64) as LaneIndex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_byte_by_byte() {
        for kind in [
            StreamKind::Control,
            StreamKind::File,
            StreamKind::Live(3),
            StreamKind::Page(ReqId(300)),
        ] {
            let bytes = kind.encode();
            let mut buf = BytesMut::new();
            for (i, byte) in bytes.iter().enumerate() {
                assert_eq!(StreamKind::take(&mut buf), Ok(None), "{kind:?} after {i} bytes");
                buf.put_u8(*byte);
            }
            buf.put_slice(b"rest");
            assert_eq!(StreamKind::take(&mut buf), Ok(Some(kind)));
            assert_eq!(&buf[..], b"rest");
        }
        assert_eq!(StreamKind::take(&mut BytesMut::from(&[0x20][..])), Err(UnknownKind));
    }

    #[test]
    fn rooms_spread_over_lanes() {
        let mut counts = [0u32; 4];
        for room in 1..=1_000 {
            counts[usize::from(lane_of(RoomId(room), 4))] += 1;
        }
        assert!(counts.iter().all(|n| (200..300).contains(n)), "{counts:?}");
    }
}
