//! `link`: a bad link in front of a server.

use std::{
    future::Future,
    io::{self, IsTerminal},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_certs::HostPort;
use tertulia_netsim::link::{Counts, Proxy, ProxyConfig, Report};

use crate::{
    args,
    output::{print, say, write_json},
};

/// One direction's counts, in the form that other programs rely on.
#[derive(Serialize)]
struct Direction {
    system: &'static str,
    direction: &'static str,
    packets: u64,
    bytes: u64,
    lost: u64,
    queue_full: u64,
    link_down: u64,
    twice: u64,
}

pub(crate) async fn run(
    args: args::Link,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    let config = ProxyConfig {
        listen: args.listen,
        to: resolve(&args.to).await?,
        profile: args.conditions.profile()?,
        seed: args.seed,
        rebind_every: args.rebind,
    };
    let taken = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{} is in use by another program; take another address by --listen",
            args.listen
        ),
        _ => anyhow::Error::new(error).context(format!("{} can't be listened on", args.listen)),
    };
    let proxy = Proxy::bind(config).map_err(taken)?;
    print(&format!("listening on udp {}\n", proxy.local_addr()?))?;
    let is_watched = io::stderr().is_terminal();
    let watch = |report: &Report| {
        if is_watched {
            say(&format!("{}\n", line(report)));
        }
    };
    let stopped = async {
        stop.await;
    };
    let report = proxy.run(stopped, watch).await;
    say(&format!("{}\n", line(&report)));
    if let Some(path) = json {
        write_json(path, &[direction("up", report.up), direction("down", report.down)])?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn resolve(to: &HostPort) -> Result<SocketAddr> {
    let found = tokio::net::lookup_host((to.host.as_str(), to.port)).await;
    let found = found.with_context(|| format!("{} can't be resolved", to.host))?.next();
    found.with_context(|| format!("{} has no address", to.host))
}

fn line(report: &Report) -> String {
    let one = |name: &str, counts: Counts| {
        format!(
            "{name} {} packets, {} lost, {} queue full, {} link down",
            counts.packets, counts.lost, counts.full, counts.down
        )
    };
    format!(
        "{}; {}; {} under way, {} clients",
        one("up", report.up),
        one("down", report.down),
        report.under_way,
        report.clients
    )
}

fn direction(direction: &'static str, counts: Counts) -> Direction {
    Direction {
        system: "tertulia",
        direction,
        packets: counts.packets,
        bytes: counts.bytes,
        lost: counts.lost,
        queue_full: counts.full,
        link_down: counts.down,
        twice: counts.twice,
    }
}
