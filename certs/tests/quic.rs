//! The same rules over real QUIC on loopback, and what quinn shows of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use common::{World, stolen};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, ServerConfig};
use rcgen::PKCS_ED25519;
use rustls::pki_types::CertificateDer;
use rustls::sign::SingleCertAndKey;
use tertulia_certs::{KeyFingerprint, peer_fingerprint};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A server on a free port that answers one connection with its fate.
fn serve(config: rustls::ServerConfig) -> (SocketAddr, Endpoint) {
    let config = QuicServerConfig::try_from(config).unwrap();
    let config = ServerConfig::with_crypto(Arc::new(config));
    let endpoint = Endpoint::server(config, ANY.into()).unwrap();
    (endpoint.local_addr().unwrap(), endpoint)
}

async fn accept(endpoint: &Endpoint) -> Result<Connection, ConnectionError> {
    endpoint.accept().await.unwrap().await
}

async fn connect(
    config: rustls::ClientConfig,
    to: SocketAddr,
) -> Result<Connection, ConnectionError> {
    let config = QuicClientConfig::try_from(config).unwrap();
    let mut endpoint = Endpoint::client(ANY.into()).unwrap();
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(config)));
    endpoint.connect(to, "localhost").unwrap().await
}

fn peer(connection: &Connection) -> KeyFingerprint {
    let identity = connection.peer_identity().unwrap();
    let chain = identity.downcast::<Vec<CertificateDer<'static>>>().unwrap();
    peer_fingerprint(&chain).unwrap()
}

#[tokio::test]
async fn both_ways_over_quic() {
    let world = World::new();
    let (address, endpoint) = serve(world.server_config());
    let (server, client) = tokio::join!(accept(&endpoint), connect(world.client_config(), address));
    let (server, client) = (server.unwrap(), client.unwrap());
    assert_eq!(peer(&server), world.device.fingerprint());
    assert_eq!(peer(&client), world.server.fingerprint());

    let mut out = client.open_uni().await.unwrap();
    out.write_all("¡hola!".as_bytes()).await.unwrap();
    out.finish().unwrap();
    let heard = server.accept_uni().await.unwrap().read_to_end(64).await.unwrap();
    assert_eq!(heard, "¡hola!".as_bytes());
}

#[tokio::test]
async fn a_changed_key_is_known_although_quinn_hides_why() {
    let world = World::new();
    let (address, endpoint) = serve(world.server_config());
    let pin = world.another_server().fingerprint();
    let (config, observed) = world.client_pinning(pin);
    let (server, client) = tokio::join!(accept(&endpoint), connect(config, address));
    assert!(matches!(client, Err(ConnectionError::TransportError(_))), "{client:?}");
    assert!(server.is_err());
    let changed = observed.changed_from(pin).unwrap();
    assert_eq!((changed.expected, changed.found), (pin, world.server.fingerprint()));
}

#[tokio::test]
async fn a_stolen_certificate_is_refused_after_the_thief_believes_to_be_in() {
    let world = World::new();
    let (address, endpoint) = serve(world.server_config());
    let mut config = world.client_config();
    let thief = stolen(world.device.certified_key(), &PKCS_ED25519);
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(thief));
    let (server, client) = tokio::join!(accept(&endpoint), connect(config, address));
    assert!(matches!(server, Err(ConnectionError::TransportError(_))), "{server:?}");
    // TLS 1.3: the client is done before the server has judged it.
    let closed = client.unwrap().closed().await;
    assert!(matches!(closed, ConnectionError::ConnectionClosed(_)), "{closed:?}");
}
