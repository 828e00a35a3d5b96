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

pub(super) fn requests() -> Vec<(&'static str, Message)> {
    let create = |kind, topic| CreateRoom {
        name: room_name("música"),
        kind,
        topic: Topic::new(topic).unwrap(),
    };
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
        ("33-create-room/public", request(2, create(RoomKind::Public, "¿Qué suena hoy? 🎶"))),
        ("33-create-room/private", request(2, create(RoomKind::Private, ""))),
        ("33-create-room/direct", request(2, create(RoomKind::Direct, ""))),
        ("34-enter-room/lobby", request(3, EnterRoom { name: room_name("lobby") })),
        ("35-leave-room/room 5", request(4, LeaveRoom { room: ROOM })),
        ("36-list-rooms/after 200", request(5, ListRooms { after: RoomId(200) })),
        ("37-list-users/after 300", request(6, ListUsers { after: AccountId(300) })),
        (
            "38-list-members/after 300",
            request(7, ListMembers { room: ROOM, after: AccountId(300) }),
        ),
        ("39-history/newest", request(8, history(Span::Newest, 200))),
        ("39-history/before", request(8, history(Span::Before(HEAD), 50))),
        ("39-history/after", request(8, history(Span::After(Seq(127)), 1))),
        ("40-mark-read/room 5", request(9, MarkRead { room: ROOM, seq: HEAD })),
        ("41-create-invite/guest", request(10, invite(Role::Guest, 1, 1))),
        ("41-create-invite/member", request(10, invite(Role::Member, 10, 604_800))),
        ("41-create-invite/moderator", request(10, invite(Role::Moderator, 100, 3_600))),
        ("41-create-invite/owner", request(10, invite(Role::Owner, 10_000, 31_536_000))),
        ("42-rename/to Ana Núñez", request(11, Rename { name: display("Ana Núñez") })),
    ]
}
