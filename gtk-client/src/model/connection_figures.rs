//! The connection in figures, in words. Pure.

use tertulia_client::{Connection, Status};

use crate::{
    i18n::{figure, fill, tr, trn},
    sentences::short_trouble,
};

/// What the popover of the connection shows; what is not known is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionFigures {
    pub(crate) state: String,
    pub(crate) server: String,
    pub(crate) address: String,
    pub(crate) rtt: String,
    pub(crate) loss: String,
    pub(crate) queued: String,
    pub(crate) words: String,
}

impl ConnectionFigures {
    /// As it stands.
    pub(crate) fn of(connection: &Connection, status: &Status) -> Self {
        Self {
            state: state(connection),
            server: status.server.clone().unwrap_or_default(),
            // Of a server that is called by its address one is enough.
            address: status
                .address
                .map(|address| address.to_string())
                .filter(|address| status.server.as_ref() != Some(address))
                .unwrap_or_default(),
            rtt: status
                .rtt
                .map(|rtt| milliseconds(rtt.as_secs_f64() * 1_000.0))
                .unwrap_or_default(),
            loss: status.loss_pct.map(|lost| loss(lost, status.copies)).unwrap_or_default(),
            queued: match status.queued {
                0 => tr("none").to_owned(),
                // A count fits.
                queued => trn("one message", "{n} messages", queued as u64),
            },
            words: status.key.as_ref().map(|key| key.phrase()).unwrap_or_default(),
        }
    }
}

fn state(connection: &Connection) -> String {
    match connection {
        Connection::Unjoined => String::new(),
        Connection::Connecting { .. } => tr("Connecting…").to_owned(),
        Connection::Syncing => tr("Getting what was said meanwhile…").to_owned(),
        Connection::Live => tr("Connected, encrypted").to_owned(),
        Connection::Offline { trouble, .. } | Connection::Stopped(trouble) => {
            fill(tr("Not connected: {why}"), &[("why", &short_trouble(trouble))])
        }
    }
}

fn milliseconds(ms: f64) -> String {
    let shown = if ms < 10.0 { figure(&format!("{ms:.1}")) } else { format!("{ms:.0}") };
    fill(tr("{n} ms"), &[("n", &shown)])
}

fn percent(percent: f64) -> String {
    fill(tr("{n} % of what was sent"), &[("n", &figure(&format!("{percent:.1}")))])
}

fn loss(lost: f64, copies: usize) -> String {
    let lost = percent(lost);
    match copies {
        0 => lost,
        copies => {
            let text = tr("{lost}; {n} copies of each message make up for it");
            fill(text, &[("lost", &lost), ("n", &copies.to_string())])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tertulia_client::{Trouble, certs::KeyFingerprint};

    use super::*;

    fn status() -> Status {
        Status {
            connected: true,
            server: Some("chat.example:7575".to_owned()),
            address: Some("[2001:db8::1]:7575".parse().unwrap()),
            key: Some(KeyFingerprint::from_bytes([0; 32])),
            rtt: Some(Duration::from_micros(3_140)),
            loss_pct: Some(0.25),
            copies: 0,
            queued: 2,
        }
    }

    #[test]
    fn a_connection_is_told_in_figures() {
        let told = ConnectionFigures::of(&Connection::Live, &status());
        assert_eq!(told.state, "Connected, encrypted");
        assert_eq!((&*told.server, &*told.address), ("chat.example:7575", "[2001:db8::1]:7575"));
        assert_eq!((&*told.rtt, &*told.loss), ("3.1 ms", "0.2 % of what was sent"));
        assert_eq!(told.queued, "2 messages");
        assert_eq!(told.words, ["abandon"; 8].join(" "));
    }

    #[test]
    fn an_address_that_is_the_servers_name_is_not_told_twice() {
        let server = Some("[2001:db8::1]:7575".to_owned());
        let told = ConnectionFigures::of(&Connection::Live, &Status { server, ..status() });
        assert_eq!((&*told.server, &*told.address), ("[2001:db8::1]:7575", ""));
    }

    #[test]
    fn copies_are_told_where_there_are_any() {
        let told = ConnectionFigures::of(&Connection::Live, &Status { copies: 3, ..status() });
        assert_eq!(told.loss, "0.2 % of what was sent; 3 copies of each message make up for it");
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let status = Status {
            connected: false,
            address: None,
            key: None,
            rtt: None,
            loss_pct: None,
            queued: 0,
            ..status()
        };
        let trouble = Trouble::GoingAway;
        let told = ConnectionFigures::of(&Connection::Stopped(trouble), &status);
        assert_eq!(told.state, "Not connected: the server is restarting");
        assert_eq!(told.queued, "none");
        assert_eq!([told.address, told.rtt, told.loss, told.words], [const { String::new() }; 4]);
    }
}
