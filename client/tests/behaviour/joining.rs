//! Joining, trust, and being sent away.

use tertulia_client::{
    Client, ClientConfig, ClientEvent, Connection, JoinError, OpenError, SystemEnv, Trouble,
    certs::{InviteToken, ServerLink},
    proto::{GoAway, Refusal, Rejected, ReqId, close::CloseCode},
};

use crate::{
    Person,
    fake_server::{EPOCH, FakeServer},
    name, soon,
};

fn connection(event: &ClientEvent) -> Option<Connection> {
    match event {
        ClientEvent::Connection(connection) => Some(connection.clone()),
        _ => None,
    }
}

fn stopped(event: &ClientEvent) -> Option<Trouble> {
    match connection(event)? {
        Connection::Stopped(trouble) => Some(trouble),
        _ => None,
    }
}

fn offline(event: &ClientEvent) -> Option<(Trouble, std::time::Duration)> {
    match connection(event)? {
        Connection::Offline { trouble, retry_in } => Some((trouble, retry_in)),
        _ => None,
    }
}

#[tokio::test]
async fn a_new_device_registers_once_and_is_known_from_then_on() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let person = Person::open(dir.path()).await;
    assert_eq!(person.client.snapshot().connection, Connection::Unjoined);
    let link = ServerLink { invite: Some(InviteToken::from_bytes([5; 16])), ..server.link() };
    let serve = async {
        let mut peer = server.accept().await;
        assert_eq!((peer.hello().epoch, peer.hello().cursors.len()), (None, 0));
        let register = peer.registration().await;
        assert_eq!(register.name, name("Ana María"));
        assert_eq!(register.invite, Some([5; 16]));
        peer.welcome().await;
        peer
    };
    let wish = name("Ana María");
    let (account, _peer) = tokio::join!(person.client.join(&link, &wish), serve);
    let account = account.unwrap();
    assert_eq!((account.handle.as_str(), account.server), ("ana", server.address().to_string()));
    person.client.close(std::time::Duration::ZERO).await;

    let again = Person::open(dir.path()).await;
    let peer = server.welcomed().await;
    assert_eq!(peer.hello().epoch, Some(EPOCH));
    again.client.welcomed().await.unwrap();
}

#[tokio::test]
async fn a_refused_registration_leaves_the_profile_as_it_was() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let person = Person::open(dir.path()).await;
    let serve = async {
        let mut peer = server.accept().await;
        peer.registration().await;
        peer.say(Rejected {
            req_id: ReqId(0),
            refusal: Refusal::NAME_TAKEN,
            retry_after_ms: None,
            proposal: Some("ana-2".into()),
        })
        .await;
        peer.ended().await
    };
    let (link, wish) = (server.link(), name("Ana"));
    let (refused, ended) = tokio::join!(person.client.join(&link, &wish), serve);
    let Err(JoinError::Refused { refusal, proposal }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((refusal, proposal.as_deref()), (Refusal::NAME_TAKEN, Some("ana-2")));
    assert_eq!(ended, CloseCode::OK);
    assert_eq!(person.client.snapshot().connection, Connection::Unjoined);
}

#[tokio::test]
async fn another_key_at_a_known_address_is_a_hard_stop() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let (address, expected) = (server.address(), server.link());
    peer.cut(CloseCode::GO_AWAY);
    drop((peer, server));
    person.until(offline).await;
    let impostor = loop {
        // The first one's socket closes in its own time.
        match std::net::UdpSocket::bind(address) {
            Ok(free) => {
                drop(free);
                break FakeServer::on(address);
            }
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let (trouble, ()) = tokio::join!(person.until(stopped), impostor.refused());
    let Trouble::KeyChanged(changed) = trouble else {
        panic!("no hard stop");
    };
    use tertulia_client::certs::Trust::Pinned;
    assert_eq!(Pinned(changed.expected), expected.trust);
    assert_eq!(Pinned(changed.found), impostor.link().trust);
}

#[tokio::test]
async fn a_profile_is_for_one_server() {
    let (server, other) = (FakeServer::start(), FakeServer::start());
    let dir = tempfile::tempdir().unwrap();
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    let refused = person.client.join(&other.link(), &name("Ana")).await;
    assert!(matches!(refused, Err(JoinError::OtherServer { .. })), "{refused:?}");
    person.client.welcomed().await.unwrap();
}

#[tokio::test]
async fn where_nothing_listens_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let person = Person::open(dir.path()).await;
    let link = FakeServer::start().link();
    let refused = person.client.join(&link, &name("Ana")).await;
    let Err(JoinError::NoConnection(Trouble::Unreachable { tried })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(tried, link.addresses[0].to_string());
}

#[tokio::test]
async fn a_goodbye_says_when_to_come_back() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say(GoAway { retry_after_ms: 1_500 }).await;
    assert_eq!(peer.ended().await, CloseCode::OK);
    let (trouble, retry_in) = person.until(offline).await;
    assert_eq!(trouble, Trouble::GoingAway);
    assert!(retry_in.as_millis() >= 1_500, "{retry_in:?}");
    let mut peer = server.welcomed().await;
    peer.say(GoAway { retry_after_ms: 3_600_000 }).await;
    person.until(offline).await;
    person.client.wake();
    server.welcomed().await;
}

#[tokio::test]
async fn what_a_person_has_to_mend_stops() {
    for (code, expected) in [
        (CloseCode::REVOKED, Trouble::Barred),
        (CloseCode::BANNED, Trouble::Barred),
        (CloseCode::VERSION, Trouble::Version),
    ] {
        let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
        let (person, peer) = Person::joined(dir.path(), &server).await;
        peer.cut(code);
        assert_eq!(person.until(stopped).await, expected);
        assert_eq!(person.client.stopped().await, Some(expected));
    }
}

#[tokio::test]
async fn an_unknown_device_stops_and_keeps_its_profile() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    peer.cut(CloseCode::GO_AWAY);
    let mut peer = server.accept().await;
    let registration = tertulia_client::proto::Registration::Open;
    peer.say(tertulia_client::proto::Unregistered { registration }).await;
    assert_eq!(person.until(stopped).await, Trouble::Unregistered);
    assert!(person.client.snapshot().account.is_some());
}

#[tokio::test]
async fn a_broken_profile_is_never_a_new_one() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    person.client.close(std::time::Duration::ZERO).await;
    for file in ["profile.json", "device-key.pem", "outbox.db"] {
        let path = dir.path().join(file);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, "broken ".repeat(200)).unwrap();
        let config = ClientConfig {
            profile: dir.path().to_owned(),
            live: true,
            cache: true,
            copies: true,
            congestion: tertulia_client::Congestion::default(),
            env: std::sync::Arc::new(SystemEnv),
        };
        let error = Client::open(config).await.map(drop).unwrap_err();
        assert!(matches!(error, OpenError::Broken(_)), "{file}: {error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        std::fs::write(&path, whole).unwrap();
    }
}

#[tokio::test]
async fn a_known_address_in_a_link_does_not_bring_another_key_in() {
    let (server, other) = (FakeServer::start(), FakeServer::start());
    let dir = tempfile::tempdir().unwrap();
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let (ours, theirs) = (server.link(), other.link());
    let mut link = theirs.clone();
    link.addresses.insert(0, ours.addresses[0].clone());
    let refused = soon(person.client.join(&link, &name("Ana"))).await;
    let Err(JoinError::KeyChanged(changed)) = refused else { panic!("{refused:?}") };
    use tertulia_client::certs::Trust::Pinned;
    assert_eq!((Pinned(changed.expected), Pinned(changed.found)), (ours.trust, theirs.trust));
    // Nothing was changed, not even the connection.
    peer.cut(CloseCode::GO_AWAY);
    server.welcomed().await;
}

#[tokio::test]
async fn a_server_does_not_send_its_clients_away_for_good() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say(GoAway { retry_after_ms: u32::MAX }).await;
    let (_, retry_in) = person.until(offline).await;
    assert_eq!(retry_in.as_secs(), 300);
}

#[tokio::test]
async fn a_goodbye_waits_for_answers_but_not_for_ever() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let serve = async {
        peer.request().await;
        peer.say(GoAway { retry_after_ms: 1 }).await;
        peer.ended().await
    };
    let (rooms, code) = soon(async { tokio::join!(person.client.rooms(), serve) }).await;
    assert_eq!(code, CloseCode::OK);
    assert!(matches!(rooms, Err(tertulia_client::RequestError::Lost)), "{rooms:?}");
}

#[tokio::test]
async fn every_wait_ends_with_the_client() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    let client = person.client.clone();
    let close = person.client.close(std::time::Duration::ZERO);
    let (why, live, _) =
        soon(async { tokio::join!(biased; client.stopped(), client.live(), close) }).await;
    assert!(matches!(why, Some(Trouble::Lost(_))), "{why:?}");
    live.unwrap_err();
    soon(client.welcomed()).await.unwrap_err();
}
