//! What lanes and pages carry.

use proptest::{array::uniform16, option, prelude::*};
use tertulia_proto::*;

use super::*;

pub(super) fn message() -> impl Strategy<Value = LaneMessage> {
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
    let read_marker =
        any::<(u64, u64, u64, u32, u32)>().prop_map(|(room, read, head, unread, mentions)| {
            ReadMarker { room: RoomId(room), read: Seq(read), head: Seq(head), unread, mentions }
        });
    let notice = prop_oneof![
        (listing(), any::<u64>())
            .prop_map(|(room, next)| RoomOpened { room, next: Seq(next) }.into()),
        any::<u64>().prop_map(|room| RoomClosed { room: RoomId(room) }.into()),
        any::<(u64, u64)>()
            .prop_map(|(room, next)| { RoomJump { room: RoomId(room), next: Seq(next) }.into() }),
        any::<u32>().prop_map(|rooms| Live { rooms }.into()),
        read_marker.prop_map(LaneNotice::from),
        page_head.prop_map(LaneNotice::from),
    ];
    prop_oneof![event().prop_map(LaneMessage::Event), notice.prop_map(LaneMessage::Notice),]
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let added = (author(), role()).prop_map(|(member, role)| Added { member, role });
    let role_changed = (author(), role()).prop_map(|(member, role)| RoleChanged { member, role });
    let change = prop_oneof![
        posted().prop_map(Change::Posted),
        Just(Change::Joined(Joined {})),
        Just(Change::Left(Left {})),
        added.prop_map(Change::Added),
        author().prop_map(|member| Change::Removed(Removed { member })),
        role_changed.prop_map(Change::RoleChanged),
        topic().prop_map(|topic| Change::TopicChanged(TopicChanged { topic })),
        room_name().prop_map(|name| Change::RoomRenamed(RoomRenamed { name })),
        any::<bool>().prop_map(|archived| Change::Archived(Archived { archived })),
    ];
    (head(), change).prop_map(|(head, change)| Event { head, change })
}

fn head() -> impl Strategy<Value = EventHead> {
    (any::<(u64, u64, u64, u64)>(), author()).prop_map(|((room, seq, position, time), author)| {
        EventHead {
            room: RoomId(room),
            seq: Seq(seq),
            position: LogPosition(position),
            time: Timestamp(time),
            author,
        }
    })
}

fn posted() -> impl Strategy<Value = Posted> {
    let message_id = uniform16(any::<u8>());
    let file = option::of(attachment());
    (message_id, any::<Option<u64>>(), option::of(body()), any::<Option<u64>>(), file).prop_map(
        |(message_id, reply_to, body, edited, file)| Posted {
            message_id: MessageId(message_id),
            reply_to: reply_to.map(Seq),
            body,
            edited: edited.map(Timestamp),
            file,
        },
    )
}
