use proptest::prelude::*;

use super::*;
use crate::{
    emu::packet::tests::packet,
    link::{Conditions, Loss, Rate},
};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn client(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 77, 128, 0).to_bits() + n)
}

fn pipeline(clients: u32, conditions: Conditions) -> Pipeline {
    let mut pipeline = Pipeline::default();
    for n in 0..clients {
        assert!(pipeline.set_link(client(n), Profile::symmetric(conditions), 7));
    }
    pipeline
}

/// All that is let go, by when it was due.
fn all(pipeline: &mut Pipeline) -> Vec<Released> {
    std::iter::from_fn(|| {
        loop {
            let at = pipeline.next_at()?;
            assert_eq!(pipeline.due(at.saturating_sub(Duration::from_nanos(1))), None, "early");
            // What is due may come out nowhere.
            if let Some(released) = pipeline.due(at) {
                return Some(released);
            }
        }
    })
    .collect()
}

#[test]
fn a_packet_comes_out_at_the_other_end_unchanged_and_on_time() {
    let mut pipeline = pipeline(1, Conditions { delay: ms(30), ..Conditions::default() });
    let up = packet(client(0), SERVER, 100, 1);
    let down = packet(SERVER, client(0), 1_500, 2);
    pipeline.offer(ms(5), End::Clients, up.clone());
    pipeline.offer(ms(6), End::Server, down.clone());
    let released = all(&mut pipeline);
    let expected = [
        Released { at: ms(35), to: End::Server, packet: up },
        Released { at: ms(36), to: End::Clients, packet: down },
    ];
    assert_eq!(released, expected);
    let (up, down) = pipeline.counts(client(0));
    assert_eq!((up.packets, up.bytes, down.packets, down.bytes), (1, 100, 1, 1_500));
}

#[test]
fn what_is_nobodys_goes_nowhere() {
    let mut pipeline = pipeline(1, Conditions::default());
    pipeline.offer(ms(0), End::Clients, packet(client(1), SERVER, 100, 0));
    pipeline.offer(ms(0), End::Server, packet(SERVER, client(1), 100, 0));
    pipeline.offer(ms(0), End::Server, vec![0x60; 40]);
    assert_eq!((all(&mut pipeline).len(), pipeline.strays()), (0, 3));
}

#[test]
fn links_of_hundreds_lose_what_they_should_each_by_a_chance_of_its_own() {
    let loss = Loss::Random { share: 0.1 };
    let mut pipeline = pipeline(400, Conditions { loss, delay: ms(9), ..Conditions::default() });
    for n in 0..400 * 500 {
        let (host, at) = (client(n % 400), ms(u64::from(n / 400)));
        pipeline.offer(at, End::Clients, packet(host, SERVER, 60, n / 400));
        pipeline.offer(at, End::Server, packet(SERVER, host, 60, n / 400));
        while pipeline.due(at).is_some() {}
    }
    let lost: Vec<_> = (0..400).map(|n| pipeline.counts(client(n))).collect();
    let total: u64 = lost.iter().map(|(up, down)| up.lost + down.lost).sum();
    assert!((38_500..41_500).contains(&total), "{total} of 400000");
    let differing = lost.windows(2).filter(|two| two[0].0.lost != two[1].0.lost).count();
    assert!(differing > 300, "they are not the same chance");
    assert!(lost.iter().filter(|(up, down)| up.lost != down.lost).count() > 300);
    assert_eq!(pipeline.crowded_out(), 0);
}

#[test]
fn a_cut_and_a_move_are_one_write_each_and_what_is_under_way_arrives() {
    let mut pipeline = pipeline(1, Conditions { delay: ms(30), ..Conditions::default() });
    let offer = |pipeline: &mut Pipeline, at: u64, host| {
        pipeline.offer(ms(at), End::Clients, packet(host, SERVER, 60, at as u32));
    };
    offer(&mut pipeline, 0, client(0));
    pipeline.set_cut(client(0), true);
    offer(&mut pipeline, 1, client(0));
    pipeline.set_cut(client(0), false);
    offer(&mut pipeline, 2, client(0));
    pipeline.set_address(client(0), client(1));
    offer(&mut pipeline, 3, client(0));
    offer(&mut pipeline, 4, client(1));
    pipeline.remove_link(client(1));
    offer(&mut pipeline, 5, client(1));
    let at: Vec<_> = all(&mut pipeline).iter().map(|released| released.at).collect();
    assert_eq!(at, [30, 32, 34].map(ms));
}

#[test]
fn a_router_that_forgets_is_seen_by_the_server_alone_and_drops_what_comes_to_before() {
    let mut pipeline = pipeline(1, Conditions { delay: ms(30), ..Conditions::default() });
    let [inner, first, second] = [client(0), client(7), client(8)];
    assert!(pipeline.set_outer(inner, first) && !pipeline.set_outer(client(3), second));
    pipeline.offer(ms(0), End::Clients, packet(inner, SERVER, 60, 0));
    pipeline.offer(ms(1), End::Server, packet(SERVER, first, 60, 1));
    pipeline.offer(ms(2), End::Server, packet(SERVER, inner, 60, 2));
    let released = all(&mut pipeline);
    let addresses = |released: &Released| packet::addresses(&released.packet);
    assert_eq!(released.len(), 2, "where it was before the router is nowhere");
    assert_eq!(addresses(&released[0]), Some((first, SERVER)));
    assert_eq!(addresses(&released[1]), Some((SERVER, inner)));

    pipeline.offer(ms(50), End::Server, packet(SERVER, first, 60, 3));
    pipeline.offer(ms(51), End::Clients, packet(inner, SERVER, 60, 4));
    assert!(pipeline.set_outer(inner, second));
    pipeline.offer(ms(52), End::Clients, packet(inner, SERVER, 60, 5));
    pipeline.offer(ms(53), End::Server, packet(SERVER, first, 60, 6));
    pipeline.offer(ms(54), End::Server, packet(SERVER, second, 60, 7));
    let released = all(&mut pipeline);
    let addresses: Vec<_> = released.iter().map(addresses).collect();
    let expected = [(first, SERVER), (second, SERVER), (SERVER, inner)];
    assert_eq!(addresses, expected.map(Some), "what was under way to the first is gone");
    assert_eq!(pipeline.strays(), 3);
}

#[test]
fn a_guest_waits_in_the_host_s_queue_and_is_counted_apart() {
    let rate = Some(Rate { bits_per_second: 8_000_000, queue_bytes: 64 << 10 });
    let mut pipeline = pipeline(1, Conditions { delay: ms(30), rate, ..Conditions::default() });
    assert!(
        pipeline.share_link(client(1), client(0)) && !pipeline.share_link(client(2), client(3))
    );
    pipeline.offer(ms(0), End::Clients, packet(client(0), SERVER, 1_000, 0));
    pipeline.offer(ms(0), End::Clients, packet(client(1), SERVER, 1_000, 1));
    pipeline.offer(ms(0), End::Server, packet(SERVER, client(1), 500, 2));
    let released = all(&mut pipeline);
    let at: Vec<_> = released.iter().map(|released| released.at.as_micros()).collect();
    assert_eq!(at, [30_500, 31_000, 32_000], "a kilobyte takes a millisecond");
    let ((up, down), (all_up, _)) = (pipeline.counts(client(1)), pipeline.counts(client(0)));
    assert_eq!((up.bytes, down.bytes, all_up.bytes), (1_000, 500, 2_000));
}

#[test]
fn there_is_room_for_so_many_clients_and_packets_and_no_more() {
    let mut pipeline =
        pipeline(CLIENTS as u32, Conditions { delay: ms(9), ..Conditions::default() });
    assert!(!pipeline.set_link(client(CLIENTS as u32), Profile::default(), 0));
    assert!(pipeline.set_link(
        client(0),
        Profile::symmetric(Conditions { delay: ms(1), ..Conditions::default() }),
        0
    ));
    for n in 0..PACKETS as u32 + 3 {
        pipeline.offer(ms(0), End::Clients, packet(client(0), SERVER, 24, n));
    }
    assert_eq!((pipeline.crowded_out(), all(&mut pipeline).len()), (3, PACKETS));
}

proptest! {
    /// Whatever the link does: what comes out went in, nothing before its delay, nothing late,
    /// and without reordering or copies in the order it was sent.
    #[test]
    fn what_comes_out_went_in_and_is_neither_early_nor_late(
        seed: u64,
        delay in 0u64..300,
        jitter in 0u64..50,
        share in 0.0..0.5,
        twice in prop_oneof![Just(0.0), 0.0..0.5],
        overtaken in prop_oneof![Just(0.0), 0.0..0.5],
        kbit in prop::option::of(64u64..10_000),
        sizes in prop::collection::vec((0u64..20, 24usize..1_500), 1..120),
    ) {
        let rate = kbit.map(|kbit| Rate { bits_per_second: kbit * 1_000, queue_bytes: 16 << 10 });
        let conditions = Conditions {
            delay: ms(delay),
            jitter: ms(jitter),
            loss: Loss::Random { share },
            overtaken,
            overtaken_by: ms(15),
            twice,
            rate,
            ..Conditions::default()
        };
        let mut pipeline = Pipeline::default();
        pipeline.set_link(client(3), Profile::symmetric(conditions), seed);
        let mut sent = Vec::new();
        let mut now = Duration::ZERO;
        for (n, (pause, bytes)) in sizes.iter().enumerate() {
            now += ms(*pause);
            let packet = packet(client(3), SERVER, *bytes, n as u32);
            sent.push((now, packet.clone()));
            pipeline.offer(now, End::Clients, packet);
        }
        let queue = kbit.map_or(Duration::ZERO, |kbit| ms((16 << 10) * 8 / kbit + 1_500 * 8 / kbit + 2));
        let latest = ms(delay + jitter + 15) + queue + crate::link::COPY_AFTER;
        let mut last = None;
        let mut seen = vec![0u8; sent.len()];
        for Released { at, to, packet } in all(&mut pipeline) {
            prop_assert_eq!(to, End::Server);
            let mark = u32::from_be_bytes(packet[20..24].try_into().unwrap());
            let (went, original) = &sent[mark as usize];
            prop_assert_eq!(&packet, original);
            prop_assert!(at >= *went + ms(delay), "early");
            // Jitter keeps the order, so one may wait for the one before it.
            prop_assert!(at <= *went + latest + ms(jitter), "late: {:?}", at - *went);
            seen[mark as usize] += 1;
            prop_assert!(seen[mark as usize] <= 1 + u8::from(twice > 0.0));
            if twice == 0.0 && overtaken == 0.0 {
                prop_assert!(last < Some(mark));
                last = Some(mark);
            }
        }
        let (up, _) = pipeline.counts(client(3));
        let arrived = seen.iter().filter(|seen| **seen > 0).count() as u64;
        prop_assert_eq!(arrived, up.packets - up.lost - up.full);
    }
}
