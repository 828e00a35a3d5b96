//! What a server says on the control stream.

use tertulia_proto::*;

use super::*;

pub(super) fn messages() -> Vec<(&'static str, Message)> {
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
        ("12-typing/beto", from_server(TypingNotice { room: ROOM, person: beto() })),
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
            "131-rooms/two of many",
            from_server(RoomPage { req_id: ReqId(5), rooms: vec![lobby(), music()], more: true }),
        ),
        ("131-rooms/none", from_server(RoomPage { req_id: ReqId(5), rooms: vec![], more: false })),
        ("132-users/two", from_server(UserPage { req_id: ReqId(6), people: people(), more: true })),
        (
            "133-members/two",
            from_server(MemberPage { req_id: ReqId(7), room: ROOM, people: people(), more: true }),
        ),
        ("134-room/música", from_server(RoomInfo { req_id: ReqId(2), room: music() })),
        ("134-room/direct", from_server(RoomInfo { req_id: ReqId(12), room: direct() })),
        ("135-invite-made/token", from_server(InviteMade { req_id: ReqId(10), token: TOKEN })),
    ]
}

fn people() -> Vec<Person> {
    let person = |Author { account, handle, display }, role, online| Person {
        account,
        handle,
        display,
        role,
        online,
    };
    vec![person(ana(), Role::Owner, true), person(beto(), Role::Guest, false)]
}
