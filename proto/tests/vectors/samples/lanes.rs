//! What lanes and pages carry.

use tertulia_proto::*;

use super::*;

pub(super) fn events() -> Vec<(&'static str, Message)> {
    let posted = |reply_to, body, edited| {
        let file = None;
        event(Change::Posted(Posted { message_id: message_id(), reply_to, body, edited, file }))
    };
    let posted_file = Change::Posted(Posted {
        message_id: message_id(),
        reply_to: None,
        body: Some(text()),
        edited: None,
        file: Some(files::file()),
    });
    let topic_changed = |text| event(Change::TopicChanged(TopicChanged { topic: topic(text) }));
    let edited = Timestamp(1_767_225_660_000);
    vec![
        ("256-posted/text", posted(Some(Seq(69_999)), Some(text()), Some(edited))),
        ("256-posted/opaque", posted(None, Some(opaque()), None)),
        ("256-posted/redacted", posted(None, None, None)),
        ("260-joined/ana", event(Change::Joined(Joined {}))),
        ("261-left/ana", event(Change::Left(Left {}))),
        (
            "262-added/beto as guest",
            event(Change::Added(Added { member: beto(), role: Role::Guest })),
        ),
        ("263-removed/beto", event(Change::Removed(Removed { member: beto() }))),
        (
            "264-role-changed/beto to moderator",
            event(Change::RoleChanged(RoleChanged { member: beto(), role: Role::Moderator })),
        ),
        ("265-topic-changed/music", topic_changed("¿Qué suena hoy? 🎶")),
        ("265-topic-changed/none", topic_changed("")),
        (
            "266-room-renamed/to cine",
            event(Change::RoomRenamed(RoomRenamed { name: room_name("cine") })),
        ),
        ("267-archived/closed", event(Change::Archived(Archived { archived: true }))),
        ("267-archived/open again", event(Change::Archived(Archived { archived: false }))),
        ("268-posted-file/a report", event(posted_file)),
    ]
}

pub(super) fn notices() -> Vec<(&'static str, Message)> {
    vec![
        ("448-room-opened/música", notice(RoomOpened { room: music(), next: Seq(69_951) })),
        ("448-room-opened/direct", notice(RoomOpened { room: direct(), next: Seq(1) })),
        ("449-room-closed/room 5", notice(RoomClosed { room: ROOM })),
        ("450-room-jump/room 5", notice(RoomJump { room: ROOM, next: Seq(80_001) })),
        ("451-live/two hundred rooms", notice(Live { rooms: 200 })),
        (
            "452-read-marker/room 5",
            notice(ReadMarker {
                room: ROOM,
                read: Seq(69_000),
                head: HEAD,
                unread: 1_000,
                mentions: 130,
            }),
        ),
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

fn event(change: Change) -> Message {
    let head = EventHead { room: ROOM, seq: HEAD, position: POSITION, time: TIME, author: ana() };
    Message::Lane(LaneMessage::Event(Event { head, change }))
}

fn notice(body: impl Into<LaneNotice>) -> Message {
    Message::Lane(LaneMessage::Notice(body.into()))
}
