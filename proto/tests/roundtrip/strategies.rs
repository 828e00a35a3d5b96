//! Any value of every message, as wild as its bounds allow.

mod client;
mod lanes;
mod server;

use proptest::{collection::vec, option, prelude::*};
use tertulia_proto::{limits::*, *};

pub(crate) use lanes::event;

use crate::common::Message;

pub(crate) fn message() -> BoxedStrategy<Message> {
    prop_oneof![
        client::before_welcome().prop_map(Message::Client),
        typing().prop_map(|typing| Message::ClientNotice(typing.into())),
        client::request().prop_map(Message::Request),
        server::message().prop_map(Message::Server),
        lanes::message().prop_map(Message::Lane),
        file_request().prop_map(Message::FileRequest),
        file_reply().prop_map(Message::FileReply),
    ]
    .boxed()
}

pub(crate) fn typing() -> impl Strategy<Value = Typing> {
    any::<u64>().prop_map(|room| Typing { room: RoomId(room) })
}

pub(crate) fn typing_notice() -> impl Strategy<Value = TypingNotice> {
    (any::<u64>(), author()).prop_map(|(room, person)| TypingNotice { room: RoomId(room), person })
}

/// Texts that names are parsed from: letters of many scripts and widths, marks and punctuation.
pub(crate) fn name_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-ZáéíóúñüÀ-ž0-9._-]{1,34}",
        "[ß-ǿΑ-ωА-яא-ת٠-٩ك-ي０-ｚḀ-ỿ一-丄ﬀ-ﬆ\u{300}-\u{345}._ -]{1,34}",
        any::<String>(),
    ]
}

fn attachment() -> impl Strategy<Value = Attachment> {
    ("\\PC{1,60}", any::<u64>(), any::<[u8; 32]>()).prop_map(|(name, size, hash)| Attachment {
        name: FileName::tamed(&name),
        size,
        hash: FileHash(hash),
    })
}

fn file_request() -> impl Strategy<Value = FileRequest> {
    let upload = (any::<[u8; 16]>(), any::<u64>(), any::<Option<u64>>(), attachment()).prop_map(
        |(message_id, room, reply_to, file)| Upload {
            message_id: MessageId(message_id),
            room: RoomId(room),
            reply_to: reply_to.map(Seq),
            file,
        },
    );
    let download = any::<(u64, u64, u64)>().prop_map(|(room, seq, offset)| Download {
        room: RoomId(room),
        seq: Seq(seq),
        offset,
    });
    prop_oneof![upload.prop_map(FileRequest::from), download.prop_map(FileRequest::from)]
}

fn file_reply() -> impl Strategy<Value = FileReply> {
    prop_oneof![
        any::<u64>().prop_map(|offset| UploadFrom { offset }.into()),
        attachment().prop_map(|file| FileHead { file }.into()),
    ]
}

fn author() -> impl Strategy<Value = Author> {
    (any::<u64>(), handle(), display()).prop_map(|(account, handle, display)| Author {
        account: AccountId(account),
        handle,
        display,
    })
}

fn listing() -> impl Strategy<Value = RoomListing> {
    let what = (any::<u64>(), room_name(), room_kind(), topic(), history_policy());
    let counts = any::<(u32, u32, u32, u64, u64, bool)>();
    (what, counts, option::of(role()), option::of(author())).prop_map(
        |((room, name, kind, topic, history), counts, role, peer)| {
            let (members, unread, mentions, head, read, archived) = counts;
            RoomListing {
                room: RoomId(room),
                name,
                kind,
                topic,
                members,
                unread,
                mentions,
                role,
                head: Seq(head),
                read: Seq(read),
                archived,
                history,
                peer,
            }
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

fn history_policy() -> impl Strategy<Value = HistoryPolicy> {
    prop_oneof![Just(HistoryPolicy::All), Just(HistoryPolicy::SinceJoined)]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Guest), Just(Role::Member), Just(Role::Moderator), Just(Role::Owner),]
}
