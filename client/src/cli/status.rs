//! `status`

use serde::Serialize;
use tertulia_client::Connection;
use tokio::time::{self, Duration};

use crate::{
    failure::{Failure, explain},
    output::Output,
    session::Session,
    terminal::one_line,
};

/// An attempt that takes longer says enough.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct StatusObject {
    connected: bool,
    server: Option<String>,
    rtt_ms: Option<f64>,
    loss_pct: Option<f64>,
    copies: usize,
    queued: usize,
}

pub(crate) async fn run(session: &Session, output: &Output) -> Result<(), Failure> {
    // Not connected in time is a status too.
    let _ = time::timeout(PATIENCE.min(session.left()), session.client.tried()).await;
    let status = session.client.status();
    let object = StatusObject {
        connected: status.connected,
        server: status.server,
        rtt_ms: status.rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0),
        loss_pct: status.loss_pct,
        copies: status.copies,
        queued: status.queued,
    };
    let connection = session.client.snapshot().connection;
    output.print(&object, || human(&object, &connection)).await?;
    Ok(())
}

fn human(status: &StatusObject, connection: &Connection) -> String {
    let server = status.server.as_deref().unwrap_or("no server");
    let state = match connection {
        Connection::Unjoined => "not joined yet".to_owned(),
        Connection::Syncing | Connection::Live => format!(
            "connected, round trip {:.1} ms, loss {:.1} %{}",
            status.rtt_ms.unwrap_or_default(),
            status.loss_pct.unwrap_or_default(),
            match status.copies {
                0 => String::new(),
                copies => format!(", made up for by {copies} copies of each message"),
            }
        ),
        Connection::Connecting { doubt: None } => "not connected: no answer yet".to_owned(),
        Connection::Connecting { doubt: Some(trouble) }
        | Connection::Offline { trouble, .. }
        | Connection::Stopped(trouble) => {
            format!("not connected: {}", one_line(&explain(trouble)))
        }
    };
    format!("{server}: {state}; {} waiting to be sent", status.queued)
}
