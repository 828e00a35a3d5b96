//! `writer`: the client library as a process that says what it promised, for tests that kill it.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Result;
use tertulia_client::{
    Client, ClientConfig, ClientEvent, Delivery, SystemEnv,
    proto::{MessageText, RoomId},
};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{args, output::print};

/// Longer than any run.
const FOREVER: Duration = Duration::from_secs(3_600);

/// Each line of standard input is a message. Prints `queued ID` once it is in the outbox, and
/// `sent ID SEQ` once it has its receipt; ends when all have.
pub(crate) async fn run(args: args::Writer) -> Result<ExitCode> {
    let env = Arc::new(SystemEnv);
    let config = ClientConfig {
        profile: args.profile,
        live: true,
        cache: true,
        copies: true,
        congestion: Default::default(),
        env,
    };
    let (client, events) = Client::open(config).await?;
    let telling = async {
        while let Ok(event) = events.recv().await {
            tell(event)?;
        }
        anyhow::Ok(())
    };
    let writing = async {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            let id = client.send(RoomId(args.room), MessageText::new(&line)?, None).await?;
            print(&format!("queued {id}\n"))?;
        }
        client.close(FOREVER).await;
        anyhow::Ok(())
    };
    tokio::try_join!(writing, telling)?;
    Ok(ExitCode::SUCCESS)
}

fn tell(event: ClientEvent) -> Result<()> {
    let ClientEvent::Items { items, .. } = event else { return Ok(()) };
    for item in items.into_iter().filter(|item| item.mine && item.delivery == Delivery::Sent) {
        if let (Some(id), Some(seq)) = (item.message_id, item.seq) {
            print(&format!("sent {id} {}\n", seq.0))?;
        }
    }
    Ok(())
}
