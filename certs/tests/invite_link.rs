//! Links survive being written, pasted and damaged.

use proptest::prelude::*;
use tertulia_certs::{HostPort, InviteToken, KeyFingerprint, LinkError, ServerLink, Trust};

const KEY: &str = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
const INVITE: &str = "nfxhm2lumuwxi33lmvxc2mjwmi";

fn parse(text: &str) -> Result<ServerLink, LinkError> {
    text.parse()
}

#[test]
fn the_contract_form_is_read_and_written() {
    let text =
        format!("tertulia://chat.example:7575,192.0.2.7:7575,[2001:db8::7]:7576/{KEY}/{INVITE}");
    let link = parse(&text).unwrap();
    let hosts: Vec<&str> = link.addresses.iter().map(|address| address.host.as_str()).collect();
    assert_eq!(hosts, ["chat.example", "192.0.2.7", "2001:db8::7"]);
    assert_eq!(link.addresses[2].port, 7576);
    assert_eq!(
        link.trust,
        Trust::Pinned(KeyFingerprint::from_bytes(std::array::from_fn(|i| i as u8)))
    );
    assert_eq!(link.invite, Some(InviteToken::from_bytes(*b"invite-token-16b")));
    assert_eq!(link.to_string(), text);
}

#[test]
fn ca_and_open_registration() {
    let link = parse("tertulia://chat.example:7575/ca").unwrap();
    assert_eq!((link.trust, link.invite), (Trust::Roots, None));
    assert_eq!(link.to_string(), "tertulia://chat.example:7575/ca");
}

#[test]
fn white_space_and_a_trailing_slash_are_forgiven() {
    let plain = format!("tertulia://h:1/{KEY}/{INVITE}");
    assert_eq!(parse(&format!("\n  {plain}/ \r\n")), parse(&plain));
    assert_eq!(parse("tertulia://h:1/ca/"), parse("tertulia://h:1/ca"));
}

#[test]
fn every_damage_has_its_own_words() {
    let sixteen = vec!["h:1"; 16].join(",");
    assert_eq!(parse(&format!("tertulia://{sixteen}/ca")).unwrap().addresses.len(), 16);
    let long = format!("tertulia://h:1/{}", "a".repeat(2048));
    for (text, expected) in [
        (String::new(), LinkError::Scheme),
        ("https://h:1/ca".into(), LinkError::Scheme),
        (long, LinkError::TooLong),
        (format!("tertulia://{sixteen},h:1/ca"), LinkError::TooManyAddresses),
        ("tertulia://h:1".into(), LinkError::NoKey),
        ("tertulia://h:1/".into(), LinkError::NoKey),
        ("tertulia://h:1//".into(), LinkError::NoKey),
        ("tertulia://h:1/CA".into(), LinkError::Key),
        (format!("tertulia://h:1/{}", &KEY[1..]), LinkError::Key),
        (format!("tertulia://h:1/{}", KEY.to_uppercase()), LinkError::Key),
        (format!("tertulia://h:1/{KEY}/{}", &INVITE[1..]), LinkError::Invite),
        (format!("tertulia://h:1/{KEY}//"), LinkError::Invite),
        (format!("tertulia://h:1/{KEY}/{INVITE}/x"), LinkError::TooManyParts),
    ] {
        assert_eq!(parse(&text), Err(expected), "{text}");
    }
    for text in
        ["tertulia:///ca", "tertulia://h/ca", "tertulia://h:1,/ca", "tertulia://h:1, g:1/ca"]
    {
        assert!(matches!(parse(text), Err(LinkError::Address(_))), "{text}");
    }
}

#[test]
fn neither_debug_nor_errors_show_the_invite() {
    let link = parse(&format!("tertulia://h:1/{KEY}/{INVITE}")).unwrap();
    let shown = format!("{link:?}");
    assert!(shown.contains("InviteToken(..)") && !shown.contains(INVITE), "{shown}");
    assert!(!link.without_invite().to_string().contains(INVITE));
    let error = parse(&format!("tertulia://h:1/{KEY}/{INVITE}a")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(INVITE));
}

#[test]
fn an_invite_is_stored_by_its_sha256() {
    // printf '\0%.0s' {1..16} | sha256sum
    let hash = InviteToken::from_bytes([0; 16]).hash();
    assert_eq!(hash[..4], [0x37, 0x47, 0x08, 0xff]);
}

fn link() -> impl Strategy<Value = ServerLink> {
    let host = prop_oneof![
        "[a-z][a-z0-9-]{0,20}[a-z](\\.[a-z]{2,10})?",
        any::<[u8; 4]>().prop_map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
        any::<[u8; 16]>().prop_map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
    ];
    let address = (host, 1..=u16::MAX).prop_map(|(host, port)| HostPort { host, port });
    let trust = prop_oneof![
        Just(Trust::Roots),
        any::<[u8; 32]>().prop_map(|bytes| Trust::Pinned(KeyFingerprint::from_bytes(bytes))),
    ];
    let invite = proptest::option::of(any::<[u8; 16]>().prop_map(InviteToken::from_bytes));
    (proptest::collection::vec(address, 1..=16), trust, invite)
        .prop_map(|(addresses, trust, invite)| ServerLink { addresses, trust, invite })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(link in link()) {
        let text = link.to_string();
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/,.-[]".contains(&b)), "{}", text);
        prop_assert_eq!(parse(&text), Ok(link));
    }

    #[test]
    fn garbage_never_panics(text in "(tertulia://)?[a-z0-9:/,\\[\\].\\PC]{0,200}") {
        if let Ok(link) = parse(&text) {
            prop_assert_eq!(parse(&link.to_string()), Ok(link));
        }
    }
}
