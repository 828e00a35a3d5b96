use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn fates(conditions: Conditions, seed: u64, every: Duration, packets: u32) -> Vec<Fate> {
    let mut link = Link::new(conditions, seed);
    (0..packets).map(|n| link.offer(every * n, 100)).collect()
}

#[test]
fn a_link_without_conditions_does_nothing() {
    let mut link = Link::new(Conditions::default(), 1);
    assert_eq!(link.offer(ms(7), 1_200), Fate::Arrives(ms(7)));
    assert_eq!(link.counts(), Counts { packets: 1, bytes: 1_200, ..Counts::default() });
}

#[test]
fn delay_and_rate_add_up_exactly() {
    let rate = Some(Rate { bits_per_second: 800_000, queue_bytes: 10_000 });
    let mut link = Link::new(Conditions { delay: ms(40), rate, ..Conditions::default() }, 1);
    // A hundred bytes take a millisecond.
    let fates =
        [(0, 100), (0, 200), (1, 100), (50, 100)].map(|(now, bytes)| link.offer(ms(now), bytes));
    assert_eq!(fates, [41, 43, 44, 91].map(|at| Fate::Arrives(ms(at))));
}

#[test]
fn what_leaves_during_an_outage_is_dropped_and_what_is_under_way_arrives() {
    let outage = Some(Outage { first_at: ms(10), lasts: ms(5), every: ms(100) });
    let mut link = Link::new(Conditions { delay: ms(40), outage, ..Conditions::default() }, 1);
    let fates = [9, 10, 14, 15, 110].map(|now| link.offer(ms(now), 1));
    let down = Fate::Dropped(Cause::Down);
    assert_eq!(fates, [Fate::Arrives(ms(49)), down, down, Fate::Arrives(ms(55)), down]);
    assert_eq!(link.counts().down, 3);
}

#[test]
fn a_link_that_is_cut_takes_nothing_until_it_is_mended() {
    let mut link = Link::new(Conditions::default(), 1);
    let fates = [false, true, true, false].map(|is_cut| {
        link.set_cut(is_cut);
        link.offer(ms(1), 1)
    });
    let (arrives, down) = (Fate::Arrives(ms(1)), Fate::Dropped(Cause::Down));
    assert_eq!(fates, [arrives, down, down, arrives]);
}

#[test]
fn some_packets_arrive_twice_and_some_are_overtaken() {
    let conditions =
        Conditions { overtaken: 0.1, overtaken_by: ms(50), twice: 0.2, ..Conditions::default() };
    let fates = fates(conditions, 3, ms(1), 20_000);
    let twice = fates.iter().filter(|fate| matches!(fate, Fate::Twice(..))).count();
    assert!((3_700..4_300).contains(&twice), "{twice}");
    let first: Vec<Duration> = fates.iter().filter_map(|fate| fate.arrivals().next()).collect();
    let late = (0u32..).zip(&first).filter(|(n, at)| **at == ms(1) * *n + ms(50)).count();
    assert!((1_850..2_150).contains(&late), "{late}");
    assert!((0u32..).zip(&first).all(|(n, at)| [ms(0), ms(50)].contains(&(*at - ms(1) * n))));
}

#[test]
fn the_same_packets_are_lost_whatever_else_is_set() {
    let loss = Loss::Random { share: 0.3 };
    let plain = Conditions { loss, ..Conditions::default() };
    let busy = Conditions { loss, delay: ms(9), jitter: ms(80), twice: 0.5, ..plain };
    let lost = |conditions| {
        let fates = fates(conditions, 11, ms(2), 2_000);
        fates.iter().map(|fate| *fate == Fate::Dropped(Cause::Lost)).collect::<Vec<_>>()
    };
    assert_eq!(lost(plain), lost(busy));
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let loss = prop_oneof![
        Just(Loss::None),
        (0.0..=1.0).prop_map(|share| Loss::Random { share }),
        (0.0..=0.5, 1.0..9.0).prop_map(|(share, mean)| Loss::PacketBursts { share, mean }),
        (0.0..=1.0, 0u64..200).prop_map(|(share, mean)| Loss::TimeBursts { share, mean: ms(mean) }),
    ];
    let rate = prop::option::of(
        (1u64..10_000_000, 0u64..100_000)
            .prop_map(|(bits_per_second, queue_bytes)| Rate { bits_per_second, queue_bytes }),
    );
    let outage =
        prop::option::of((0u64..500, 0u64..500, 0u64..500).prop_map(|(first_at, lasts, every)| {
            Outage { first_at: ms(first_at), lasts: ms(lasts), every: ms(every) }
        }));
    (0u64..400, 0u64..100, loss, rate, 0.0..=1.0, outage).prop_map(
        |(delay, jitter, loss, rate, twice, outage)| Conditions {
            delay: ms(delay),
            jitter: ms(jitter),
            loss,
            rate,
            twice,
            outage,
            ..Conditions::default()
        },
    )
}

proptest! {
    #[test]
    fn the_same_seed_is_the_same_fate(conditions in conditions(), seed: u64) {
        let run = || fates(conditions, seed, ms(1), 300);
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn nothing_is_early_and_nobody_is_overtaken_by_jitter(
        conditions in conditions(),
        seed: u64,
        pauses in prop::collection::vec(0u64..30, 1..200),
    ) {
        let mut link = Link::new(conditions, seed);
        let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
        for pause in pauses {
            now += ms(pause);
            if let Some(at) = link.offer(now, 100).arrivals().next() {
                prop_assert!(at >= now + conditions.delay && at >= last);
                if conditions.rate.is_none() {
                    prop_assert!(at <= now + conditions.delay + conditions.jitter || at == last);
                }
                last = at;
            }
        }
    }

    #[test]
    fn every_packet_has_one_fate(conditions in conditions(), seed: u64) {
        let mut link = Link::new(conditions, seed);
        let fates: Vec<Fate> = (0..300).map(|n| link.offer(ms(n), 10)).collect();
        let counts = link.counts();
        let arrived = fates.iter().filter(|fate| fate.arrivals().next().is_some()).count() as u64;
        prop_assert_eq!(counts.packets, 300);
        prop_assert_eq!(arrived + counts.lost + counts.full + counts.down, 300);
        let arrivals: usize = fates.iter().map(|fate| fate.arrivals().count()).sum();
        prop_assert_eq!(arrivals as u64, arrived + counts.twice);
    }
}
