//! What a server says on the control stream.

use proptest::{array::uniform16, collection::vec, option, prelude::*};
use tertulia_proto::{limits::*, *};

use super::*;

pub(super) fn message() -> impl Strategy<Value = ServerMessage> {
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
        typing_notice().prop_map(ServerMessage::from),
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
