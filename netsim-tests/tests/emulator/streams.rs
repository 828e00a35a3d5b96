use std::{net::Ipv4Addr, time::Duration};

use tertulia_netsim::{
    emu::{SERVER, World, client_address},
    link::{Conditions, Loss, Profile, Rate, Trace},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    time,
};

use crate::again::in_a_world;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Sends bytes by TCP and has them back; how long that took.
fn echoed(world: &World, client: Ipv4Addr, bytes: usize) -> Duration {
    let listening = world.server().handle().spawn(async { TcpListener::bind((SERVER, 0)).await });
    let listener = world.server().handle().block_on(listening).unwrap().unwrap();
    let to = listener.local_addr().unwrap();
    let echoing = world.server().handle().spawn(async move {
        let (mut stream, from) = listener.accept().await.unwrap();
        assert_eq!(from.ip(), client);
        let (mut reader, mut writer) = stream.split();
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    });
    let asking = world.clients().handle().spawn(async move {
        let began = time::Instant::now();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((client, 0).into()).unwrap();
        let (mut reader, mut writer) = socket.connect(to).await.unwrap().into_split();
        let sent: Vec<u8> = (0..bytes).map(|n| (n * 7 / 3) as u8).collect();
        let expected = sent.clone();
        let writing = tokio::spawn(async move {
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        writing.await.unwrap();
        assert!(received == expected, "what comes back is what was sent");
        began.elapsed()
    });
    let took = world.clients().handle().block_on(asking).unwrap();
    world.server().handle().block_on(echoing).unwrap();
    took
}

#[test]
fn tcp_gets_through_a_link_that_loses_delays_copies_and_reorders() {
    in_a_world("streams::tcp_gets_through_a_link_that_loses_delays_copies_and_reorders", |world| {
        let link = Conditions {
            delay: ms(10),
            jitter: ms(2),
            loss: Loss::Random { share: 0.01 },
            overtaken: 0.01,
            overtaken_by: ms(5),
            twice: 0.01,
            ..Conditions::default()
        };
        world.set_link(client_address(0), Profile::symmetric(link), 5);
        // A handshake, and there and back: two round trips.
        assert!(echoed(&world, client_address(0), 300_000) >= ms(40));
        let (up, down) = world.counts(client_address(0));
        assert!(up.lost > 0 && down.lost > 0 && up.twice > 0);
        assert!(up.bytes > 300_000 && down.bytes > 300_000);
        assert!(up.packets > 300_000 / 1_500, "each packet is cut to size");
    });
}

#[test]
fn a_rate_holds_for_tcp_in_each_direction() {
    in_a_world("streams::a_rate_holds_for_tcp_in_each_direction", |world| {
        let way = |mbit: u64| Conditions {
            delay: ms(5),
            rate: Some(Rate { bits_per_second: mbit * 1_000_000, queue_bytes: 64 << 10 }),
            ..Conditions::default()
        };
        world.set_link(client_address(0), Profile { up: way(2), down: way(100) }, 1);
        let took = echoed(&world, client_address(0), 250_000);
        assert!(took >= ms(1_000), "a quarter of a megabyte at 2 Mbit/s in {took:?}");
    });
}

#[test]
fn a_recorded_link_is_played() {
    in_a_world("streams::a_recorded_link_is_played", |world| {
        let text = "lasts 60\nqueue 256\n0 150 0 0 100 100\n1.5 5 0 0 100 100";
        let trace = std::sync::Arc::new(text.parse::<Trace>().unwrap());
        world.set_trace(client_address(0), &trace, 1);
        let first = echoed(&world, client_address(0), 10);
        assert!(first >= ms(600), "two round trips of 300 ms took {first:?}");
        // The link is better when a second and a half are over, at the third time at the latest.
        let later = (0..3).map(|_| echoed(&world, client_address(0), 10)).min().unwrap();
        assert!((ms(20)..ms(300)).contains(&later), "two round trips of 10 ms took {later:?}");
    });
}
