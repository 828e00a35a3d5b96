//! What a list of accounts needs to know. Pure.

use tertulia_client::{
    Connection, JoinError,
    certs::{DEFAULT_PORT, ServerLink},
    compare,
};

use crate::i18n::tr;

/// What was not read, in one account or in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) unread: u32,
    /// Those of them that one wishes to be told of.
    pub(crate) told: u32,
}

impl std::iter::Sum for News {
    fn sum<I: Iterator<Item = Self>>(news: I) -> Self {
        news.fold(Self::default(), |sum, one| Self {
            unread: sum.unread.saturating_add(one.unread),
            told: sum.told.saturating_add(one.told),
        })
    }
}

/// The number of the account whose server a link leads to. A link that names another key for a
/// known address is that account's too: it is to be warned.
pub(crate) fn whose(link: &ServerLink, known: &[Option<ServerLink>]) -> Option<usize> {
    let first = |wanted: fn(&Result<(), JoinError>) -> bool| {
        known
            .iter()
            .position(|known| known.as_ref().is_some_and(|known| wanted(&compare(known, link))))
    };
    first(Result::is_ok).or_else(|| first(|led| matches!(led, Err(JoinError::KeyChanged(_)))))
}

/// Which of the accounts is in sight when the one at `gone` is no more; `count`: how many are left.
pub(crate) fn next_in_sight(gone: usize, count: usize) -> Option<usize> {
    (count > 0).then(|| gone.min(count - 1))
}

/// A server's address without what goes without saying.
pub(crate) fn short_server(server: &str) -> &str {
    let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
    if port.parse() == Ok(DEFAULT_PORT) { host } else { server }
}

/// The way to a server in a word; nothing while all is well.
pub(crate) fn way(connection: &Connection) -> &'static str {
    match connection {
        Connection::Live | Connection::Unjoined => "",
        Connection::Connecting { .. } | Connection::Syncing => tr("connecting"),
        Connection::Offline { .. } => tr("offline"),
        Connection::Stopped(_) => tr("stopped"),
    }
}

#[cfg(test)]
mod tests {
    use tertulia_client::certs::{KeyFingerprint, Trust};

    use super::*;

    fn link(address: &str, key: u8) -> ServerLink {
        let trust = Trust::Pinned(KeyFingerprint::from_bytes([key; 32]));
        ServerLink { addresses: vec![address.parse().unwrap()], trust, invite: None }
    }

    #[test]
    fn a_link_belongs_to_the_account_that_knows_its_key() {
        let known = [None, Some(link("a.example:1", 1)), Some(link("b.example:1", 2))];
        assert_eq!(whose(&link("b.example:1", 2), &known), Some(2));
        assert_eq!(whose(&link("moved.example:9", 1), &known), Some(1), "the server moved");
        assert_eq!(whose(&link("a.example:1", 2), &known), Some(2), "the key is the server");
        assert_eq!(whose(&link("c.example:1", 3), &known), None);
    }

    #[test]
    fn another_key_at_a_known_address_is_no_new_server() {
        let known = [Some(link("a.example:1", 1)), Some(link("b.example:1", 2))];
        assert_eq!(whose(&link("b.example:1", 3), &known), Some(1));
    }

    #[test]
    fn news_are_counted_over_all_accounts() {
        let news = |unread, told| News { unread, told };
        assert_eq!([news(2, 1), news(3, 0)].into_iter().sum::<News>(), news(5, 1));
        assert_eq!([news(u32::MAX, 0), news(3, 0)].into_iter().sum::<News>().unread, u32::MAX);
    }

    #[test]
    fn the_next_account_takes_the_place_of_one_that_goes() {
        assert_eq!([next_in_sight(0, 2), next_in_sight(2, 2)], [Some(0), Some(1)]);
        assert_eq!(next_in_sight(0, 0), None);
    }

    #[test]
    fn the_usual_port_goes_without_saying() {
        assert_eq!(short_server("chat.example:7575"), "chat.example");
        assert_eq!(short_server("127.0.0.1:7576"), "127.0.0.1:7576");
        assert_eq!(short_server("[::1]:7575"), "[::1]");
    }
}
