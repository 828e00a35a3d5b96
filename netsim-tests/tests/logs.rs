//! However much is logged, no message, key or invite is in it, and no peer writes lines of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc};

use quinn::{ClientConfig, Endpoint, VarInt, crypto::rustls::QuicClientConfig};
use tertulia_certs::{DeviceIdentity, ServerLink, client_config};
use tertulia_netsim::process::{Cli, ServerProcess, eventually};
use tertulia_proto::ALPN;

/// Every crate, everything: what quinn and rustls say too.
const ALL: &str = "trace";
const BODY: &str = "the treasure lies under the third olive tree";
const REASON: &[u8] = b"bye\n2030-01-01T00:00:00Z  INFO tertulia_server: forged \x1b[31mred";

/// A text in every form in which a log could show it by mistake.
fn forms(what: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let some = &bytes[..bytes.len().min(12)];
    let list: Vec<String> = some.iter().map(u8::to_string).collect();
    let hex: String = some.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms =
        vec![("bytes", list.join(", ")), ("hex", hex.clone()), ("HEX", hex.to_uppercase())];
    if let Ok(text) = str::from_utf8(some) {
        forms.push(("text", text.to_owned()));
    }
    forms.into_iter().map(|(form, text)| (format!("{what} as {form}"), text)).collect()
}

/// The lines of a private key's file.
fn key_lines(path: &Path) -> Vec<(String, String)> {
    let pem = fs::read_to_string(path).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with("-----") && line.len() > 8);
    lines.map(|line| (path.display().to_string(), line.to_owned())).collect()
}

fn chatty(cli: &Cli, arguments: &[&str]) -> (i32, String) {
    let output = cli.command(arguments).unwrap().env("TERTULIA_LOG", ALL).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), log)
}

/// A peer that says what it should not, and goes with a reason made up for the log.
#[tokio::main(flavor = "current_thread")]
async fn malformed(link: &str, frames: &[u8]) {
    let link: ServerLink = link.parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let device = DeviceIdentity::load_or_create(&dir.path().join("device")).unwrap();
    let (tls, _) = client_config(&device, &link.trust, ALPN).unwrap();
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let quic = QuicClientConfig::try_from(tls).unwrap();
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(quic)));
    let address = link.addresses[0].to_string().parse().unwrap();
    let connection = endpoint.connect(address, "localhost").unwrap().await.unwrap();
    let (mut send, _recv) = connection.open_bi().await.unwrap();
    // The server may have closed already.
    let _ = send.write_all(frames).await;
    connection.close(VarInt::from_u32(0), REASON);
    endpoint.wait_idle().await;
}

#[test]
fn a_log_of_everything_has_no_message_key_or_invite() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["text", "json"] {
        let data = dir.path().join(format);
        let more = ["--log-format", format];
        let server = ServerProcess::start_logging(&data, "127.0.0.1:0", &more, ALL).unwrap();
        let owner = server.owner_link().unwrap();
        let invite = server.invite(&["--uses", "1"]).unwrap();
        let (ana, beto) = (Cli::new(data.join("ana")), Cli::new(data.join("beto")));
        let mut logs = String::new();
        let mut run = |cli: &Cli, arguments: &[&str], code: i32| {
            let (ended, log) = chatty(cli, arguments);
            assert_eq!(ended, code, "{arguments:?}: {log}");
            logs.push_str(&log);
        };
        run(&ana, &["join", &owner, "--name", "Ana"], 0);
        run(&beto, &["join", &invite, "--name", "Beto"], 0);
        run(&Cli::new(data.join("carla")), &["join", &invite, "--name", "Carla"], 1);
        run(&ana, &["send", "lobby", BODY], 0);
        run(&beto, &["history", "lobby"], 0);
        run(&beto, &["tail", "lobby", "--since", "0", "--count", "3"], 0);
        for frames in [&[0; 40][..], &[0xff; 40], &[0, 1, 2], b"\x00\x80\x80\x80\x80garbage"] {
            malformed(&invite, frames);
        }
        eventually("the peer's reason", || server.log().contains("bye").then_some(())).unwrap();
        let served = server.log();
        assert!(served.contains("TRACE") && logs.contains("TRACE"), "everything is logged");

        let mut secrets = forms("the message", BODY.as_bytes());
        for link in [&owner, &invite] {
            let link: ServerLink = link.parse().unwrap();
            let token = link.invite.unwrap();
            secrets.push(("an invite".to_owned(), token.to_string()));
            secrets.extend(forms("an invite", token.as_bytes()));
        }
        secrets.extend(key_lines(&data.join("server-key.key")));
        secrets.extend(key_lines(&ana.profile().join("device-key.pem")));
        secrets
            .extend(forms("the endpoint's keys", &fs::read(data.join("endpoint-keys")).unwrap()));
        for (whose, log) in [("the server's", &served), ("the client's", &logs)] {
            for (what, secret) in &secrets {
                let line = log.lines().find(|line| line.contains(secret.as_str()));
                assert_eq!(line, None, "{what} is in {whose} log ({format})");
            }
        }
        assert!(!served.contains('\u{1b}'), "a peer steers no terminal");
        assert!(!served.lines().any(|line| line.starts_with("2030-")), "a peer forges no line");
        if format == "json" {
            for line in served.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
    }
}
