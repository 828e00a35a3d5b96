//! The beginning of a connection: hello, perhaps a registration, welcome.

use sha2::{Digest, Sha256};
use tertulia_proto::{
    ClientMessage, Command, DisplayName, Features, Handle, Hello, NameError, Refusal, Register,
    Registration, Rejected, ReqId, ServerMessage, Unregistered, VersionRange, Welcome,
    close::CloseCode, limits as wire, skeleton,
};

use super::{
    Ended, Shared,
    frames::{FrameReader, FrameWriter},
};
use crate::{
    limits,
    log::Closed,
    state::{AccountRow, Actor, DeviceKey, LogCommand, Outcome, RegisterDevice},
};

/// Who came, and from where they go on.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) account: AccountRow,
    pub(crate) hello: Hello,
    pub(super) version: u16,
}

/// Reads the hello and lets a device in, or registers it first. Nothing is told of the server
/// before that but whether registering takes an invite.
pub(crate) async fn receive(
    shared: &Shared,
    device: DeviceKey,
    reader: &mut FrameReader,
    writer: &mut FrameWriter,
) -> Result<Guest, Ended> {
    let ClientMessage::Hello(hello) = next(reader).await? else {
        return Err(Ended::Close(CloseCode::PROTOCOL, "a hello comes first"));
    };
    let Some(version) = VersionRange::OURS.common(hello.versions) else {
        return Err(Ended::Close(CloseCode::VERSION, "no version in common"));
    };
    if hello.cursors.len() > wire::ROOMS_PER_ACCOUNT {
        return Err(Ended::Close(CloseCode::PROTOCOL, "too many cursors"));
    }
    let mut account = shared.readers.account(device).await?;
    if account.is_none() {
        let registration = shared.registration();
        let unregistered = ServerMessage::from(Unregistered { registration });
        writer.write_one(unregistered.encode()).await?;
    }
    for tries in 0.. {
        if let Some(account) = account {
            return Ok(Guest { account, hello, version });
        }
        if tries == limits::REGISTER_TRIES {
            break;
        }
        let ClientMessage::Register(command) = next(reader).await? else {
            return Err(Ended::Close(CloseCode::PROTOCOL, "register, or leave"));
        };
        account = match register(shared, device, command).await? {
            Ok(()) => shared.readers.account(device).await?,
            Err(rejected) => {
                shared.metrics.refused(rejected.refusal);
                writer.write_one(ServerMessage::from(rejected).encode()).await?;
                None
            }
        };
    }
    Err(Ended::Close(CloseCode::RATE, "too many tries to register"))
}

impl Guest {
    /// Whether requests are to be read: some may be on their way already, with numbers of another
    /// history than this server's.
    pub(crate) fn takes_requests(&self, welcome: &Welcome) -> bool {
        let is_early = welcome.features.has(Features::EARLY_REQUESTS);
        !is_early || self.hello.epoch.is_none_or(|epoch| epoch == welcome.epoch)
    }

    /// The welcome, once the hub knows the connection.
    pub(crate) fn welcome(&self, shared: &Shared) -> Welcome {
        let AccountRow { id, handle, display, role } = self.account.clone();
        Welcome {
            version: self.version,
            features: Features::OURS.common(self.hello.features),
            epoch: shared.log.epoch(),
            head: shared.log.head(),
            account: id,
            handle,
            display,
            role,
            lanes: self.hello.lanes.min(wire::LANES),
        }
    }
}

pub(super) async fn register(
    shared: &Shared,
    device: DeviceKey,
    command: Register,
) -> Result<Result<(), Rejected>, Ended> {
    let refused = |refusal, retry_after_ms, proposal| Rejected {
        req_id: ReqId(0),
        refusal,
        retry_after_ms,
        proposal,
    };
    let Ok((name, handle)) = judged(&command.name) else {
        return Ok(Err(refused(Refusal::NAME_UNUSABLE, None, None)));
    };
    let invite_hash = command.invite.map(|token| Sha256::digest(token).into());
    // Before it costs anyone else: strangers with made-up invites do not keep the writer busy.
    let invite_needed = shared.registration() == Registration::Invite;
    if let Some(refusal) = shared.readers.invite_refusal(invite_hash, invite_needed).await? {
        return Ok(Err(refused(refusal, None, None)));
    }
    if let Err(wait) = shared.may_register() {
        return Ok(Err(refused(Refusal::RATE, Some(wait.as_millis() as u32 + 1), None)));
    }
    let command = RegisterDevice {
        device,
        name,
        skeleton: skeleton(handle.as_str()),
        handle,
        invite_hash,
        invite_needed,
    };
    let actor = Actor { device: Some(device), ..Actor::SERVER };
    let stopped = |_| Ended::Close(CloseCode::GO_AWAY, "the server stops");
    let pending = shared.log.append(actor, LogCommand::Register(command)).await;
    let outcome = pending.map_err(stopped)?.await.map_err(|_| stopped(Closed))?;
    Ok(match outcome {
        Ok(Outcome::Applied(_) | Outcome::Repeat(_)) => Ok(()),
        Ok(Outcome::Refused { refusal: reason, proposal }) => Err(refused(reason, None, proposal)),
        Err(_) => Err(refused(Refusal::STORAGE, Some(super::replies::STORAGE_RETRY_MS), None)),
    })
}

fn judged(name: &DisplayName) -> Result<(DisplayName, Handle), NameError> {
    let name = name.judged()?;
    let handle = name.handle()?;
    Ok((name, handle))
}

async fn next(reader: &mut FrameReader) -> Result<ClientMessage, Ended> {
    loop {
        let gone = Ended::Close(CloseCode::OK, "the client left before it was welcome");
        let frame = reader.next_frame().await?.ok_or(gone)?;
        if let Some(message) = ClientMessage::decode(&frame)? {
            return Ok(message);
        }
        // It would count on a number that nobody has taken note of.
        if Command::RANGE.contains(&frame.kind) {
            return Err(Ended::Close(CloseCode::PROTOCOL, "a request before the welcome"));
        }
    }
}
