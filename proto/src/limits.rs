//! Every bound of the wire. What a peer may cost the other end is decided here.

/// A frame before [`crate::Welcome`]: a hello names at most [`ROOMS_PER_ACCOUNT`] cursors.
pub const FRAME_BYTES_BEFORE_WELCOME: usize = 12 << 10;
/// A frame on the control stream from a client, and on a lane.
pub const FRAME_BYTES: usize = 64 << 10;
/// A frame on the control stream from the server: [`LIST_ENTRIES`] rooms with the longest topics.
pub const REPLY_BYTES: usize = 384 << 10;
/// All frames of one page together.
pub const PAGE_BYTES: usize = 512 << 10;
/// Events of one page.
pub const PAGE_EVENTS: u16 = 200;
/// A message's text, in bytes of UTF-8.
pub const TEXT_BYTES: usize = 16 << 10;
/// A topic, in bytes of UTF-8.
pub const TOPIC_BYTES: usize = 1 << 10;
/// A display name, in grapheme clusters.
pub const DISPLAY_NAME_GRAPHEMES: usize = 40;
/// A display name, in bytes of UTF-8.
pub const DISPLAY_NAME_BYTES: usize = 256;
/// A handle, in characters.
pub const HANDLE_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// A room name, in characters.
pub const ROOM_NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=32;
/// Rooms one account may be a member of.
pub const ROOMS_PER_ACCOUNT: usize = 500;
/// Entries of one list reply (rooms, users, members); the rest is asked for by `after`.
pub const LIST_ENTRIES: usize = 200;
/// Above this many connected people a presence frame carries only their number.
pub const PRESENCE_PEOPLE: usize = 200;
/// Lanes a client may ask for.
pub const LANES: u8 = 4;
/// Requests that arrived ahead of their turn, held until it comes.
pub const EARLY_REQUESTS: usize = 64;
/// Requests a client may have unanswered on a connection; the server stops reading beyond.
pub const REQUESTS_IN_FLIGHT: usize = 256;
/// A datagram's payload.
pub const DATAGRAM_BYTES: usize = 1_100;
/// Events a resuming client is sent one by one; further behind it gets a jump.
pub const CATCH_UP_EVENTS: u64 = 10_000;
/// Bytes a resuming client is sent one by one; further behind it gets a jump.
pub const CATCH_UP_BYTES: u64 = 8 << 20;
/// Newest events a client gets of a room it has nothing of.
pub const FRESH_EVENTS: u64 = 50;
/// What a body under an unknown scheme may weigh.
pub const OPAQUE_BYTES: usize = TEXT_BYTES;
/// People that one text can mention.
pub const MENTIONS: usize = 32;
/// Between two typing notices of one person in one room, in milliseconds.
pub const TYPING_INTERVAL_MS: u64 = 3_000;
/// A file's name, in bytes of UTF-8: with an ending it is still one for any file system.
pub const FILE_NAME_BYTES: usize = 200;
/// A frame on a file's stream.
pub const FILE_FRAME_BYTES: usize = 2 << 10;
/// Streams for files that a client may have open.
pub const FILES_AT_ONCE: u32 = 2;
