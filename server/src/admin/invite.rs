//! `invite`: a link that lets somebody in.

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tertulia_certs::{InviteToken, ServerLink};
use tertulia_proto::{Env, Role};

use super::{
    AdminError,
    exchange::{self, Request, Response},
    socket,
};
use crate::{
    foundation::invite_offline,
    net::Shared,
    state::{Actor, LogCommand, Outcome, StoreInvite},
};

/// What an invite gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// What the invited become.
    pub role: Role,
    /// How often it can be used.
    pub uses: u32,
    /// Seconds until it can't be used any more.
    pub expires_s: u32,
}

/// Makes an invite, through the running server if there is one, else in its data directory.
pub async fn request_invite(
    data: &Path,
    env: Arc<dyn Env>,
    request: InviteRequest,
) -> Result<ServerLink, AdminError> {
    let Ok(stream) = socket::connect(data).await else {
        let (token, invite) = draw(&*env, request);
        let link = invite_offline(data, &*env, &invite)?;
        return Ok(ServerLink { invite: Some(token), ..link });
    };
    match exchange::ask(stream, &Request::Invite(request)).await? {
        Response::Link(link) => link.parse().map_err(|_| AdminError::Refused("no link".to_owned())),
        _ => Err(AdminError::Refused("the running server answered something else".to_owned())),
    }
}

/// The running server's part.
pub(super) async fn make(shared: &Shared, link: &ServerLink, request: InviteRequest) -> Response {
    let (token, invite) = draw(&*shared.env, request);
    let stopped = || Response::Error("the server stops".to_owned());
    let appended = shared.log.append(Actor::SERVER, LogCommand::StoreInvite(invite)).await;
    let Ok(pending) = appended else {
        return stopped();
    };
    match pending.await {
        Ok(Ok(Outcome::Applied(_) | Outcome::Repeat(_))) => {
            let link = ServerLink { invite: Some(token), ..link.clone() };
            Response::Link(link.to_string())
        }
        Ok(Ok(Outcome::Refused { refusal, .. })) => Response::Error(refusal.to_string()),
        Ok(Err(_)) => Response::Error("the server can't store anything: disk full?".to_owned()),
        Err(_) => stopped(),
    }
}

fn draw(env: &dyn Env, request: InviteRequest) -> (InviteToken, StoreInvite) {
    let mut token = [0; 16];
    env.fill_random(&mut token);
    let invite = StoreInvite {
        token_hash: Sha256::digest(token).into(),
        role: request.role,
        uses: request.uses,
        expires_ms: Some(u64::from(request.expires_s) * 1_000),
    };
    (InviteToken::from_bytes(token), invite)
}
