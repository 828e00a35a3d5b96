//! Counts the messages of a lane without looking into them: to read each would take longer than to
//! carry it, and it is the server that is measured.

use anyhow::{Context, Result, ensure};
use bytes::{Buf, BytesMut};
use tertulia_proto::{Frame, frame::peek_varint, limits};

/// One of so many is looked at.
const SAMPLED: u64 = 64;
/// The frame type of a message in a lane.
pub(super) const POSTED: u64 = 256;

/// What came to one member.
#[derive(Debug, Default)]
pub(super) struct Tally {
    posted: u64,
}

impl Tally {
    /// Takes the whole frames out of what came: how many messages are among them. One of
    /// [`SAMPLED`] messages is looked at, and all that is none.
    pub(super) fn count(
        &mut self,
        bytes: &mut BytesMut,
        mut look: impl FnMut(&Frame) -> Result<()>,
    ) -> Result<u64> {
        let (mut counted, mut at) = (0, 0);
        while let Some((length, used)) = peek_varint(&bytes[at..])? {
            ensure!(length <= limits::FRAME_BYTES as u64, "a frame of {length} bytes");
            let (begin, end) = (at + used, at + used + length as usize);
            let Some(frame) = bytes.get(begin..end) else { break };
            let (kind, head) = peek_varint(frame)?.context("a frame without a type")?;
            let is_message = kind == POSTED;
            counted += u64::from(is_message);
            self.posted += u64::from(is_message);
            if !is_message || self.posted.is_multiple_of(SAMPLED) {
                look(&Frame { kind, body: frame[head..].to_vec().into() })?;
            }
            at = end;
        }
        bytes.advance(at);
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::frame;

    use super::*;

    #[test]
    fn whole_messages_are_counted_however_they_are_cut_and_some_are_looked_at() {
        let frames: Vec<_> = (0..200u8)
            .flat_map(|n| [frame::encode(POSTED, &vec![n; 150]), frame::encode(448, &n)])
            .collect();
        let (mut tally, mut bytes) = (Tally::default(), BytesMut::new());
        let (mut counted, mut sampled, mut others) = (0, Vec::new(), 0);
        for piece in frames.concat().chunks(77) {
            bytes.extend_from_slice(piece);
            let look = |frame: &Frame| {
                match frame.kind {
                    POSTED => sampled.push(frame.body[2]),
                    _ => others += 1,
                }
                Ok(())
            };
            counted += tally.count(&mut bytes, look).unwrap();
        }
        assert_eq!((counted, sampled, others), (200, vec![63, 127, 191], 200));
        bytes.extend_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
        let long = tally.count(&mut bytes, |_| Ok(()));
        assert!(long.is_err(), "longer than a frame may be");
    }
}
