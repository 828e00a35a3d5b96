//! Who is believed, rule by rule, with rustls on both sides and no network.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

mod common;

use std::sync::Arc;

use common::{Refusal, World, ed25519_chain, forged, handshake, self_signed, stolen};
use rcgen::{
    CertificateParams, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PKCS_RSA_SHA256,
};
use rustls::client::Resumption;
use rustls::server::ServerSessionMemoryCache;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError as TlsCertificateError, ClientConfig, Error, HandshakeKind, NamedGroup,
    ProtocolVersion, ServerConfig,
};
use tertulia_certs::{
    CertificateError, KeyChanged, client_config_for_first_sight, peer_fingerprint,
};

/// How the server answers a client with our pin that shows this instead of a device's certificate.
fn server_says(world: &World, shown: Arc<CertifiedKey>) -> Result<(), Error> {
    let mut client = world.client_config();
    client.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(shown));
    match handshake(client, world.server_config(), "localhost") {
        Ok(_) => Ok(()),
        Err(Refusal::ByServer(error)) => Err(error),
        Err(Refusal::ByClient(error)) => panic!("the client refused: {error}"),
    }
}

/// Our own error within that of rustls.
fn reason<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    match error {
        Error::InvalidCertificate(TlsCertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

#[track_caller]
fn assert_refused(result: Result<(), Error>, expected: CertificateError) {
    let error = result.unwrap_err();
    assert_eq!(reason(&error), Some(&expected), "{error}");
}

#[test]
fn each_side_learns_the_others_key() {
    let world = World::new();
    let (config, observed) = world.client_pinning(world.server.fingerprint());
    assert_eq!(observed.get(), None);
    let (client, server) = handshake(config, world.server_config(), "localhost").unwrap();
    let seen_by_server = peer_fingerprint(server.peer_certificates().unwrap());
    assert_eq!(seen_by_server, Ok(world.device.fingerprint()));
    let seen_by_client = peer_fingerprint(client.peer_certificates().unwrap());
    assert_eq!(seen_by_client, Ok(world.server.fingerprint()));
    assert_eq!(observed.get(), Some(world.server.fingerprint()));
    assert_eq!(observed.changed_from(world.server.fingerprint()), None);
}

#[test]
fn at_first_sight_any_key_is_learnt_but_only_of_one_who_holds_it() {
    let world = World::new();
    let first_sight = || client_config_for_first_sight(&world.device, common::ALPN).unwrap();
    let (config, observed) = first_sight();
    handshake(config, world.server_config(), "localhost").unwrap();
    assert_eq!(observed.get(), Some(world.server.fingerprint()));

    let mut thief = world.server_config();
    let shown = stolen(world.server.certified_key(), &PKCS_ECDSA_P256_SHA256);
    thief.cert_resolver = Arc::new(SingleCertAndKey::from(shown));
    handshake(first_sight().0, thief, "localhost").unwrap_err();
}

#[test]
fn tls13_with_the_hybrid_key_exchange_and_our_protocol() {
    let world = World::new();
    let (client, server) =
        handshake(world.client_config(), world.server_config(), "localhost").unwrap();
    assert_eq!(client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
    assert_eq!(server.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(server.alpn_protocol(), Some(common::ALPN));
    assert_eq!(
        client.handshake_kind(),
        Some(HandshakeKind::Full),
        "the key share was right at once"
    );
}

#[test]
fn another_protocol_is_refused() {
    let world = World::new();
    let mut client = world.client_config();
    client.alpn_protocols = vec![b"h3".to_vec()];
    let refusal = handshake(client, world.server_config(), "localhost").unwrap_err();
    assert!(matches!(refusal, Refusal::ByServer(Error::NoApplicationProtocol)), "{refusal:?}");
}

/// Connects twice, so that a session could be resumed, and asserts that it is not.
#[track_caller]
fn assert_full_twice(client: ClientConfig, server: ServerConfig) {
    for _ in 0..2 {
        let (client, _) = handshake(client.clone(), server.clone(), "localhost").unwrap();
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[test]
fn neither_side_resumes_even_if_the_other_would() {
    let world = World::new();
    assert_full_twice(world.client_config(), world.server_config());

    let mut eager_client = world.client_config();
    eager_client.resumption = Resumption::default();
    assert_full_twice(eager_client.clone(), world.server_config());

    let mut eager_server = world.server_config();
    eager_server.session_storage = ServerSessionMemoryCache::new(16);
    eager_server.send_tls13_tickets = 2;
    assert_full_twice(world.client_config(), eager_server.clone());

    // The counter-check: this handshake does resume where both sides want it.
    handshake(eager_client.clone(), eager_server.clone(), "localhost").unwrap();
    let (client, _) = handshake(eager_client, eager_server, "localhost").unwrap();
    assert_eq!(client.handshake_kind(), Some(HandshakeKind::Resumed));
}

#[test]
fn the_server_keeps_no_sessions_and_takes_no_early_data() {
    let config = World::new().server_config();
    assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
    assert!(!config.session_storage.can_cache() && !config.ticketer.enabled());
}

#[test]
fn a_changed_server_key_is_a_hard_stop_that_names_both() {
    let world = World::new();
    let pin = world.another_server().fingerprint();
    let (config, observed) = world.client_pinning(pin);
    let Err(Refusal::ByClient(error)) = handshake(config, world.server_config(), "localhost")
    else {
        panic!("the client must refuse");
    };
    let expected = KeyChanged { expected: pin, found: world.server.fingerprint() };
    assert_eq!(reason(&error), Some(&expected));
    assert_eq!(observed.changed_from(pin), Some(expected));
    let text = expected.to_string();
    assert!(
        text.contains(&pin.to_string()) && text.contains(&expected.found.to_string()),
        "{text}"
    );
}

#[test]
fn a_stolen_device_certificate_opens_nothing() {
    let world = World::new();
    let victim = world.device.certified_key();
    let error = server_says(&world, stolen(victim, &PKCS_ED25519)).unwrap_err();
    assert!(
        matches!(error, Error::InvalidCertificate(TlsCertificateError::BadSignature)),
        "{error}"
    );
    server_says(&world, stolen(victim, &PKCS_ECDSA_P256_SHA256)).unwrap_err();
    server_says(&world, victim.clone()).expect("with its own key it opens");
}

#[test]
fn a_stolen_server_certificate_fools_nobody() {
    let world = World::new();
    let mut server = world.server_config();
    let thief = stolen(world.server.certified_key(), &PKCS_ECDSA_P256_SHA256);
    server.cert_resolver = Arc::new(SingleCertAndKey::from(thief));
    let refusal = handshake(world.client_config(), server, "localhost").unwrap_err();
    let Refusal::ByClient(error) = refusal else { panic!("the client must refuse: {refusal:?}") };
    assert!(
        matches!(error, Error::InvalidCertificate(TlsCertificateError::BadSignature)),
        "{error}"
    );
}

#[test]
fn a_device_of_p256_is_let_in_and_other_kinds_are_not() {
    let world = World::new();
    let one = |algorithm| server_says(&world, forged(algorithm, |key| vec![self_signed(key)]));
    one(&PKCS_ED25519).unwrap();
    one(&PKCS_ECDSA_P256_SHA256).unwrap();
    // These never come so far as to show a certificate: no signature scheme in common.
    one(&PKCS_ECDSA_P384_SHA384).unwrap_err();
    one(&PKCS_RSA_SHA256).unwrap_err();
    // A certificate over one kind of key, signed for by another.
    let disguised = |algorithm| {
        let shown = forged(algorithm, |key| vec![self_signed(key)]).cert.clone();
        server_says(&world, forged(&PKCS_ED25519, |_| shown))
    };
    assert_refused(disguised(&PKCS_ECDSA_P384_SHA384), CertificateError::KeyKind);
    assert_refused(disguised(&PKCS_RSA_SHA256), CertificateError::KeyKind);
}

#[test]
fn a_device_without_a_certificate_is_refused() {
    let world = World::new();
    let nothing = forged(&PKCS_ED25519, |_| Vec::new());
    assert_eq!(server_says(&world, nothing), Err(Error::NoCertificatesPresented));
}

#[test]
fn a_device_with_a_chain_is_refused() {
    let world = World::new();
    assert_refused(server_says(&world, ed25519_chain(2)), CertificateError::Count(2));
}

#[test]
fn a_device_certificate_has_2_kib_at_most() {
    let world = World::new();
    let sized = |padding: usize| {
        forged(&PKCS_ED25519, |key| {
            let mut params = CertificateParams::new(vec!["n".repeat(padding)]).unwrap();
            // One by chance is a byte shorter now and then.
            params.serial_number = Some(7_u64.into());
            vec![params.self_signed(key).unwrap().into()]
        })
    };
    let overhead = sized(1000).cert[0].len() - 1000;
    let largest = sized(2048 - overhead);
    assert_eq!(largest.cert[0].len(), 2048);
    server_says(&world, largest).unwrap();
    assert_refused(server_says(&world, sized(2049 - overhead)), CertificateError::TooLarge(2049));
}

#[test]
fn a_garbled_device_certificate_is_an_error_and_no_panic() {
    let world = World::new();
    let good = world.device.certified_key().cert[0].clone();
    for i in 0..good.len() {
        let mut bytes = good.to_vec();
        bytes[i] ^= 0x41;
        let shown = forged(&PKCS_ED25519, |_| vec![bytes.into()]);
        server_says(&world, shown).expect_err("whoever does not hold the key is never let in");
    }
}

#[test]
fn peer_fingerprint_wants_exactly_one_certificate() {
    let chain = ed25519_chain(2).cert.clone();
    assert_eq!(peer_fingerprint(&[]), Err(CertificateError::Count(0)));
    assert_eq!(peer_fingerprint(&chain), Err(CertificateError::Count(2)));
    peer_fingerprint(&chain[..1]).unwrap();
}
