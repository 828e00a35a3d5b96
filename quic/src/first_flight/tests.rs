use proptest::prelude::*;

use super::*;
use crate::packets::tests::long;

type Flight = FirstFlight<(), u32>;
const MS: Duration = Duration::from_millis(1);

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// Everything that goes out again, and when.
fn repeats(flight: &mut Flight) -> Vec<(u64, usize)> {
    let mut all = Vec::new();
    while let Some(due) = flight.due_at() {
        while let Some(((), datagram)) = flight.take_due(due) {
            all.push((due.as_millis() as u64, datagram.len()));
        }
    }
    all
}

fn short(own: &[u8], length: usize) -> Vec<u8> {
    let mut packet = vec![0x41];
    packet.extend(own);
    packet.resize(length, 0);
    packet
}

#[test]
fn a_client_repeats_its_first_flight_until_the_server_has_it() {
    let mut flight = Flight::new(Side::Client);
    let hello = long(0, &[1], 1_180);
    flight.sent(Duration::ZERO, at(1), &(), &hello);
    let length = hello.len();
    assert_eq!(flight.take_due(4 * MS), None);
    assert!(flight.take_due(5 * MS).is_some());
    flight.heard(9 * MS, at(1), &long(2, &[2], 100));
    assert_eq!(repeats(&mut flight), []);

    flight.sent(10 * MS, at(1), &(), &[long(0, &[1], 40), long(2, &[1], 60)].concat());
    flight.heard(11 * MS, at(1), &long(2, &[2], 100));
    assert_eq!(repeats(&mut flight).len(), 3, "an answer to the first flight");
    let mut silent = Flight::new(Side::Client);
    silent.sent(Duration::ZERO, at(1), &(), &hello);
    assert_eq!(repeats(&mut silent), [(5, length), (15, length), (35, length)]);
}

#[test]
fn into_a_silence_nothing_is_repeated_for_long() {
    let mut flight = Flight::new(Side::Client);
    let hello = long(0, &[1], 1_180);
    for at_ms in [0, 300, 900, 2_100, 4_500] {
        flight.sent(at_ms * MS, at(1), &(), &hello);
    }
    assert_eq!(repeats(&mut flight).len(), 9);
    for attempt in 2..6 {
        flight.sent(
            Duration::from_secs(u64::from(attempt) * 9),
            at(1),
            &(),
            &long(0, &[attempt], 1_180),
        );
        assert_eq!(repeats(&mut flight).len(), 0, "attempt {attempt}");
    }
    flight.heard(Duration::from_secs(46), at(1), &long(0, &[9], 1_180));
    flight.sent(Duration::from_secs(47), at(1), &(), &long(0, &[7], 1_180));
    assert_eq!(repeats(&mut flight).len(), 3, "it answers");
    flight.may_send(Duration::from_secs(200), at(1), &[]);
    flight.sent(Duration::from_secs(200), at(1), &(), &long(0, &[8], 1_180));
    assert_eq!(repeats(&mut flight).len(), 3, "it was long ago");
}

#[test]
fn the_first_words_behind_a_far_handshake_are_repeated_and_later_ones_are_not() {
    let mut flight = Flight::new(Side::Client);
    flight.sent(Duration::ZERO, at(1), &(), &long(0, &[1], 1_180));
    flight.heard(60 * MS, at(1), &long(2, &[2], 100));
    flight.sent(60 * MS, at(1), &(), &short(&[2], 1_201));
    assert_eq!(repeats(&mut flight), [], "a long one");
    for n in 0..9 {
        flight.sent((61 + n) * MS, at(1), &(), &short(&[2], 90));
    }
    assert_eq!(repeats(&mut flight).len(), 3 * usize::from(FIRST));
    flight.sent(80 * MS, at(1), &(), &short(&[2], 90));
    assert_eq!(repeats(&mut flight), []);

    let mut near = Flight::new(Side::Client);
    near.sent(Duration::ZERO, at(1), &(), &long(0, &[1], 1_180));
    near.heard(2 * MS, at(1), &long(2, &[2], 100));
    near.sent(3 * MS, at(1), &(), &short(&[2], 90));
    assert_eq!(repeats(&mut near), []);
}

#[test]
fn who_never_shook_hands_here_costs_nothing() {
    let mut flight = Flight::new(Side::Client);
    flight.sent(MS, at(1), &(), &short(&[1], 90));
    let mut version_negotiation = long(0, &[1], 40);
    version_negotiation[1..5].fill(0);
    flight.sent(MS, at(1), &(), &version_negotiation);
    assert_eq!((repeats(&mut flight), flight.peers.len()), (vec![], 0));
}

#[test]
fn a_server_repeats_its_flight_as_far_as_the_limit_allows() {
    let mut flight = Flight::new(Side::Server);
    flight.heard(Duration::ZERO, at(1), &long(0, &[1], 1_180));
    let answer = long(0, &[2], 1_180);
    flight.sent(Duration::ZERO, at(1), &(), &answer);
    assert!(flight.may_send(MS, at(1), &answer));
    assert_eq!(repeats(&mut flight).len(), 2, "three times of what came");
    assert!(!flight.may_send(MS, at(1), &answer), "nor anything else");
    assert!(flight.may_send(MS, at(1), &short(&[8], 90)), "of another connection");
    flight.heard(40 * MS, at(1), &long(0, &[1], 1_180));
    assert!(flight.may_send(40 * MS, at(1), &answer));
    flight.sent(40 * MS, at(1), &(), &[long(2, &[2], 60), short(&[1], 50)].concat());
    flight.sent(40 * MS, at(1), &(), &short(&[1], 50));
    flight.sent(40 * MS, at(1), &(), &long(2, &[2], 4_500));
    assert!(!flight.may_send(40 * MS, at(1), &answer), "what went along was no end");
    flight.heard(41 * MS, at(1), &long(2, &[1], 60));
    flight.sent(41 * MS, at(1), &(), &short(&[1], 50));
    assert!(flight.may_send(42 * MS, at(1), &answer), "the client has proven itself");
}

#[test]
fn repeats_of_one_handshake_do_not_use_up_what_another_of_the_same_address_is_owed() {
    let mut flight = Flight::new(Side::Server);
    let (hello, answer) = (|client| long(0, &[client], 1_180), |own| long(2, &[own], 1_180));
    let mut turned_away = 0;
    for client in 1..50 {
        flight.heard(u32::from(client) * MS, at(1), &hello(client));
        while flight.take_due(u32::from(client) * MS).is_some() {}
        for _ in 0..3 {
            turned_away +=
                u8::from(!flight.may_send(u32::from(client) * MS, at(1), &answer(client)));
            flight.sent(u32::from(client) * MS, at(1), &(), &answer(100 + client));
        }
    }
    assert_eq!(turned_away, 0);
    assert_eq!(repeats(&mut flight), []);
    // Nobody waits for those any more.
    flight.heard(Duration::from_secs(3), at(1), &hello(60));
    flight.sent(Duration::from_secs(3), at(1), &(), &answer(160));
    assert_ne!(repeats(&mut flight), []);
}

#[test]
fn what_overtakes_the_end_of_a_handshake_is_held_until_it_is_over() {
    let mut flight = Flight::new(Side::Server);
    let early = short(&[5, 5], 60);
    assert_eq!(flight.heard(Duration::ZERO, at(1), &early), Heard::Pass, "nobody known");
    flight.heard(Duration::ZERO, at(1), &long(0, &[1], 1_180));
    flight.sent(Duration::ZERO, at(1), &(), &long(2, &[5, 5], 900));
    assert_eq!(flight.heard(MS, at(1), &short(&[6, 6], 60)), Heard::Pass, "another connection");
    for n in 0..20 {
        match flight.heard(MS, at(1), &early) {
            Heard::Hold => flight.hold(MS, at(1), n, Bytes::copy_from_slice(&early)),
            Heard::Pass => assert!(n >= HELD_OF_ONE as u32),
        }
    }
    assert!(!flight.has_released());
    flight.sent(2 * MS, at(1), &(), &[long(2, &[5, 5], 30), short(&[1], 50)].concat());
    flight.sent(2 * MS, at(1), &(), &short(&[1], 50));
    assert!(!flight.has_released(), "what goes along with the handshake is no end of it");
    flight.heard(3 * MS, at(1), &long(2, &[1], 60));
    flight.sent(3 * MS, at(1), &(), &short(&[1], 50));
    let released: Vec<_> = std::iter::from_fn(|| flight.released()).map(|(n, _)| n).collect();
    assert_eq!(released, (0..HELD_OF_ONE as u32).collect::<Vec<_>>());
    assert_eq!(flight.heard(4 * MS, at(1), &early), Heard::Pass);
    assert_eq!(flight.held, 0);
}

#[test]
fn what_is_held_is_held_for_half_a_second_and_no_more_is_then() {
    let mut flight = Flight::new(Side::Server);
    let early = short(&[5, 5], 60);
    flight.heard(Duration::ZERO, at(1), &long(0, &[1], 1_180));
    flight.sent(Duration::ZERO, at(1), &(), &long(2, &[5, 5], 900));
    repeats(&mut flight);
    for (n, ms) in [(1, 40), (2, 400)] {
        assert_eq!(flight.heard(MS * ms, at(1), &early), Heard::Hold);
        flight.hold(MS * ms, at(1), n, Bytes::copy_from_slice(&early));
    }
    assert_eq!(flight.due_at(), Some(540 * MS));
    assert_eq!((flight.take_due(539 * MS), flight.has_released()), (None, false));
    assert_eq!(flight.take_due(540 * MS), None);
    let released: Vec<_> = std::iter::from_fn(|| flight.released()).map(|(n, _)| n).collect();
    assert_eq!((released, flight.held, flight.due_at()), (vec![1, 2], 0, None));
    assert_eq!(flight.heard(541 * MS, at(1), &early), Heard::Pass);
}

#[test]
fn of_two_handshakes_from_one_address_the_end_of_one_does_not_hold_its_client_up() {
    let mut flight = Flight::new(Side::Server);
    for own in [[5, 5], [6, 6]] {
        flight.heard(Duration::ZERO, at(1), &long(0, &[own[0]], 1_180));
        flight.sent(Duration::ZERO, at(1), &(), &[long(0, &own, 90), long(2, &own, 900)].concat());
    }
    flight.heard(MS, at(1), &long(2, &[5], 60));
    flight.sent(MS, at(1), &(), &[long(2, &[5, 5], 30), short(&[5], 50)].concat());
    for _ in 0..3 {
        assert_eq!(flight.heard(2 * MS, at(1), &short(&[5, 5], 60)), Heard::Pass);
    }
    flight.heard(3 * MS, at(1), &long(2, &[6], 60));
    flight.sent(3 * MS, at(1), &(), &short(&[6], 50));
    assert_eq!(flight.heard(4 * MS, at(1), &short(&[6, 6], 60)), Heard::Pass);
}

#[test]
fn peers_and_what_waits_are_bounded_and_forgotten() {
    let mut flight = Flight::new(Side::Server);
    for port in 0..5_000 {
        flight.heard(Duration::ZERO, at(port), &long(0, &[1], 1_180));
        flight.sent(Duration::ZERO, at(port), &(), &long(2, &[5], 900));
        if flight.heard(Duration::ZERO, at(port), &short(&[5], 60)) == Heard::Hold {
            flight.hold(MS, at(port), 0, Bytes::new());
        }
    }
    assert_eq!((flight.peers.len(), flight.waiting.len()), (PEERS, WAITING));
    assert_eq!(flight.held, HELD);
    assert!(flight.may_send(LASTS, at(4_999), &long(2, &[5], 900)));
    assert_eq!((flight.peers.len(), flight.order.len(), flight.held), (0, 0, 0));
    assert_eq!(std::iter::from_fn(|| flight.released()).count(), HELD);
}

proptest! {
    /// Whatever is sent and heard, to an address that proved nothing goes at most three times
    /// what came, and less than a datagram more, as quinn has it.
    #[test]
    fn the_limit_holds_for_what_quinn_sends_and_for_repeats_together(
        steps in proptest::collection::vec((any::<bool>(), 50usize..1_300, 0u32..20), 1..80),
    ) {
        let mut flight = Flight::new(Side::Server);
        let (mut now, mut came, mut went) = (Duration::ZERO, 0, 0);
        for (comes, bytes, wait) in steps {
            let until = now + wait * MS;
            while let Some(due) = flight.due_at().filter(|due| *due <= until) {
                while let Some(((), datagram)) = flight.take_due(due) {
                    went += datagram.len();
                    prop_assert!(went <= 3 * came);
                }
            }
            now = until;
            let datagram = long(if comes { 0 } else { 2 }, &[4], bytes);
            if comes {
                came += datagram.len();
                flight.heard(now, at(1), &datagram);
            } else if came > 0 && flight.may_send(now, at(1), &datagram) {
                flight.sent(now, at(1), &(), &datagram);
                prop_assert!(went < 3 * came);
                went += datagram.len();
            }
        }
    }
}
