//! What of the time before they came the members of a room may read.

use tertulia_proto::{History, HistoryPolicy, Refusal, ReqId, Role, RoomId, RoomKind, Seq, Span};

use super::world::*;
use crate::state::Actor;

/// A room 2 of that kind in which Ana said five things, seqs 2 to 6, then Beto came, seq 7, then
/// Ana said one more. Carla is outside.
fn world(kind: RoomKind, history: HistoryPolicy) -> (World, [Actor; 3]) {
    let mut world = World::new();
    let people = [world.person(1, "Ana"), world.person(2, "Beto"), world.person(3, "Carla")];
    world.room(people[0], make("base", kind, history));
    for id in 1..=5 {
        world.applied(people[0], send(id, 2, "before"));
    }
    world.applied(people[0], set_member(2, "beto", Role::Member));
    world.applied(people[0], send(6, 2, "after"));
    (world, people)
}

/// The seqs of every page that one can get, and the oldest that each says there is.
async fn pages(world: &World, actor: Actor) -> Vec<(Vec<u64>, u64)> {
    let mut all = Vec::new();
    let readers = world.readers();
    let account = world.account(actor);
    for (span, limit) in [
        (Span::Newest, 50),
        (Span::Before(Seq(8)), 2),
        (Span::Before(Seq(5)), 50),
        (Span::After(Seq(0)), 3),
        (Span::After(Seq(7)), 50),
    ] {
        let query = History { room: RoomId(2), span, limit };
        let (head, events) = readers.page(&account, ReqId(1), query).await.unwrap().unwrap();
        assert_eq!(usize::from(head.events), events.len());
        all.push((events.iter().map(|event| event.head.seq.0).collect(), head.oldest.0));
    }
    all
}

async fn resumed_at(world: &World, actor: Actor, have: Option<u64>) -> u64 {
    let catch_up = world.readers().catch_up(actor.account, RoomId(2), have.map(Seq)).await;
    catch_up.unwrap().unwrap().next.0
}

#[tokio::test]
async fn by_default_everything() {
    let (world, [ana, beto, carla]) = world(RoomKind::Public, HistoryPolicy::All);
    for actor in [ana, beto, carla] {
        let seqs = [(1..=8).collect(), vec![6, 7], (1..=4).collect(), vec![1, 2, 3], vec![8]];
        assert_eq!(pages(&world, actor).await, seqs.map(|seqs| (seqs, 1)));
    }
    assert_eq!(resumed_at(&world, beto, None).await, 1);
    assert_eq!(resumed_at(&world, beto, Some(3)).await, 4);
}

#[tokio::test]
async fn else_what_came_since_one_is_there() {
    for kind in [RoomKind::Public, RoomKind::Private] {
        let (world, [ana, beto, _]) = world(kind, HistoryPolicy::SinceJoined);
        let seqs = [(1..=8).collect(), vec![6, 7], (1..=4).collect(), vec![1, 2, 3], vec![8]];
        assert_eq!(pages(&world, ana).await, seqs.map(|seqs| (seqs, 1)));
        let seqs = [vec![7, 8], vec![7], vec![], vec![7, 8], vec![8]];
        assert_eq!(pages(&world, beto).await, seqs.map(|seqs| (seqs, 7)));
        for have in [None, Some(0), Some(3), Some(100)] {
            assert_eq!(resumed_at(&world, beto, have).await, 7, "{have:?}");
        }
        assert_eq!(resumed_at(&world, beto, Some(7)).await, 8);
    }
}

#[tokio::test]
async fn who_comes_again_begins_again() {
    let (mut world, [_, beto, _]) = world(RoomKind::Public, HistoryPolicy::SinceJoined);
    world.applied(beto, leave(2));
    world.applied(beto, enter("base"));
    let seqs = [vec![10], vec![], vec![], vec![10], vec![10]];
    assert_eq!(pages(&world, beto).await, seqs.map(|seqs| (seqs, 10)));
    assert_eq!(resumed_at(&world, beto, Some(8)).await, 10, "a cursor of the time before");
}

#[tokio::test]
async fn an_outsider_reads_nothing_of_a_public_room_whose_history_is_its_members() {
    let (world, [.., carla]) = world(RoomKind::Public, HistoryPolicy::SinceJoined);
    for (events, oldest) in pages(&world, carla).await {
        assert_eq!((events, oldest), (vec![], 0));
    }
}

#[tokio::test]
async fn one_who_was_put_out_reads_nothing_whatever_was_allowed_before() {
    let (mut world, [ana, beto, _]) = world(RoomKind::Private, HistoryPolicy::All);
    world.applied(ana, remove(2, "beto"));
    let (readers, beto) = (world.readers(), world.account(beto));
    let query = History { room: RoomId(2), span: Span::Newest, limit: 5 };
    let page = readers.page(&beto, ReqId(1), query).await.unwrap();
    assert_eq!(page, Err(Refusal::NO_SUCH_ROOM));
    let members = readers.members(&beto, RoomId(2), tertulia_proto::AccountId(0)).await.unwrap();
    assert_eq!(members, Err(Refusal::NO_SUCH_ROOM));
}
