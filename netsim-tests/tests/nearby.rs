//! A server is found on the local network without typing, unless its operator does not want that.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::{Ipv4Addr, UdpSocket},
    time::Duration,
};

use serde_json::Value;
use tertulia_netsim::process::{Cli, ServerProcess, eventually};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// Whether a packet to everybody comes back here at all: sandboxes often have no such network.
fn has_multicast() -> bool {
    let round_trip = || -> std::io::Result<()> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.join_multicast_v4(&GROUP, &Ipv4Addr::UNSPECIFIED)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.send_to(b"anybody?", (GROUP, socket.local_addr()?.port()))?;
        let mut heard = [0; 16];
        let (length, from) = socket.recv_from(&mut heard)?;
        match &heard[..length] == b"anybody?" && !from.ip().is_loopback() {
            true => Ok(()),
            false => Err(std::io::Error::other("something else was heard")),
        }
    };
    match round_trip() {
        Ok(()) => true,
        Err(error) => {
            eprintln!("skipped: no multicast on this machine's network ({error})");
            false
        }
    }
}

fn key(server: &ServerProcess) -> String {
    server.owner_link().unwrap().split('/').nth(3).unwrap().to_owned()
}

fn found(cli: &Cli, key: &str) -> Option<Value> {
    cli.objects(&["nearby"]).unwrap().into_iter().find(|server| server["key"] == key)
}

#[test]
fn a_server_is_found_while_it_runs_and_is_gone_when_it_stops() {
    if !has_multicast() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let start = |data: &str, more: &[&str]| {
        ServerProcess::start_with(&dir.path().join(data), "0.0.0.0:0", more).unwrap()
    };
    let open = start("open", &["--registration", "open"]);
    let by_invite = start("by invite", &[]);
    let hidden = start("hidden", &["--nearby", "off"]);
    let cli = Cli::new(dir.path().join("nobody"));

    let seen = eventually("the open server", || found(&cli, &key(&open))).unwrap();
    assert_eq!(seen["registration"], "open");
    let port = format!(":{}", open.address().port());
    assert!(seen["address"].as_str().unwrap().ends_with(&port), "{seen}");
    assert!(!seen["name"].as_str().unwrap().is_empty());
    let seen = eventually("the other one", || found(&cli, &key(&by_invite))).unwrap();
    assert_eq!(seen["registration"], "invite");
    assert_eq!(found(&cli, &key(&hidden)), None, "it asked not to be seen");
    assert!(!cli.profile().exists(), "looking leaves nothing behind");

    let gone = key(&open);
    assert_eq!(open.terminate().unwrap(), Some(0));
    assert_eq!(found(&cli, &gone), None, "it took its announcement back");
    assert!(found(&cli, &key(&by_invite)).is_some());
}

#[test]
fn what_listens_on_loopback_is_nobody_elses_neighbour() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    let cli = Cli::new(dir.path().join("nobody"));
    assert_eq!(found(&cli, &key(&server)), None);
}
