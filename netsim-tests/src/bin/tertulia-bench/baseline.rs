//! `baseline`: the chat over TLS and TCP as a process of its own, for `fanout`.

use std::{future::Future, net::Ipv4Addr, process::ExitCode};

use anyhow::Result;
use tertulia_netsim::peer::{Congestion, Server};
use tertulia_server::Rates;

use crate::{args, output::print};

/// Nobody is held back, as in the configuration that `fanout` gives our server.
const AT_WILL: u32 = 1_000_000;

/// Serves until it is told to stop.
pub(crate) async fn run(args: args::Baseline, stop: impl Future<Output = u8>) -> Result<ExitCode> {
    let rates = Rates {
        send_burst: AT_WILL,
        send_rate: AT_WILL,
        request_burst: AT_WILL,
        request_rate: AT_WILL,
        register_burst: AT_WILL,
        register_rate: AT_WILL,
    };
    let mut server = Server::start(Ipv4Addr::LOCALHOST, &args.data, rates)?;
    let address = server.listen(Congestion::Cubic).await?;
    print(&format!("listening on tcp {address}\n"))?;
    stop.await;
    Ok(ExitCode::SUCCESS)
}
