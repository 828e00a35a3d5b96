//! `join LINK --name NAME`

use std::io::Read;

use serde::Serialize;
use tertulia_client::{JoinError, Trouble, certs::ServerLink, proto::DisplayName};
use tokio::time;

use crate::{
    args,
    failure::{Failure, unusable_name},
    output::Output,
    session::{RETRY_AFTER, Session},
};

/// A link is far shorter.
const STDIN_BYTES: u64 = 64 << 10;
/// Between attempts at a server that does not answer.
const AGAIN: time::Duration = time::Duration::from_millis(500);

#[derive(Serialize)]
struct Joined {
    server: String,
    handle: String,
}

pub(crate) async fn run(
    args: args::Join,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let link = match args.link.as_str() {
        "-" => read_stdin().await?,
        link => link.to_owned(),
    };
    let link: ServerLink = link
        .parse()
        .map_err(|error| Failure::wrong(format!("this is no server's link: {error}")))?;
    let name = DisplayName::new(&args.name)
        .and_then(|name| name.handle().map(|_| name))
        .map_err(|error| Failure::failed(format!("{error}: {}", unusable_name())))?;
    let server = link.addresses.first().map(ToString::to_string).unwrap_or_default();
    session.joins(&server);
    let account = loop {
        match session.client.join(&link, &name).await {
            Ok(account) => break account,
            // It may be starting, or the first packets were lost. `--timeout` ends this.
            Err(JoinError::NoConnection(
                Trouble::NoAnswer { .. } | Trouble::Lost(_) | Trouble::GoingAway,
            )) => time::sleep(AGAIN).await,
            Err(JoinError::Refused { refusal, .. }) if !refusal.is_final() => {
                time::sleep(RETRY_AFTER).await;
            }
            Err(error) => return Err(Failure::joining(&server, error)),
        }
    };
    // So that messages can be written while the server is away. The account is there already.
    let _ = session.client.rooms().await;
    let (server, handle) = (account.server, account.handle.to_string());
    let line = format!("joined {server} as {handle}");
    output.print(&Joined { server, handle }, || line).await?;
    Ok(())
}

async fn read_stdin() -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut link = String::new();
        std::io::stdin().take(STDIN_BYTES).read_to_string(&mut link).map(|_| link)
    });
    match read.await {
        Ok(Ok(link)) => Ok(link),
        Ok(Err(error)) => Err(Failure::failed(format!("standard input can't be read: {error}"))),
        Err(error) => Err(Failure::failed(error.to_string())),
    }
}
