use std::{net::Ipv4Addr, time::Duration};

use tertulia_netsim::{
    emu::{SERVER, World, client_address},
    link::{Conditions, Loss, Profile, Rate},
};
use tokio::{net::UdpSocket, time};

use crate::again::in_a_world;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The packet of a datagram has that much before it.
const HEADERS: usize = 28;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A datagram as it was received: its number, and how long it took.
type Arrival = (u32, Duration);

/// Sends numbered datagrams from a client, some at a time, and returns what arrives at the server,
/// until the one that comes behind them all, on a link without faults.
fn sent(
    world: &World,
    client: Ipv4Addr,
    total: u32,
    bytes: usize,
    every: Duration,
) -> Vec<Arrival> {
    let receiving = world.server().handle().spawn(async { UdpSocket::bind((SERVER, 0)).await });
    let server = world.server().handle().block_on(receiving).unwrap().unwrap();
    let to = server.local_addr().unwrap();
    let began = time::Instant::now();
    let receiving = world.server().handle().spawn(async move {
        let mut buffer = [0; 2_000];
        let mut arrivals = Vec::new();
        loop {
            let received = time::timeout(PATIENCE, server.recv(&mut buffer)).await;
            let bytes = received.unwrap().unwrap();
            let number = u32::from_be_bytes(buffer[..4].try_into().unwrap());
            if number == u32::MAX {
                return arrivals;
            }
            let sent = u64::from_be_bytes(buffer[4..12].try_into().unwrap());
            assert!(
                buffer[12..bytes].iter().all(|byte| *byte == 7),
                "what arrives is what was sent"
            );
            arrivals.push((number, began.elapsed() - Duration::from_nanos(sent)));
        }
    });
    let sending = world.clients().handle().spawn(async move {
        let socket = UdpSocket::bind((client, 0)).await.unwrap();
        let mut datagram = vec![7; bytes];
        for number in 0..total {
            datagram[..4].copy_from_slice(&number.to_be_bytes());
            let now = began.elapsed().as_nanos() as u64;
            datagram[4..12].copy_from_slice(&now.to_be_bytes());
            socket.send_to(&datagram, to).await.unwrap();
            if !every.is_zero() && number % 20 == 19 {
                time::sleep(every).await;
            }
        }
        socket
    });
    let socket = world.clients().handle().block_on(sending).unwrap();
    // All that is under way arrives before the last one, which is never lost.
    let began = time::Instant::now();
    while world.counts(client).0.packets < u64::from(total) {
        assert!(began.elapsed() < PATIENCE, "the emulator did not see each of them");
        std::thread::yield_now();
    }
    let slow = Conditions { delay: Duration::from_secs(1), ..Conditions::default() };
    world.set_link(client, Profile::symmetric(slow), 0);
    let last = world.clients().handle().spawn(async move {
        socket.send_to(&u32::MAX.to_be_bytes(), to).await.unwrap();
    });
    world.clients().handle().block_on(last).unwrap();
    world.server().handle().block_on(receiving).unwrap()
}

#[test]
fn a_datagram_is_under_way_for_as_long_as_its_link_says() {
    in_a_world("datagrams::a_datagram_is_under_way_for_as_long_as_its_link_says", |world| {
        for (client, delay) in [(0, 30), (1, 120)] {
            let link = Conditions { delay: ms(delay), ..Conditions::default() };
            world.set_link(client_address(client), Profile::symmetric(link), 1);
            let arrivals = sent(&world, client_address(client), 200, 100, ms(5));
            let mut took: Vec<Duration> = arrivals.iter().map(|(_, took)| *took).collect();
            took.sort_unstable();
            assert_eq!(took.len(), 200);
            assert!(took[0] >= ms(delay), "{:?} is too early", took[0]);
            assert!(took[100] < ms(delay + 10), "{:?} is too late", took[100]);
            assert!(arrivals.is_sorted_by_key(|(number, _)| *number), "the order is kept");
        }
        let check = world.self_check();
        assert_eq!((check.dropped, check.failure), (0, None));
        assert!(check.lateness.count() >= 400);
    });
}

#[test]
fn as_many_datagrams_are_lost_as_the_link_says() {
    in_a_world("datagrams::as_many_datagrams_are_lost_as_the_link_says", |world| {
        // Bad times are few in so short a test: they may be more or less.
        for (client, loss, off) in [
            (0, Loss::Random { share: 0.05 }, 0.2),
            (1, Loss::PacketBursts { share: 0.2, mean: 5.0 }, 0.3),
            (2, Loss::TimeBursts { share: 0.3, mean: ms(3) }, 0.6),
        ] {
            let link = Conditions { loss, delay: ms(5), ..Conditions::default() };
            world.set_link(client_address(client), Profile::symmetric(link), 3);
            let arrived = sent(&world, client_address(client), 10_000, 60, ms(1)).len();
            let share = 1.0 - arrived as f64 / 10_000.0;
            let asked = match loss {
                Loss::None => 0.0,
                Loss::Random { share }
                | Loss::PacketBursts { share, .. }
                | Loss::TimeBursts { share, .. } => share,
            };
            assert!((share / asked - 1.0).abs() < off, "{share} instead of {asked}: {loss:?}");
        }
    });
}

#[test]
fn a_link_that_is_full_drops_and_one_that_copies_copies() {
    in_a_world("datagrams::a_link_that_is_full_drops_and_one_that_copies_copies", |world| {
        // A kilobyte takes 8 ms; eight of them wait.
        let rate = Rate { bits_per_second: 1_000_000, queue_bytes: 8_000 };
        let link = Conditions { rate: Some(rate), ..Conditions::default() };
        world.set_link(client_address(0), Profile::symmetric(link), 1);
        let arrivals = sent(&world, client_address(0), 100, 1_000 - HEADERS, ms(0));
        assert!((8..=12).contains(&arrivals.len()), "{} of 100 at once", arrivals.len());
        assert!(arrivals.iter().all(|(_, took)| *took >= ms(8)));

        let link = Conditions { twice: 0.5, delay: ms(2), ..Conditions::default() };
        world.set_link(client_address(1), Profile::symmetric(link), 1);
        let arrivals = sent(&world, client_address(1), 1_000, 60, ms(1)).len();
        assert!((1_400..1_600).contains(&arrivals), "{arrivals} of 1000, half of them twice");
    });
}

#[test]
fn one_that_is_cut_off_or_moves_hears_nothing_at_the_old_place() {
    in_a_world("datagrams::one_that_is_cut_off_or_moves_hears_nothing_at_the_old_place", |world| {
        let (old, new) = (client_address(0), client_address(1));
        world.set_link(old, Profile::default(), 1);
        assert_eq!(sent(&world, old, 10, 60, ms(0)).len(), 10);
        let echo = world.server().handle().spawn(async { UdpSocket::bind((SERVER, 0)).await });
        let echo = world.server().handle().block_on(echo).unwrap().unwrap();
        let to = echo.local_addr().unwrap();
        let echoing = world.server().handle().spawn(async move {
            let mut buffer = [0; 100];
            loop {
                let (bytes, from) = echo.recv_from(&mut buffer).await.unwrap();
                echo.send_to(&buffer[..bytes], from).await.unwrap();
            }
        });
        let answer = |from: Ipv4Addr| {
            let asking = world.clients().handle().spawn(async move {
                let socket = UdpSocket::bind((from, 0)).await.unwrap();
                socket.send_to(b"?", to).await.unwrap();
                time::timeout(ms(300), socket.recv(&mut [0; 100])).await.is_ok()
            });
            world.clients().handle().block_on(asking).unwrap()
        };
        world.set_link(old, Profile::default(), 1);
        assert!(answer(old));
        world.set_cut(old, true);
        assert!(!answer(old));
        world.set_cut(old, false);
        assert!(answer(old) && !answer(new));
        world.set_address(old, new);
        assert!(answer(new) && !answer(old));
        echoing.abort();
    });
}

#[test]
fn behind_a_router_that_forgets_one_is_somebody_else_to_the_server_and_hears_on() {
    let name =
        "datagrams::behind_a_router_that_forgets_one_is_somebody_else_to_the_server_and_hears_on";
    in_a_world(name, |world| {
        let (inner, outer) = (client_address(0), client_address(1));
        world.set_link(inner, Profile::default(), 1);
        let binding = world.server().handle().spawn(async { UdpSocket::bind((SERVER, 0)).await });
        let server = world.server().handle().block_on(binding).unwrap().unwrap();
        let to = server.local_addr().unwrap();
        let serving = world.server().handle().spawn(async move {
            let mut buffer = [0; 1_400];
            loop {
                let (bytes, from) = server.recv_from(&mut buffer).await.unwrap();
                let std::net::IpAddr::V4(seen) = from.ip() else { panic!("{from}") };
                buffer[..4].copy_from_slice(&seen.octets());
                server.send_to(&buffer[..bytes], from).await.unwrap();
            }
        });
        let binding = world.clients().handle().spawn(UdpSocket::bind((inner, 0)));
        let socket = world.clients().handle().block_on(binding).unwrap().unwrap();
        let socket = std::sync::Arc::new(socket);
        let seen = || {
            let socket = std::sync::Arc::clone(&socket);
            let asking = world.clients().handle().spawn(async move {
                let mut buffer = vec![7; 1_001];
                socket.send_to(&buffer, to).await.unwrap();
                time::timeout(PATIENCE, socket.recv(&mut buffer)).await.unwrap().unwrap();
                assert!(buffer[4..].iter().all(|byte| *byte == 7));
                Ipv4Addr::new(buffer[0], buffer[1], buffer[2], buffer[3])
            });
            world.clients().handle().block_on(asking).unwrap()
        };
        assert_eq!(seen(), inner);
        assert!(world.set_outer(inner, outer));
        assert_eq!(seen(), outer);
        serving.abort();
    });
}
