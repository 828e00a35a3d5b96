//! `nearby`: which servers announce themselves on the local network.

use std::collections::BTreeMap;

use serde::Serialize;
use tertulia_client::{
    nearby::{NearbyEvent, NearbyServer, search},
    proto::Registration,
};
use tokio::time::{self, Duration};

use crate::{
    args::Global,
    failure::Failure,
    output::{Output, width},
    terminal::say,
};

/// Who has not answered by then is not there.
const LISTEN: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct NearbyObject {
    name: String,
    address: String,
    key: String,
    registration: &'static str,
}

pub(crate) async fn run(global: &Global, output: &Output) -> Result<(), Failure> {
    let mut search = search().map_err(|error| Failure::failed(error.to_string()))?;
    let mut servers = BTreeMap::new();
    let listen = async {
        while let Some(event) = search.next().await {
            match event {
                NearbyEvent::Found(server) => drop(servers.insert(server.id.clone(), server)),
                NearbyEvent::Gone { id } => drop(servers.remove(&id)),
            }
        }
    };
    let is_cut = time::timeout(LISTEN.min(Duration::from_secs(global.timeout)), listen).await;
    if is_cut.is_ok() {
        say("the local network floods multicast DNS: this list may not be whole");
    }
    let mut objects: Vec<_> = servers.into_values().map(object).collect();
    objects.sort_by(|a, b| (&a.name, &a.address).cmp(&(&b.name, &b.address)));
    let names = width(objects.iter().map(|object| object.name.as_str()));
    let addresses = width(objects.iter().map(|object| object.address.as_str()));
    for object in &objects {
        let (name, address) = (&object.name, &object.address);
        let line = || format!("{name:names$}  {address:addresses$}  {}", object.registration);
        output.print(object, line).await?;
    }
    if objects.is_empty() {
        say("no server announces itself on this network; a link works anywhere");
    }
    Ok(())
}

fn object(server: NearbyServer) -> NearbyObject {
    NearbyObject {
        address: server.addresses.first().map(ToString::to_string).unwrap_or_default(),
        key: server.trust.to_string(),
        registration: match server.registration {
            Registration::Open => "open",
            Registration::Invite => "invite",
        },
        name: server.name,
    }
}
