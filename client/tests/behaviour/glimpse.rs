//! Looking at a server before anything is decided.

use std::{net::UdpSocket, time::Duration};

use tertulia_client::{
    ClientEvent, Connection, Trouble,
    certs::{HostPort, ServerLink, Trust},
    peek,
    proto::{GoAway, Registration, Unregistered, close::CloseCode},
};

use crate::{Person, fake_server::FakeServer, name, soon};

const PATIENCE: Duration = Duration::from_secs(20);

fn addresses(server: &FakeServer) -> [HostPort; 1] {
    [server.address().to_string().parse().unwrap()]
}

#[tokio::test]
async fn a_stranger_learns_the_key_and_how_to_register_and_registers_nothing() {
    for registration in [Registration::Open, Registration::Invite] {
        let server = FakeServer::start();
        let serve = async {
            let mut peer = server.accept().await;
            assert_eq!((peer.hello().lanes, peer.hello().epoch), (0, None));
            peer.say(Unregistered { registration }).await;
            assert!(peer.is_finished().await, "nothing but the hello");
            peer.ended().await
        };
        let to = addresses(&server);
        let (seen, ended) = tokio::join!(peek(&to, None, PATIENCE), serve);
        let seen = seen.unwrap();
        assert_eq!(Trust::Pinned(seen.key), server.link().trust);
        assert_eq!((seen.registration, ended), (Some(registration), CloseCode::OK));
    }
}

#[tokio::test]
async fn each_look_comes_with_another_key() {
    let server = FakeServer::start();
    let to = addresses(&server);
    let mut keys = Vec::new();
    for _ in 0..2 {
        let serve = async {
            let mut peer = server.accept().await;
            peer.say(Unregistered { registration: Registration::Open }).await;
            peer.ended().await;
            peer.key()
        };
        let (seen, key) = tokio::join!(peek(&to, None, PATIENCE), serve);
        seen.unwrap();
        keys.push(key);
    }
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_server_that_is_not_the_one_meant_is_told_by_both_keys() {
    let (server, other) = (FakeServer::start(), FakeServer::start());
    let (to, link) = (addresses(&server), other.link());
    let look = peek(&to, Some(link.trust), PATIENCE);
    let (seen, ()) = tokio::join!(look, server.refused());
    let Err(Trouble::KeyChanged(changed)) = seen else { panic!("{seen:?}") };
    assert_eq!(Trust::Pinned(changed.expected), link.trust);
    assert_eq!(Trust::Pinned(changed.found), server.link().trust);
}

#[tokio::test]
async fn a_server_that_answers_anything_else_is_told_as_it_is() {
    let server = FakeServer::start();
    let to = addresses(&server);
    let nonsense = async {
        let mut peer = server.accept().await;
        peer.say_bytes(&[0xff; 64]).await;
        peer.ended().await
    };
    let (seen, code) = tokio::join!(peek(&to, None, PATIENCE), nonsense);
    assert!(matches!(seen, Err(Trouble::Lost(_))), "{seen:?}");
    assert_ne!(code, CloseCode::OK);

    let leaving = async {
        let mut peer = server.accept().await;
        peer.say(GoAway { retry_after_ms: 1 }).await;
        peer.ended().await
    };
    let (seen, _) = tokio::join!(peek(&to, None, PATIENCE), leaving);
    assert_eq!(seen, Err(Trouble::GoingAway));

    let old = async { server.accept().await.cut(CloseCode::VERSION) };
    let (seen, ()) = tokio::join!(peek(&to, None, PATIENCE), old);
    assert_eq!(seen, Err(Trouble::Version));
}

#[tokio::test]
async fn silence_is_told_while_the_attempt_goes_on() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let person = Person::open(dir.path()).await;
    let told = async {
        let doubt = |event: &ClientEvent| match event {
            ClientEvent::Connection(Connection::Connecting { doubt: Some(doubt) }) => {
                Some(doubt.clone())
            }
            _ => None,
        };
        let (doubt, waited_for) = tokio::join!(person.until(doubt), person.client.doubted());
        assert_eq!(doubt, Trouble::NoAnswer { tried: address.to_string() });
        assert_eq!(waited_for, doubt);
        // The attempt is still the same one: now there is somebody to answer it.
        drop(silent);
        let server = FakeServer::on(address);
        let mut peer = server.accept().await;
        peer.welcome().await;
        (server, peer)
    };
    let elsewhere = FakeServer::start().link();
    let link = ServerLink { addresses: vec![address.to_string().parse().unwrap()], ..elsewhere };
    let wish = name("Ana");
    // The key is another server's, so the answer is a hard stop: what counts is that it comes.
    let joined = soon(async {
        tokio::select! {
            joined = person.client.join(&link, &wish) => joined,
            _ = told => unreachable!("welcomed under another key"),
        }
    })
    .await;
    assert!(matches!(joined, Err(tertulia_client::JoinError::KeyChanged(_))), "{joined:?}");
    assert_eq!(person.client.snapshot().connection, Connection::Unjoined);
}
