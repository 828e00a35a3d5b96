//! A connection that died unheard, as in a sleep or with the network, and one that only seems so.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tertulia_client::{
    ClientEvent, Connection,
    certs::ServerLink,
    proto::{Command, UserPage},
};
use tokio::{net::UdpSocket, task::JoinSet, time};

use crate::{Person, fake_server::FakeServer, name, soon};

/// So soon it is noticed that a connection is dead.
const SECONDS: Duration = Duration::from_secs(5);

/// A way to the server that can be closed without anybody being told.
struct Way {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
    /// Whether it lets no handshake through.
    is_known_only: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Way {
    async fn to(server: SocketAddr) -> Self {
        let near = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let far = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        far.connect(server).await.unwrap();
        let address = near.local_addr().unwrap();
        let is_closed = Arc::new(AtomicBool::new(false));
        let is_known_only = Arc::new(AtomicBool::new(false));
        let client = Arc::new(Mutex::new(None::<SocketAddr>));
        let mut tasks = JoinSet::new();
        let (there, back) = ((near.clone(), far.clone()), (far, near));
        let (closed, from) = (is_closed.clone(), client.clone());
        let known_only = is_known_only.clone();
        tasks.spawn(async move {
            let mut bytes = [0; 2_048];
            while let Ok((length, sender)) = there.0.recv_from(&mut bytes).await {
                *from.lock().unwrap() = Some(sender);
                let is_handshake = bytes[0] & 0x80 != 0 && known_only.load(Ordering::Relaxed);
                if !closed.load(Ordering::Relaxed) && !is_handshake {
                    let _ = there.1.send(&bytes[..length]).await;
                }
            }
        });
        let closed = is_closed.clone();
        tasks.spawn(async move {
            let mut bytes = [0; 2_048];
            while let Ok(length) = back.0.recv(&mut bytes).await {
                let to = *client.lock().unwrap();
                if let (Some(to), false) = (to, closed.load(Ordering::Relaxed)) {
                    let _ = back.1.send_to(&bytes[..length], to).await;
                }
            }
        });
        Self { address, is_closed, is_known_only, _tasks: tasks }
    }

    fn close(&self, closed: bool) {
        self.is_closed.store(closed, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_connection_that_died_in_a_sleep_is_made_anew_within_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let server = FakeServer::start();
    let way = Way::to(server.address()).await;
    let person = Person::open(dir.path()).await;
    let addresses = vec![way.address.to_string().parse().unwrap()];
    let link = ServerLink { addresses, ..server.link() };
    let name = name("Ana");
    let (joined, peer) = tokio::join!(person.client.join(&link, &name), server.welcomed());
    joined.unwrap();
    person.until(stands).await;
    way.close(true);
    gives_up_when_woken(&person).await;
    // The server knows nothing of it any more, which nobody hears.
    peer.quic.close(0u8.into(), b"");
    drop(peer);
    server.forgot_all().await;
    way.close(false);
    let again = server.accept().await;
    assert!(again.hello().epoch.is_some(), "it goes on where it was");
}

#[tokio::test]
async fn a_connection_that_was_only_cut_off_goes_on_when_there_is_a_way_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = FakeServer::start();
    let way = Way::to(server.address()).await;
    let person = Person::open(dir.path()).await;
    let addresses = vec![way.address.to_string().parse().unwrap()];
    let link = ServerLink { addresses, ..server.link() };
    let name = name("Ana");
    let (joined, mut peer) = tokio::join!(person.client.join(&link, &name), server.welcomed());
    joined.unwrap();
    person.until(stands).await;
    way.close(true);
    gives_up_when_woken(&person).await;
    assert!(!person.client.status().connected);
    way.is_known_only.store(true, Ordering::Relaxed);
    way.close(false);
    person.until(stands).await;
    assert!(person.client.status().connected);
    let (_, command) = peer.request().await;
    assert!(matches!(command, Command::ListUsers(_)), "{command:?}");
}

/// Woken, it finds within seconds that nothing is there any more. What was still on its way speaks for
/// the connection, so it may be asked again.
async fn gives_up_when_woken(person: &Person) {
    let is_given_up = |event: &ClientEvent| {
        matches!(event, ClientEvent::Connection(Connection::Connecting { .. })).then_some(())
    };
    for _ in 0..3 {
        person.client.wake();
        if time::timeout(SECONDS, person.until(is_given_up)).await.is_ok() {
            return;
        }
    }
    panic!("it believes in the connection still");
}

fn stands(event: &ClientEvent) -> Option<()> {
    let is_it = matches!(event, ClientEvent::Connection(Connection::Syncing | Connection::Live));
    is_it.then_some(())
}

#[tokio::test]
async fn a_living_connection_is_asked_once_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let server = FakeServer::start();
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    person.client.wake();
    person.client.wake();
    let (req_id, command) = peer.request().await;
    assert!(matches!(command, Command::ListUsers(_)), "{command:?}");
    peer.say(UserPage { req_id, people: Vec::new(), more: false }).await;
    // The next question is the next doubt's: the two of before were one.
    soon(person.client.tried()).await;
    let asked = tokio::spawn({
        let client = person.client.clone();
        async move { client.rooms().await }
    });
    let (_, command) = peer.request().await;
    assert!(matches!(command, Command::ListRooms(_)), "{command:?}");
    assert!(person.client.status().connected);
    asked.abort();
}
