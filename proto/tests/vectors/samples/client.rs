//! What a client says.

use tertulia_proto::*;

use super::*;

pub(super) fn session() -> Vec<(&'static str, Message)> {
    let cursor = |room, seq| RoomCursor { room: RoomId(room), seq: Seq(seq) };
    vec![
        (
            "1-hello/resuming",
            from_client(Hello {
                versions: VersionRange { min: 0, max: 300 },
                features: Features(5),
                lanes: 4,
                epoch: Some(EPOCH),
                cursors: vec![cursor(1, 70_000), cursor(u64::MAX, 0)],
            }),
        ),
        (
            "1-hello/first",
            from_client(Hello {
                versions: VersionRange { min: 0, max: 0 },
                features: Features(0),
                lanes: 0,
                epoch: None,
                cursors: vec![],
            }),
        ),
        (
            "2-register/invited",
            from_client(Register { name: display("Ana María"), invite: Some(TOKEN) }),
        ),
        ("2-register/open", from_client(Register { name: display("李 小龍"), invite: None })),
    ]
}

pub(super) fn notices() -> Vec<(&'static str, Message)> {
    vec![("3-typing/room 5", Message::ClientNotice(Typing { room: ROOM }.into()))]
}

pub(super) fn requests() -> Vec<(&'static str, Message)> {
    let history = |span, limit| History { room: ROOM, span, limit };
    let invite = |role, uses, expires_s| CreateInvite { role, uses, expires_s };
    vec![
        (
            "32-send/text",
            request(
                1,
                Send {
                    message_id: message_id(),
                    room: ROOM,
                    reply_to: Some(Seq(69_999)),
                    body: text(),
                },
            ),
        ),
        (
            "32-send/opaque",
            request(
                300,
                Send {
                    message_id: message_id(),
                    room: RoomId(u64::MAX),
                    reply_to: None,
                    body: opaque(),
                },
            ),
        ),
        ("36-list-rooms/after 200", request(5, ListRooms { after: RoomId(200) })),
        ("37-list-users/after 300", request(6, ListUsers { after: AccountId(300) })),
        (
            "38-list-members/after 300",
            request(7, ListMembers { room: ROOM, after: AccountId(300) }),
        ),
        ("39-history/newest", request(8, history(Span::Newest, 200))),
        ("39-history/before", request(8, history(Span::Before(HEAD), 50))),
        ("39-history/after", request(8, history(Span::After(Seq(127)), 1))),
        ("41-create-invite/guest", request(10, invite(Role::Guest, 1, 1))),
        ("41-create-invite/member", request(10, invite(Role::Member, 10, 604_800))),
        ("41-create-invite/moderator", request(10, invite(Role::Moderator, 100, 3_600))),
        ("41-create-invite/owner", request(10, invite(Role::Owner, 10_000, 31_536_000))),
        ("42-rename/to Ana Núñez", request(11, Rename { name: display("Ana Núñez") })),
    ]
}

pub(super) fn room_requests() -> Vec<(&'static str, Message)> {
    let create = |kind, about, history| {
        request(2, CreateRoom { name: room_name("música"), kind, topic: topic(about), history })
    };
    let set_member = |role| request(13, SetMember { room: ROOM, handle: handle("beto-2"), role });
    let set_topic = |text| request(15, SetTopic { room: ROOM, topic: topic(text) });
    let archive = |archived| request(17, ArchiveRoom { room: ROOM, archived });
    vec![
        (
            "33-create-room/public",
            create(RoomKind::Public, "¿Qué suena hoy? 🎶", HistoryPolicy::All),
        ),
        ("33-create-room/private", create(RoomKind::Private, "", HistoryPolicy::SinceJoined)),
        ("33-create-room/direct", create(RoomKind::Direct, "", HistoryPolicy::All)),
        ("34-enter-room/lobby", request(3, EnterRoom { name: room_name("lobby") })),
        ("35-leave-room/room 5", request(4, LeaveRoom { room: ROOM })),
        ("40-mark-read/room 5", request(9, MarkRead { room: ROOM, seq: HEAD })),
        ("43-open-direct/with beto", request(12, OpenDirect { handle: handle("beto-2") })),
        ("44-set-member/as others are", set_member(None)),
        ("44-set-member/guest", set_member(Some(Role::Guest))),
        ("44-set-member/member", set_member(Some(Role::Member))),
        ("44-set-member/moderator", set_member(Some(Role::Moderator))),
        ("44-set-member/owner", set_member(Some(Role::Owner))),
        (
            "45-remove-member/beto",
            request(14, RemoveMember { room: ROOM, handle: handle("beto-2") }),
        ),
        ("46-set-topic/music", set_topic("¿Qué suena hoy? 🎶")),
        ("46-set-topic/none", set_topic("")),
        ("47-rename-room/to cine", request(16, RenameRoom { room: ROOM, name: room_name("cine") })),
        ("48-archive-room/close", archive(true)),
        ("48-archive-room/open again", archive(false)),
    ]
}
