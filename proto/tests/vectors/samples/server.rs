//! What a server says.

use tertulia_proto::*;

use super::*;

pub(super) fn replies() -> Vec<(&'static str, Message)> {
    let rejected = |req_id, refusal, retry_after_ms, proposal: Option<&str>| Rejected {
        req_id: ReqId(req_id),
        refusal,
        retry_after_ms,
        proposal: proposal.map(str::to_owned),
    };
    vec![
        (
            "8-welcome/owner",
            from_server(Welcome {
                version: 300,
                features: Features(5),
                epoch: EPOCH,
                head: POSITION,
                account: AccountId(7),
                handle: handle("ana.maría"),
                display: display("Ana María"),
                role: Role::Owner,
                lanes: 4,
            }),
        ),
        ("9-unregistered/invite", from_server(Unregistered { registration: Registration::Invite })),
        ("9-unregistered/open", from_server(Unregistered { registration: Registration::Open })),
        ("10-go-away/in half a second", from_server(GoAway { retry_after_ms: 500 })),
        (
            "11-presence/two people",
            from_server(Presence { complete: true, online: 2, people: people() }),
        ),
        (
            "11-presence/crowd",
            from_server(Presence { complete: false, online: 10_000, people: vec![] }),
        ),
        (
            "128-receipt/repeat",
            from_server(Receipt {
                req_id: ReqId(300),
                message_id: message_id(),
                room: ROOM,
                seq: HEAD,
                position: POSITION,
                time: TIME,
                duplicate: true,
            }),
        ),
        (
            "129-rejected/name taken",
            from_server(rejected(0, Refusal::NAME_TAKEN, None, Some("ana.maría-2"))),
        ),
        ("129-rejected/rate", from_server(rejected(12, Refusal::RATE, Some(1_500), None))),
        ("129-rejected/unknown code", from_server(rejected(12, Refusal(u16::MAX), None, None))),
        ("130-done/request 300", from_server(Done { req_id: ReqId(300) })),
        (
            "131-rooms/one of many",
            from_server(RoomPage { req_id: ReqId(5), rooms: vec![listing()], more: true }),
        ),
        ("132-users/two", from_server(UserPage { req_id: ReqId(6), people: people(), more: true })),
        (
            "133-members/two",
            from_server(MemberPage { req_id: ReqId(7), room: ROOM, people: people(), more: true }),
        ),
        ("134-room/música", from_server(RoomInfo { req_id: ReqId(2), room: listing() })),
        ("135-invite-made/token", from_server(InviteMade { req_id: ReqId(10), token: TOKEN })),
    ]
}

pub(super) fn events() -> Vec<(&'static str, Message)> {
    let posted = |reply_to, body, edited| {
        event(Change::Posted(Posted { message_id: message_id(), reply_to, body, edited }))
    };
    let edited = Timestamp(1_767_225_660_000);
    vec![
        ("256-posted/text", posted(Some(Seq(69_999)), Some(text()), Some(edited))),
        ("256-posted/opaque", posted(None, Some(opaque()), None)),
        ("256-posted/redacted", posted(None, None, None)),
        ("260-joined/ana", event(Change::Joined(Joined {}))),
        ("261-left/ana", event(Change::Left(Left {}))),
    ]
}

pub(super) fn notices() -> Vec<(&'static str, Message)> {
    vec![
        ("448-room-opened/música", notice(RoomOpened { room: listing(), next: Seq(69_951) })),
        ("449-room-closed/room 5", notice(RoomClosed { room: ROOM })),
        ("450-room-jump/room 5", notice(RoomJump { room: ROOM, next: Seq(80_001) })),
        ("451-live/two hundred rooms", notice(Live { rooms: 200 })),
        (
            "460-page-head/a full page",
            notice(PageHead {
                req_id: ReqId(8),
                room: ROOM,
                events: 200,
                oldest: Seq(41),
                head: HEAD,
            }),
        ),
    ]
}
