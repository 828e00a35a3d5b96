//! Any value of every message, as wild as its bounds allow.

use proptest::{array::uniform16, collection::vec, option, prelude::*};
use tertulia_proto::{limits::*, *};

use crate::common::Message;

pub(crate) fn message() -> BoxedStrategy<Message> {
    prop_oneof![
        from_client().prop_map(Message::Client),
        request().prop_map(Message::Request),
        from_server().prop_map(Message::Server),
        on_lane().prop_map(Message::Lane),
    ]
    .boxed()
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let change = prop_oneof![
        posted().prop_map(Change::Posted),
        Just(Change::Joined(Joined {})),
        Just(Change::Left(Left {})),
    ];
    (head(), change).prop_map(|(head, change)| Event { head, change })
}

/// Texts that names are parsed from: letters of many scripts and widths, marks and punctuation.
pub(crate) fn name_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-ZáéíóúñüÀ-ž0-9._-]{1,34}",
        "[ß-ǿΑ-ωА-яא-ת٠-٩ك-ي０-ｚḀ-ỿ一-丄ﬀ-ﬆ\u{300}-\u{345}._ -]{1,34}",
        any::<String>(),
    ]
}

fn from_client() -> impl Strategy<Value = ClientMessage> {
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

fn request() -> impl Strategy<Value = Request> {
    let id = any::<u64>;
    let send = (uniform16(any::<u8>()), id(), option::of(id()), body()).prop_map(
        |(message_id, room, reply_to, body)| Send {
            message_id: MessageId(message_id),
            room: RoomId(room),
            reply_to: reply_to.map(Seq),
            body,
        },
    );
    let create = (room_name(), room_kind(), topic()).prop_map(|(name, kind, topic)| CreateRoom {
        name,
        kind,
        topic,
    });
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
    let mark_read =
        (id(), id()).prop_map(|(room, seq)| MarkRead { room: RoomId(room), seq: Seq(seq) });
    let command = prop_oneof![
        send.prop_map(Command::from),
        create.prop_map(Command::from),
        room_name().prop_map(|name| EnterRoom { name }.into()),
        id().prop_map(|room| LeaveRoom { room: RoomId(room) }.into()),
        id().prop_map(|after| ListRooms { after: RoomId(after) }.into()),
        id().prop_map(|after| ListUsers { after: AccountId(after) }.into()),
        list_members.prop_map(Command::from),
        history.prop_map(Command::from),
        mark_read.prop_map(Command::from),
        invite.prop_map(Command::from),
        display().prop_map(|name| Rename { name }.into()),
    ];
    (id(), command)
        .prop_map(|(req_id, command)| Request { req_id: ReqId(req_id), command: Ok(command) })
}

fn from_server() -> impl Strategy<Value = ServerMessage> {
    let req_id = || any::<u64>().prop_map(ReqId);
    let welcome = (any::<(u16, u64, [u8; 16], u64, u64, u8)>(), handle(), display(), role())
        .prop_map(|((version, features, epoch, head, account, lanes), handle, display, role)| {
            Welcome {
                version,
                features: Features(features),
                epoch: Epoch(epoch),
                head: LogPosition(head),
                account: AccountId(account),
                handle,
                display,
                role,
                lanes,
            }
        });
    let registration = prop_oneof![Just(Registration::Invite), Just(Registration::Open)];
    let presence = (any::<bool>(), any::<u32>(), vec(person(), 0..=PRESENCE_PEOPLE))
        .prop_map(|(complete, online, people)| Presence { complete, online, people });
    let receipt = any::<(u64, [u8; 16], u64, u64, u64, u64, bool)>().prop_map(
        |(req_id, message_id, room, seq, position, time, duplicate)| Receipt {
            req_id: ReqId(req_id),
            message_id: MessageId(message_id),
            room: RoomId(room),
            seq: Seq(seq),
            position: LogPosition(position),
            time: Timestamp(time),
            duplicate,
        },
    );
    let rejected = (req_id(), any::<u16>(), any::<Option<u32>>(), option::of("\\PC{0,40}"))
        .prop_map(|(req_id, refusal, retry_after_ms, proposal)| Rejected {
            req_id,
            refusal: Refusal(refusal),
            retry_after_ms,
            proposal,
        });
    let rooms = (req_id(), vec(listing(), 0..40), any::<bool>())
        .prop_map(|(req_id, rooms, more)| RoomPage { req_id, rooms, more });
    let people = || vec(person(), 0..=LIST_ENTRIES);
    let users = (req_id(), people(), any::<bool>()).prop_map(|(req_id, people, more)| UserPage {
        req_id,
        people,
        more,
    });
    let members = (req_id(), any::<u64>(), people(), any::<bool>()).prop_map(
        |(req_id, room, people, more)| MemberPage { req_id, room: RoomId(room), people, more },
    );
    prop_oneof![
        welcome.prop_map(ServerMessage::from),
        registration.prop_map(|registration| Unregistered { registration }.into()),
        any::<u32>().prop_map(|retry_after_ms| GoAway { retry_after_ms }.into()),
        presence.prop_map(ServerMessage::from),
        receipt.prop_map(ServerMessage::from),
        rejected.prop_map(ServerMessage::from),
        req_id().prop_map(|req_id| Done { req_id }.into()),
        rooms.prop_map(ServerMessage::from),
        users.prop_map(ServerMessage::from),
        members.prop_map(ServerMessage::from),
        (req_id(), listing()).prop_map(|(req_id, room)| RoomInfo { req_id, room }.into()),
        (req_id(), uniform16(any::<u8>()))
            .prop_map(|(req_id, token)| InviteMade { req_id, token }.into()),
    ]
}

fn on_lane() -> impl Strategy<Value = LaneMessage> {
    let page_head =
        any::<(u64, u64, u16, u64, u64)>().prop_map(|(req_id, room, events, oldest, head)| {
            PageHead {
                req_id: ReqId(req_id),
                room: RoomId(room),
                events,
                oldest: Seq(oldest),
                head: Seq(head),
            }
        });
    let notice = prop_oneof![
        (listing(), any::<u64>())
            .prop_map(|(room, next)| RoomOpened { room, next: Seq(next) }.into()),
        any::<u64>().prop_map(|room| RoomClosed { room: RoomId(room) }.into()),
        any::<(u64, u64)>()
            .prop_map(|(room, next)| { RoomJump { room: RoomId(room), next: Seq(next) }.into() }),
        any::<u32>().prop_map(|rooms| Live { rooms }.into()),
        page_head.prop_map(LaneNotice::from),
    ];
    prop_oneof![event().prop_map(LaneMessage::Event), notice.prop_map(LaneMessage::Notice),]
}

fn head() -> impl Strategy<Value = EventHead> {
    (any::<(u64, u64, u64, u64, u64)>(), handle(), display()).prop_map(
        |((room, seq, position, time, account), handle, display)| EventHead {
            room: RoomId(room),
            seq: Seq(seq),
            position: LogPosition(position),
            time: Timestamp(time),
            author: Author { account: AccountId(account), handle, display },
        },
    )
}

fn posted() -> impl Strategy<Value = Posted> {
    let message_id = uniform16(any::<u8>());
    (message_id, any::<Option<u64>>(), option::of(body()), any::<Option<u64>>()).prop_map(
        |(message_id, reply_to, body, edited)| Posted {
            message_id: MessageId(message_id),
            reply_to: reply_to.map(Seq),
            body,
            edited: edited.map(Timestamp),
        },
    )
}

fn person() -> impl Strategy<Value = Person> {
    (any::<u64>(), handle(), display(), role(), any::<bool>()).prop_map(
        |(account, handle, display, role, online)| Person {
            account: AccountId(account),
            handle,
            display,
            role,
            online,
        },
    )
}

fn listing() -> impl Strategy<Value = RoomListing> {
    let numbers = any::<(u64, u32, u32, bool, u64, u64)>();
    (numbers, room_name(), room_kind(), topic()).prop_map(
        |((room, members, unread, entered, head, read), name, kind, topic)| RoomListing {
            room: RoomId(room),
            name,
            kind,
            topic,
            members,
            unread,
            entered,
            head: Seq(head),
            read: Seq(read),
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let text = prop_oneof![
        8 => "\\PC{1,80}".boxed(),
        1 => Just("é".repeat(TEXT_BYTES / 2)).boxed(),
    ]
    .prop_map(|text| Body::Text(MessageText::new(&text).unwrap()));
    let opaque = (any::<u16>(), vec(any::<u8>(), 0..300))
        .prop_map(|(scheme, bytes)| Body::Opaque { scheme, bytes });
    prop_oneof![4 => text, 1 => opaque]
}

fn topic() -> impl Strategy<Value = Topic> {
    "\\PC{0,60}".prop_map(|text| Topic::new(&text).unwrap())
}

fn display() -> impl Strategy<Value = DisplayName> {
    "[a-zÀ-ž一-丄🌱🎶. ]{0,19}[a-zÀ-ž🌱]".prop_map(|name| DisplayName::new(&name).unwrap())
}

fn handle() -> impl Strategy<Value = Handle> {
    "[a-záñ一-丄][a-záñ._-]{0,15}[0-9]".prop_map(|name| Handle::new(&name).unwrap())
}

fn room_name() -> impl Strategy<Value = RoomName> {
    "[a-záñ一-丄][a-záñ._-]{0,15}".prop_map(|name| RoomName::new(&name).unwrap())
}

fn room_kind() -> impl Strategy<Value = RoomKind> {
    prop_oneof![Just(RoomKind::Public), Just(RoomKind::Private), Just(RoomKind::Direct),]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Guest), Just(Role::Member), Just(Role::Moderator), Just(Role::Owner),]
}
