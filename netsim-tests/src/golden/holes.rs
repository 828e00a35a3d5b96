//! What of a frame is another one in each run.
//!
//! A frame is parsed, every such value replaced by one that stands nowhere else, and encoded: where
//! that stands in the bytes is the hole.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tertulia_proto::{
    ArchiveRoom, ClientMessage, Command, Event, Frame, History, LaneMessage, LaneNotice, LeaveRoom,
    ListMembers, MarkRead, RemoveMember, RenameRoom, Request, RoomListing, Send, ServerMessage,
    SetMember, SetTopic, frame::put_varint,
};

use super::template::{ANY, Piece, Template};

/// The lobby has the same id everywhere; 0 is none.
const FIXED_ROOMS: u64 = 1;

enum Hole<'a> {
    Room(&'a mut u64),
    Epoch(&'a mut [u8; 16]),
    Message(&'a mut [u8; 16]),
    Invite(&'a mut [u8; 16]),
    /// Times, places in the log, rooms on a lane: nobody compares them.
    Any(&'a mut u64),
}

/// Names for the values of one conversation.
#[derive(Debug, Default)]
pub(super) struct Names {
    rooms: BTreeMap<u64, String>,
    blocks: BTreeMap<[u8; 16], String>,
}

/// Anything on a stream.
enum Said {
    Client(ClientMessage),
    Request(Request),
    Server(ServerMessage),
    Lane(LaneMessage),
}

impl Names {
    /// What is known under a name from elsewhere.
    pub(super) fn give(&mut self, block: [u8; 16], name: &str) {
        self.blocks.insert(block, name.to_owned());
    }

    /// The frame with its holes.
    pub(super) fn template(&mut self, frame: &Frame) -> Result<Template> {
        let unknown = || format!("a frame of type {} can't be read", frame.kind);
        let mut said = Said::decode(frame).with_context(unknown)?;
        // How many rooms a lane carries follows from their ids.
        if let Said::Lane(LaneMessage::Notice(LaneNotice::Live(_))) = said {
            return Ok(Template(vec![Piece::Number(ANY.to_owned())]));
        }
        let mut holes = Vec::new();
        for (number, hole) in (0..).zip(said.holes()) {
            holes.extend(self.dig(number, hole));
        }
        // Behind length and type.
        let bytes = said.encode();
        let mut head = Vec::new();
        put_varint(&mut head, frame.kind);
        let at = find(&bytes, &head).context("a frame without its type")? + head.len();
        let mut rest = &bytes[at..];
        let mut pieces = Vec::new();
        for (mark, piece) in holes {
            let at = find(rest, &mark).context("a hole that is not there")?;
            if at > 0 {
                pieces.push(Piece::Bytes(rest[..at].to_vec()));
            }
            pieces.push(piece);
            rest = &rest[at + mark.len()..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Bytes(rest.to_vec()));
        }
        Ok(Template(pieces))
    }

    /// Puts a mark in a hole's place: how that looks on the wire, and what to write there.
    fn dig(&mut self, number: u64, hole: Hole<'_>) -> Option<(Vec<u8>, Piece)> {
        let mark = (1 << 62) + number;
        let varint = || {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, mark);
            bytes
        };
        Some(match hole {
            Hole::Room(room) if *room <= FIXED_ROOMS => return None,
            Hole::Room(room) => {
                let letter = char::from(b'a' + self.rooms.len() as u8);
                let name = self.rooms.entry(*room).or_insert_with(|| format!("room-{letter}"));
                *room = mark;
                (varint(), Piece::Number(name.clone()))
            }
            Hole::Any(value) => {
                *value = mark;
                (varint(), Piece::Number(ANY.to_owned()))
            }
            Hole::Epoch(block) => self.block("epoch", number, block),
            Hole::Message(block) => self.block("message", number, block),
            Hole::Invite(block) => self.block("invite", number, block),
        })
    }

    fn block(&mut self, kind: &str, number: u64, block: &mut [u8; 16]) -> (Vec<u8>, Piece) {
        let next = self.blocks.len() + 1;
        let name = self.blocks.entry(*block).or_insert_with(|| format!("{kind}-{next}"));
        *block = [0xee; 16];
        block[8..].copy_from_slice(&number.to_be_bytes());
        (block.to_vec(), Piece::Block(name.clone()))
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

impl Said {
    fn decode(frame: &Frame) -> Option<Self> {
        if let Ok(Some(message)) = ClientMessage::decode(frame) {
            return Some(Self::Client(message));
        }
        if let Ok(Some(request)) = Request::decode(frame) {
            return request.command.is_ok().then_some(Self::Request(request));
        }
        if let Ok(Some(message)) = ServerMessage::decode(frame) {
            return Some(Self::Server(message));
        }
        LaneMessage::decode(frame).ok().flatten().map(Self::Lane)
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Client(message) => message.encode(),
            Self::Request(request) => request.encode(),
            Self::Server(message) => message.encode(),
            Self::Lane(message) => message.encode(),
        }
        .to_vec()
    }

    /// In the order in which they are on the wire.
    fn holes(&mut self) -> Vec<Hole<'_>> {
        match self {
            Self::Client(ClientMessage::Hello(hello)) => {
                let epoch = hello.epoch.iter_mut().map(|epoch| Hole::Epoch(&mut epoch.0));
                let rooms = hello.cursors.iter_mut().map(|cursor| Hole::Room(&mut cursor.room.0));
                epoch.chain(rooms).collect()
            }
            Self::Client(ClientMessage::Register(register)) => {
                register.invite.iter_mut().map(Hole::Invite).collect()
            }
            Self::Request(Request { command: Ok(command), .. }) => of_command(command),
            Self::Request(_) => Vec::new(),
            Self::Server(message) => of_server(message),
            Self::Lane(LaneMessage::Event(event)) => of_event(event),
            Self::Lane(LaneMessage::Notice(notice)) => match notice {
                LaneNotice::RoomOpened(opened) => of_listing(&mut opened.room),
                LaneNotice::RoomClosed(closed) => vec![Hole::Room(&mut closed.room.0)],
                LaneNotice::RoomJump(jump) => vec![Hole::Room(&mut jump.room.0)],
                LaneNotice::ReadMarker(marker) => vec![Hole::Room(&mut marker.room.0)],
                LaneNotice::PageHead(head) => vec![Hole::Room(&mut head.room.0)],
                // Its only value is a hole; see `template`.
                LaneNotice::Live(_) => Vec::new(),
            },
        }
    }
}

fn of_command(command: &mut Command) -> Vec<Hole<'_>> {
    let room = match command {
        Command::Send(Send { message_id, room, .. }) => {
            return vec![Hole::Message(&mut message_id.0), Hole::Room(&mut room.0)];
        }
        Command::LeaveRoom(LeaveRoom { room })
        | Command::ListMembers(ListMembers { room, .. })
        | Command::History(History { room, .. })
        | Command::MarkRead(MarkRead { room, .. })
        | Command::SetMember(SetMember { room, .. })
        | Command::RemoveMember(RemoveMember { room, .. })
        | Command::SetTopic(SetTopic { room, .. })
        | Command::RenameRoom(RenameRoom { room, .. })
        | Command::ArchiveRoom(ArchiveRoom { room, .. }) => room,
        Command::ListRooms(list) => &mut list.after,
        Command::CreateRoom(_)
        | Command::EnterRoom(_)
        | Command::ListUsers(_)
        | Command::CreateInvite(_)
        | Command::Rename(_)
        | Command::OpenDirect(_) => return Vec::new(),
    };
    vec![Hole::Room(&mut room.0)]
}

fn of_server(message: &mut ServerMessage) -> Vec<Hole<'_>> {
    match message {
        ServerMessage::Welcome(welcome) => {
            vec![Hole::Epoch(&mut welcome.epoch.0), Hole::Any(&mut welcome.head.0)]
        }
        ServerMessage::Receipt(receipt) => vec![
            Hole::Message(&mut receipt.message_id.0),
            Hole::Room(&mut receipt.room.0),
            Hole::Any(&mut receipt.position.0),
            Hole::Any(&mut receipt.time.0),
        ],
        ServerMessage::Rooms(page) => page.rooms.iter_mut().flat_map(of_listing).collect(),
        ServerMessage::Members(page) => vec![Hole::Room(&mut page.room.0)],
        ServerMessage::Room(info) => of_listing(&mut info.room),
        ServerMessage::InviteMade(made) => vec![Hole::Invite(&mut made.token)],
        ServerMessage::Unregistered(_)
        | ServerMessage::GoAway(_)
        | ServerMessage::Presence(_)
        | ServerMessage::Typing(_)
        | ServerMessage::Rejected(_)
        | ServerMessage::Done(_)
        | ServerMessage::Users(_) => Vec::new(),
    }
}

fn of_listing(listing: &mut RoomListing) -> Vec<Hole<'_>> {
    vec![Hole::Room(&mut listing.room.0)]
}

fn of_event(event: &mut Event) -> Vec<Hole<'_>> {
    let head = &mut event.head;
    let mut holes = vec![
        Hole::Room(&mut head.room.0),
        Hole::Any(&mut head.position.0),
        Hole::Any(&mut head.time.0),
    ];
    if let tertulia_proto::Change::Posted(posted) = &mut event.change {
        holes.push(Hole::Message(&mut posted.message_id.0));
        holes.extend(posted.edited.iter_mut().map(|time| Hole::Any(&mut time.0)));
    }
    holes
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{
        FrameBuffer, LogPosition, MessageId, Receipt, ReqId, RoomId, Seq, Timestamp,
    };

    use super::*;

    fn receipt(room: u64, time: u64) -> Frame {
        let receipt = Receipt {
            req_id: ReqId(3),
            message_id: MessageId([9; 16]),
            room: RoomId(room),
            seq: Seq(room),
            position: LogPosition(room),
            time: Timestamp(time),
            duplicate: false,
        };
        let mut buffer = FrameBuffer::new(1_000);
        buffer.extend(&ServerMessage::from(receipt).encode());
        buffer.next_frame().unwrap().unwrap()
    }

    #[test]
    fn what_differs_between_runs_becomes_holes_and_the_rest_stays_bytes() {
        let mut names = Names::default();
        let text = |names: &mut Names, frame| names.template(&frame).unwrap().to_string();
        assert_eq!(
            text(&mut names, receipt(5, 1_700_000_000_000)),
            "03 {block message-1} {number room-a} 05 {number _} {number _} 00"
        );
        assert_eq!(
            text(&mut names, receipt(1, 9)),
            "03 {block message-1} 0101 {number _} {number _} 00",
            "the lobby is the same everywhere"
        );
    }
}
