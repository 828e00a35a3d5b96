//! What one who follows a room is told while there is no connection.

use std::convert::Infallible;

use tertulia_client::{Client, Trouble};

use crate::terminal::say;

/// Says when the connection is gone, and when it is back. Where it will not come back, whoever
/// waits for [`Client::stopped`] says so.
pub(crate) async fn tell(client: &Client) -> Infallible {
    loop {
        say(&format!("not connected: {}; trying again", why(&client.interrupted().await)));
        if client.welcomed().await.is_err() {
            return std::future::pending().await;
        }
        say("connected again");
    }
}

fn why(trouble: &Trouble) -> String {
    match trouble {
        Trouble::GoingAway => "the server is restarting".to_owned(),
        Trouble::NoAnswer { tried } => format!("no answer from {tried}"),
        Trouble::Unreachable { tried } => format!("nothing listens on {tried}"),
        Trouble::NameNotFound { host } => format!("the name {host} was not found"),
        Trouble::Lost(why) => why.clone(),
        // These end it.
        Trouble::KeyChanged(_)
        | Trouble::Certificate(_)
        | Trouble::Version
        | Trouble::Unregistered
        | Trouble::Barred => "it was refused".to_owned(),
    }
}
