//! Framing: `varint length | varint type | body`. The length counts type and body; varints are
//! LEB128, least significant group first, as in postcard.

use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::DecodeError;

/// Frame types from here on are for experiments: this protocol never gives them out.
pub const EXPERIMENTAL: u64 = 512;

/// One frame as it came: its type is not yet judged.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the body is.
    pub kind: u64,
    /// postcard.
    pub body: Bytes,
}

/// Bodies stay out of logs.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}, {} bytes)", self.kind, self.body.len())
    }
}

impl Frame {
    /// Parses the body. Bytes after it are ignored: a newer peer may have appended fields.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        postcard::from_bytes(&self.body).map_err(|_| DecodeError { kind: self.kind })
    }
}

/// The peer broke the framing; the connection is closed with the matching code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A varint that does not end, or a frame shorter than its type.
    #[error("malformed frame header")]
    Malformed,
    /// The length is over the limit that holds now.
    #[error("frame of {length} bytes is over the limit of {limit}")]
    TooLarge {
        /// What the header announces.
        length: u64,
        /// The limit it breaks.
        limit: usize,
    },
}

/// Encodes a whole frame of that type. Serialising to memory only fails on types that postcard
/// cannot express; none of this crate is one, and the round-trip tests visit them all.
pub fn encode(kind: u64, body: &impl Serialize) -> Bytes {
    let mut payload = Vec::with_capacity(64);
    put_varint(&mut payload, kind);
    let payload = postcard::to_extend(body, payload).unwrap_or_default();
    let mut out = BytesMut::with_capacity(payload.len() + 3);
    put_varint(&mut out, payload.len() as u64);
    out.put_slice(&payload);
    out.freeze()
}

/// Whole frames in one piece of memory, one behind the other: to be handed on as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    bytes: Bytes,
    frames: u64,
}

impl Run {
    /// `bytes` are so many frames.
    pub fn new(bytes: Bytes, frames: u64) -> Self {
        Self { bytes, frames }
    }

    /// How many there are.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// All of them.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// One by one; they share the run's memory.
    pub fn each(&self) -> impl Iterator<Item = Bytes> + use<> {
        let mut rest = self.bytes.clone();
        (0..self.frames).map_while(move |_| {
            let (length, used) = peek_varint(&rest).ok().flatten()?;
            let end = used.checked_add(usize::try_from(length).ok()?)?;
            (end <= rest.len()).then(|| rest.split_to(end))
        })
    }
}

/// One frame.
impl From<Bytes> for Run {
    fn from(frame: Bytes) -> Self {
        Self::new(frame, 1)
    }
}

/// Takes bytes in as they arrive and gives frames out. Holds at most one frame over its limit
/// check plus what one `extend` brought: read in bounded chunks and drain after each.
pub struct FrameBuffer {
    bytes: BytesMut,
    limit: usize,
}

/// Bodies stay out of logs.
impl fmt::Debug for FrameBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameBuffer({} of at most {} bytes)", self.bytes.len(), self.limit)
    }
}

impl FrameBuffer {
    /// Frames of up to `limit` bytes after the length.
    pub fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), limit }
    }

    /// From the next frame on, this limit holds.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds what arrived.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame. The length is judged before its bytes are waited for.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some((length, used)) = peek_varint(&self.bytes)? else {
            return Ok(None);
        };
        if length > self.limit as u64 {
            return Err(FrameError::TooLarge { length, limit: self.limit });
        }
        let length = length as usize;
        if self.bytes.len() < used + length {
            return Ok(None);
        }
        self.bytes.advance(used);
        let mut body = self.bytes.split_to(length).freeze();
        let Some((kind, used)) = peek_varint(&body)? else {
            return Err(FrameError::Malformed);
        };
        body.advance(used);
        Ok(Some(Frame { kind, body }))
    }

    /// Whether a frame has begun and not ended: at the end of a stream that is an error.
    pub fn is_partial(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The raw bytes, for what stands before the first frame (a stream's kind).
    pub fn bytes_mut(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }
}

/// Appends a LEB128 varint.
pub fn put_varint(out: &mut impl BufMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Reads a varint at the front without taking it: the value and its length in bytes.
/// `Ok(None)`: it has not ended yet. At most 10 bytes, and no bit over the 64th.
pub fn peek_varint(bytes: &[u8]) -> Result<Option<(u64, usize)>, FrameError> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        if i == 9 && *byte > 1 {
            return Err(FrameError::Malformed);
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok(Some((value, i + 1)));
        }
    }
    if bytes.len() >= 10 { Err(FrameError::Malformed) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_at_the_limit_passes_and_one_over_is_refused_before_its_bytes_come() {
        let mut buffer = FrameBuffer::new(100);
        buffer.extend(&encode(5, &([7u8; 32], [7u8; 32], [7u8; 32], [7u8; 3])));
        assert_eq!(buffer.next_frame().unwrap().unwrap().body.len(), 99);
        assert!(!buffer.is_partial());

        buffer.extend(&[101]);
        let refused = Err(FrameError::TooLarge { length: 101, limit: 100 });
        assert_eq!(buffer.next_frame(), refused);
    }

    #[test]
    fn frames_come_out_whole_whatever_the_cuts() {
        let whole = [encode(1, &"one"), encode(300, &"two")].concat();
        for cut in 0..whole.len() {
            let mut buffer = FrameBuffer::new(64);
            let mut kinds = Vec::new();
            for part in [&whole[..cut], &whole[cut..]] {
                buffer.extend(part);
                while let Some(frame) = buffer.next_frame().unwrap() {
                    kinds.push((frame.kind, frame.body_as::<String>().unwrap()));
                }
            }
            assert_eq!(kinds, [(1, "one".to_owned()), (300, "two".to_owned())], "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_varint_and_an_empty_frame_are_malformed() {
        let mut buffer = FrameBuffer::new(64);
        buffer.extend(&[0x80; 10]);
        assert_eq!(buffer.next_frame(), Err(FrameError::Malformed));
        let mut buffer = FrameBuffer::new(64);
        buffer.extend(&[0]);
        assert_eq!(buffer.next_frame(), Err(FrameError::Malformed));
    }

    #[test]
    fn a_run_is_taken_apart_into_what_it_was_made_of() {
        let frames = [encode(5, &1u8), encode(300, &[7u8; 32]), encode(6, &())];
        let run = Run::new(frames.concat().into(), 3);
        assert!(run.each().eq(frames.clone()));
        assert!(Run::from(frames[1].clone()).each().eq([frames[1].clone()]));
        let cut = Run::new(run.bytes().slice(..run.bytes().len() - 1), 3);
        assert!(cut.each().eq(frames[..2].iter().cloned()), "what makes no sense ends it");
    }
}
