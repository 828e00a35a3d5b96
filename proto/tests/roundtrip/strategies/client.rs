//! What a client says.

use proptest::{array::uniform16, collection::vec, option, prelude::*};
use tertulia_proto::{limits::*, *};

use super::*;

pub(super) fn before_welcome() -> impl Strategy<Value = ClientMessage> {
    let cursor = (any::<u64>(), any::<u64>())
        .prop_map(|(room, seq)| RoomCursor { room: RoomId(room), seq: Seq(seq) });
    let hello = (
        any::<(u16, u16, u64, u8)>(),
        option::of(uniform16(any::<u8>())),
        vec(cursor, 0..=ROOMS_PER_ACCOUNT),
    )
        .prop_map(|((min, max, features, lanes), epoch, cursors)| Hello {
            versions: VersionRange { min, max },
            features: Features(features),
            lanes,
            epoch: epoch.map(Epoch),
            cursors,
        });
    let register = (display(), option::of(uniform16(any::<u8>())))
        .prop_map(|(name, invite)| Register { name, invite });
    prop_oneof![hello.prop_map(ClientMessage::from), register.prop_map(ClientMessage::from),]
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    (any::<u64>(), prop_oneof![command(), room_command()])
        .prop_map(|(req_id, command)| Request { req_id: ReqId(req_id), command: Ok(command) })
}

fn command() -> impl Strategy<Value = Command> {
    let id = any::<u64>;
    let send = (uniform16(any::<u8>()), id(), option::of(id()), body()).prop_map(
        |(message_id, room, reply_to, body)| Send {
            message_id: MessageId(message_id),
            room: RoomId(room),
            reply_to: reply_to.map(Seq),
            body,
        },
    );
    let span = prop_oneof![
        Just(Span::Newest),
        id().prop_map(|seq| Span::Before(Seq(seq))),
        id().prop_map(|seq| Span::After(Seq(seq))),
    ];
    let history = (id(), span, any::<u16>()).prop_map(|(room, span, limit)| History {
        room: RoomId(room),
        span,
        limit,
    });
    let invite = (role(), any::<u32>(), any::<u32>())
        .prop_map(|(role, uses, expires_s)| CreateInvite { role, uses, expires_s });
    let list_members = (id(), id())
        .prop_map(|(room, after)| ListMembers { room: RoomId(room), after: AccountId(after) });
    prop_oneof![
        send.prop_map(Command::from),
        id().prop_map(|after| ListRooms { after: RoomId(after) }.into()),
        id().prop_map(|after| ListUsers { after: AccountId(after) }.into()),
        list_members.prop_map(Command::from),
        history.prop_map(Command::from),
        invite.prop_map(Command::from),
        display().prop_map(|name| Rename { name }.into()),
    ]
}

fn room_command() -> impl Strategy<Value = Command> {
    let room = || any::<u64>().prop_map(RoomId);
    let create = (room_name(), room_kind(), topic(), history_policy())
        .prop_map(|(name, kind, topic, history)| CreateRoom { name, kind, topic, history });
    let mark_read = (room(), any::<u64>()).prop_map(|(room, seq)| MarkRead { room, seq: Seq(seq) });
    let set_member = (room(), handle(), option::of(role()))
        .prop_map(|(room, handle, role)| SetMember { room, handle, role });
    let remove_member = (room(), handle()).prop_map(|(room, handle)| RemoveMember { room, handle });
    let archive =
        (room(), any::<bool>()).prop_map(|(room, archived)| ArchiveRoom { room, archived });
    prop_oneof![
        create.prop_map(Command::from),
        room_name().prop_map(|name| EnterRoom { name }.into()),
        room().prop_map(|room| LeaveRoom { room }.into()),
        mark_read.prop_map(Command::from),
        handle().prop_map(|handle| OpenDirect { handle }.into()),
        set_member.prop_map(Command::from),
        remove_member.prop_map(Command::from),
        (room(), topic()).prop_map(|(room, topic)| SetTopic { room, topic }.into()),
        (room(), room_name()).prop_map(|(room, name)| RenameRoom { room, name }.into()),
        archive.prop_map(Command::from),
    ]
}
