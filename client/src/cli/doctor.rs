//! `doctor HOST[:PORT]`: which of all that can be in the way it is.

use serde::Serialize;
use tertulia_client::{
    Glimpse, Trouble,
    certs::{HostPort, ServerLink, Trust},
    known_server, peek,
    proto::Registration,
};
use tokio::time::Duration;

use crate::{
    args::{self, Global},
    failure::{Failure, explain},
    output::Output,
    terminal::one_line,
};

/// By then it is decided.
const PATIENCE: Duration = Duration::from_millis(2_800);

/// A server, and what is known about it.
struct Patient {
    addresses: Vec<HostPort>,
    trust: Option<Trust>,
    known_by: Option<&'static str>,
}

#[derive(Serialize)]
struct Diagnosis {
    server: String,
    /// `ok`, or what is the matter: see [`kind`].
    result: &'static str,
    /// The same for people.
    text: String,
    key: Option<String>,
    words: Option<String>,
    registration: Option<&'static str>,
    rtt_ms: Option<f64>,
}

pub(crate) async fn run(
    args: args::Doctor,
    global: &Global,
    output: &Output,
) -> Result<(), Failure> {
    let patient = patient(&args.server, global)?;
    let server = patient.addresses.first().map(ToString::to_string).unwrap_or_default();
    let patience = PATIENCE.min(Duration::from_secs(global.timeout));
    match peek(&patient.addresses, patient.trust, patience).await {
        Ok(seen) => {
            let text = report(&server, &seen, patient.known_by);
            let diagnosis = Diagnosis {
                server,
                result: "ok",
                text: text.clone(),
                key: Some(seen.key.to_string()),
                words: Some(seen.key.phrase()),
                registration: seen.registration.map(name_of),
                rtt_ms: Some(seen.rtt.as_secs_f64() * 1_000.0),
            };
            output.print(&diagnosis, || text).await?;
            Ok(())
        }
        Err(trouble) => {
            let text = complaint(&server, &trouble);
            let diagnosis = Diagnosis {
                server,
                result: kind(&trouble),
                text: one_line(&text),
                key: None,
                words: None,
                registration: None,
                rtt_ms: None,
            };
            output.print_object(&diagnosis).await?;
            Err(failure(&trouble, text))
        }
    }
}

/// A link says by which key the server is known; for a bare address the profile may know.
fn patient(typed: &str, global: &Global) -> Result<Patient, Failure> {
    if typed.trim().starts_with("tertulia:") {
        let link: ServerLink = typed
            .parse()
            .map_err(|error| Failure::wrong(format!("this is no server's link: {error}")))?;
        let (addresses, trust) = (link.addresses, Some(link.trust));
        return Ok(Patient { addresses, trust, known_by: Some("the link") });
    }
    let address = HostPort::typed(typed).map_err(|error| Failure::wrong(error.to_string()))?;
    let known = global.profile().ok().and_then(|profile| known_server(&profile));
    let known = known.filter(|link| link.addresses.contains(&address));
    Ok(Patient {
        addresses: vec![address],
        trust: known.as_ref().map(|link| link.trust),
        known_by: known.map(|_| "your profile"),
    })
}

fn report(server: &str, seen: &Glimpse, known_by: Option<&str>) -> String {
    let trust = match known_by {
        Some(known_by) => format!("the one that {known_by} knows"),
        None => "not known to you yet: compare its words with the server's owner".to_owned(),
    };
    let registration = match seen.registration {
        Some(Registration::Open) => "open to anyone",
        Some(Registration::Invite) => "by invitation",
        None => "not told",
    };
    let rtt = seen.rtt.as_secs_f64() * 1_000.0;
    format!(
        "{server} answers, round trip {rtt:.1} ms\n\
         its key       {}\n\
         in words      {}\n\
         this key is   {trust}\n\
         registration  {registration}",
        seen.key,
        seen.key.phrase()
    )
}

fn complaint(server: &str, trouble: &Trouble) -> String {
    match trouble {
        Trouble::NameNotFound { .. } | Trouble::NoAnswer { .. } | Trouble::Unreachable { .. } => {
            explain(trouble)
        }
        Trouble::KeyChanged(_) => explain(trouble),
        Trouble::Lost(why) => format!("{server} answers, but {why}; try again"),
        _ => format!("{server} answers, but {}", explain(trouble)),
    }
}

const fn kind(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::NameNotFound { .. } => "name",
        Trouble::Unreachable { .. } => "refused",
        Trouble::NoAnswer { .. } => "silent",
        Trouble::Version => "version",
        Trouble::Certificate(_) => "certificate",
        Trouble::KeyChanged(_) => "key",
        Trouble::GoingAway => "restarting",
        Trouble::Unregistered | Trouble::Barred | Trouble::Lost(_) => "lost",
    }
}

fn failure(trouble: &Trouble, text: String) -> Failure {
    match trouble {
        Trouble::NoAnswer { .. } | Trouble::Lost(_) => Failure::late(text),
        Trouble::KeyChanged(_) => Failure::stopped(Some(trouble)),
        Trouble::Certificate(_) => Failure::wrong(text),
        _ => Failure::failed(text),
    }
}

const fn name_of(registration: Registration) -> &'static str {
    match registration {
        Registration::Invite => "invite",
        Registration::Open => "open",
    }
}
