use tokio::{sync::oneshot, task::JoinHandle};

use super::*;
use crate::link::{Conditions, Loss};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

async fn socket() -> UdpSocket {
    UdpSocket::bind(SocketAddr::from(LOOPBACK)).await.unwrap()
}

/// A proxy at work, and how it is stopped.
struct Working {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    work: JoinHandle<Report>,
}

impl Working {
    fn start(to: SocketAddr, conditions: Conditions, rebind_every: Option<Duration>) -> Self {
        let profile = Profile::symmetric(conditions);
        let listen = LOOPBACK.into();
        let config = ProxyConfig { listen, to, profile, seed: 1, rebind_every };
        let proxy = Proxy::bind(config).unwrap();
        let address = proxy.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let work = tokio::spawn(proxy.run(async { drop(stopped.await) }, |_| ()));
        Self { address, stop, work }
    }

    async fn stop(self) -> Report {
        self.stop.send(()).unwrap();
        self.work.await.unwrap()
    }
}

async fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
    buffer.truncate(length);
    (buffer, from)
}

#[tokio::test]
async fn what_goes_in_comes_out_both_ways_and_clients_are_told_apart() {
    let (server, ana, beto) = (socket().await, socket().await, socket().await);
    let proxy = Working::start(server.local_addr().unwrap(), Conditions::default(), None);
    let mut ways = Vec::new();
    for (client, text) in [(&ana, "ana"), (&beto, "beto"), (&ana, "ana again")] {
        client.send_to(text.as_bytes(), proxy.address).await.unwrap();
        let (bytes, from) = receive(&server).await;
        assert_eq!(bytes, text.as_bytes());
        assert_ne!(from, proxy.address);
        ways.push(from);
    }
    assert!(ways[0] == ways[2] && ways[0] != ways[1]);
    server.send_to(b"to beto", ways[1]).await.unwrap();
    server.send_to(b"to ana", ways[0]).await.unwrap();
    assert_eq!(receive(&ana).await, (b"to ana".to_vec(), proxy.address));
    assert_eq!(receive(&beto).await, (b"to beto".to_vec(), proxy.address));
    let longest = vec![7; 65_507];
    ana.send_to(&longest, proxy.address).await.unwrap();
    assert_eq!(receive(&server).await.0, longest);
    let report = proxy.stop().await;
    assert_eq!((report.up.packets, report.down.packets, report.clients), (4, 2, 2));
    assert_eq!((report.under_way, report.failed), (0, 0));
}

#[tokio::test]
async fn packets_take_as_long_as_the_link_says() {
    let (server, client) = (socket().await, socket().await);
    let conditions = Conditions { delay: ms(80), ..Conditions::default() };
    let proxy = Working::start(server.local_addr().unwrap(), conditions, None);
    let sent_at = Instant::now();
    client.send_to(b"there", proxy.address).await.unwrap();
    let (_, way) = receive(&server).await;
    let there = sent_at.elapsed();
    server.send_to(b"back", way).await.unwrap();
    receive(&client).await;
    // Later than that is the machine's doing.
    assert!(there >= ms(80) && sent_at.elapsed() >= ms(160));
    proxy.stop().await;
}

#[tokio::test]
async fn lost_packets_are_counted_and_the_rest_arrives() {
    let (server, client) = (socket().await, socket().await);
    let conditions = Conditions { loss: Loss::Random { share: 0.5 }, ..Conditions::default() };
    let proxy = Working::start(server.local_addr().unwrap(), conditions, None);
    // The same seed, the same chance: which ones arrive is known. The last one does.
    let mut link = Link::new(conditions, Rng::of(1, 0).bits());
    let arrives = |number: &u8| link.offer(ms(u64::from(*number)), 1).arrivals().count() == 1;
    let arriving: Vec<u8> = (0..200).filter(arrives).collect();
    let last = *arriving.last().unwrap();
    for number in 0..=last {
        client.send_to(&[number], proxy.address).await.unwrap();
    }
    for number in &arriving {
        assert_eq!(receive(&server).await.0, [*number]);
    }
    let counts = proxy.stop().await.up;
    assert_eq!(counts.packets, u64::from(last) + 1);
    assert_eq!(counts.lost, counts.packets - arriving.len() as u64);
}

#[tokio::test]
async fn a_server_that_is_away_and_comes_back_is_reached_again() {
    let client = socket().await;
    let away = socket().await;
    let address = away.local_addr().unwrap();
    drop(away);
    let proxy = Working::start(address, Conditions::default(), None);
    for _ in 0..20 {
        client.send_to(b"anybody?", proxy.address).await.unwrap();
        tokio::task::yield_now().await;
    }
    let server = UdpSocket::bind(address).await.unwrap();
    let asking = async {
        loop {
            client.send_to(b"back?", proxy.address).await.unwrap();
            time::sleep(ms(20)).await;
        }
    };
    let (bytes, way) = tokio::select! {
        received = receive(&server) => received,
        () = asking => unreachable!(),
    };
    assert!(bytes == b"back?" || bytes == b"anybody?");
    server.send_to(b"yes", way).await.unwrap();
    assert_eq!(receive(&client).await.0, b"yes");
    proxy.stop().await;
}

#[tokio::test]
async fn a_rebinding_router_gives_new_addresses_and_forgets_the_old() {
    let (server, client) = (socket().await, socket().await);
    let to = server.local_addr().unwrap();
    let proxy = Working::start(to, Conditions::default(), Some(ms(100)));
    client.send_to(b"one", proxy.address).await.unwrap();
    let (_, first) = receive(&server).await;
    let second = loop {
        client.send_to(b"two", proxy.address).await.unwrap();
        let (_, from) = receive(&server).await;
        if from != first {
            break from;
        }
        time::sleep(ms(20)).await;
    };
    server.send_to(b"lost", first).await.unwrap();
    server.send_to(b"found", second).await.unwrap();
    assert_eq!(receive(&client).await.0, b"found");
    assert!(proxy.stop().await.rebound >= 1);
}

#[tokio::test]
async fn many_clients_are_served_and_no_more_are_remembered_than_have_room() {
    let server = socket().await;
    let proxy = Working::start(server.local_addr().unwrap(), Conditions::default(), None);
    for number in 0..CLIENTS + 20 {
        let client = socket().await;
        client.send_to(&number.to_be_bytes(), proxy.address).await.unwrap();
        assert_eq!(receive(&server).await.0, number.to_be_bytes());
    }
    let report = proxy.stop().await;
    assert_eq!(report.clients, CLIENTS);
    assert_eq!(report.up.packets, (CLIENTS + 20) as u64, "those who went count on");
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let taken = socket().await;
    let listen = taken.local_addr().unwrap();
    let profile = Profile::default();
    let config = ProxyConfig { listen, to: listen, profile, seed: 1, rebind_every: None };
    assert_eq!(Proxy::bind(config).unwrap_err().kind(), io::ErrorKind::AddrInUse);
}
