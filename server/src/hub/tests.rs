//! Who gets what of a room, from the moment they are in to the moment they are out.

use tertulia_proto::{
    Change, DisplayName, Event, EventHead, Handle, Joined as JoinedRoom, LogPosition, Timestamp,
};

use super::*;

const ROOM: RoomId = RoomId(7);

fn account(id: u64, name: &str) -> AccountRow {
    let (handle, display) = (Handle::new(name).unwrap(), DisplayName::new(name).unwrap());
    AccountRow { id: AccountId(id), handle, display, role: Role::Member }
}

fn event(seq: u64) -> Effect {
    let author = account(1, "ana").author();
    let (position, time) = (LogPosition(seq), Timestamp(seq));
    let head = EventHead { room: ROOM, seq: Seq(seq), position, time, author };
    Effect::Happened(Event { head, change: Change::Joined(JoinedRoom {}) })
}

fn frames(read: Read) -> usize {
    match read {
        Read::Runs(runs) => runs.iter().map(|run| run.frames() as usize).sum(),
        Read::UpToDate => 0,
        Read::Behind { .. } => panic!("behind"),
    }
}

type Carried = (AccountRow, Joined, Arc<Bell>);

/// Ana and Beto, each with a connection that carries the room.
fn two_in_a_room() -> (Arc<Hub>, [Carried; 2]) {
    let hub = Hub::new([(ROOM, Seq(0))]);
    let carried = [(1, "ana"), (2, "beto")].map(|(id, name)| {
        let account = account(id, name);
        let bell = Arc::new(Bell::new(account.id));
        let joined = hub.join(&account, [id as u8; 32], Arc::clone(&bell));
        hub.subscribe(joined.id(), ROOM, &bell);
        (account, joined, bell)
    });
    (hub, carried)
}

#[test]
fn one_who_is_out_gets_what_came_before_and_nothing_after_however_slow_they_are() {
    let (mut hub, [(_, ana, _), (beto, out, _)]) = two_in_a_room();
    let left = Effect::Left { account: beto.id, room: ROOM, after: Seq(2) };
    hub.publish([event(1), event(2), left, event(3)].iter());
    hub.publish([event(4)].iter());
    assert_eq!(frames(hub.read(ana.id(), ROOM, Seq(1), 1 << 20)), 4);
    assert_eq!(hub.read(out.id(), ROOM, Seq(1), 1 << 20), Read::UpToDate);
    assert_eq!(frames(hub.read_rest(ROOM, Seq(1), 1 << 20, Seq(2))), 2);
}

#[tokio::test]
async fn typing_is_told_to_the_others_inside_and_said_by_them() {
    let (mut hub, [(ana, typist, ana_bell), (beto, other, beto_bell)]) = two_in_a_room();
    let carla = account(3, "carla");
    let outside = hub.join(&carla, [3; 32], Arc::new(Bell::new(carla.id)));
    hub.typing(outside.id(), carla.id, ROOM);
    hub.typing(typist.id(), ana.id, RoomId(99));
    hub.typing(typist.id(), ana.id, ROOM);
    let notice = TypingNotice { room: ROOM, person: ana.author() };
    assert_eq!(beto_bell.typing().await, EncodedTyping::new(notice), "Carla's was not told");

    hub.publish([Effect::Left { account: beto.id, room: ROOM, after: Seq(0) }].iter());
    hub.typing(other.id(), beto.id, ROOM);
    hub.typing(typist.id(), ana.id, ROOM);
    for bell in [ana_bell, beto_bell] {
        let told = std::pin::pin!(bell.typing());
        assert!(futures_now(told).is_none(), "of one who is out, or to one who is");
    }
}

/// What a future has already.
fn futures_now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
