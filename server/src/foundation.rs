//! What a server stands on before anyone connects: its directory, identity, database, owner's
//! link.

use std::path::Path;

use sha2::{Digest, Sha256};
use tertulia_certs::{InviteToken, ServerIdentity, ServerLink, Trust, files, read_passphrase};
use tertulia_proto::{Env, Epoch, HistoryPolicy, Role, RoomId, RoomKind, RoomName, Topic};

use crate::{
    addresses,
    config::ServerConfig,
    data_dir::{DataDir, TakeError},
    start_error::StartError,
    state::{Actor, LogCommand, MakeRoom, Outcome, StoreInvite},
    store::{StoreError, Writer},
};

/// Makes an invite while no server runs on this directory.
pub(crate) fn invite_offline(
    path: &Path,
    env: &dyn Env,
    invite: &StoreInvite,
) -> Result<ServerLink, StartError> {
    let data = take(path)?;
    // What the server last served, be it under the operator's own key.
    let link = match data.link() {
        Some(link) => link,
        None => ServerLink {
            addresses: addresses::of_link(&[], ServerConfig::new(path).listen),
            trust: Trust::Pinned(ServerIdentity::load_or_create(data.path())?.fingerprint()),
            invite: None,
        },
    };
    let mut writer = open(&data, env)?;
    store_invite(&mut writer, &data, env, invite)?;
    let closed = writer.close();
    closed.map_err(|source| StoreError::Sqlite { path: data.database(), source })?;
    Ok(link)
}

/// Takes the data directory.
pub(crate) fn take(path: &Path) -> Result<DataDir, StartError> {
    let data = take_for_replacement(path)?;
    match data.replacing().exists() {
        true => Err(StartError::Replacing(path.to_owned())),
        false => Ok(data),
    }
}

/// The same, be it in the middle of a replacement of its database.
pub(crate) fn take_for_replacement(path: &Path) -> Result<DataDir, StartError> {
    DataDir::take(path).map_err(|error| match error {
        TakeError::InUse => StartError::DataInUse(path.to_owned()),
        TakeError::Io(source) => StartError::Data { path: path.to_owned(), source },
    })
}

/// The operator's identity, or the self-made one.
pub(crate) fn identity(
    config: &ServerConfig,
    data: &DataDir,
) -> Result<ServerIdentity, StartError> {
    let Some(files) = &config.certificate else {
        return Ok(ServerIdentity::load_or_create(data.path())?);
    };
    let passphrase = files.passphrase.as_deref().map(read_passphrase).transpose()?;
    Ok(ServerIdentity::load(&files.certificate, &files.key, passphrase.as_deref())?)
}

/// Opens the database; a new one begins with the lobby.
pub(crate) fn open(data: &DataDir, env: &dyn Env) -> Result<Writer, StartError> {
    let mut epoch = [0; 16];
    env.fill_random(&mut epoch);
    let mut writer = Writer::open(&data.database(), Epoch(epoch))?;
    if writer.head().0 == 0 {
        let sqlite = |source| StoreError::Sqlite { path: data.database(), source };
        let name = RoomName::new("lobby").map_err(|_| sqlite(rusqlite::Error::InvalidQuery))?;
        let (id, topic) = (Some(RoomId::LOBBY), Topic::default());
        let lobby = MakeRoom::new(id, name, RoomKind::Public, topic, HistoryPolicy::All);
        let batch = [(Actor::SERVER, LogCommand::CreateRoom(lobby))];
        writer.commit(env.wall_clock(), &batch).map_err(sqlite)?;
    }
    Ok(writer)
}

/// While nobody owns the server, each start makes a fresh owner's link and writes it down.
pub(crate) fn owner_link(
    writer: &mut Writer,
    data: &DataDir,
    env: &dyn Env,
    link: &ServerLink,
) -> Result<Option<ServerLink>, StartError> {
    let sqlite = |source| StoreError::Sqlite { path: data.database(), source };
    let path = data.owner_invite();
    if writer.has_owner().map_err(sqlite)? {
        let _ = std::fs::remove_file(path);
        return Ok(None);
    }
    let mut token = [0; 16];
    env.fill_random(&mut token);
    let token_hash = Sha256::digest(token).into();
    let invite = StoreInvite { token_hash, role: Role::Owner, uses: 1, expires_ms: None };
    store_invite(writer, data, env, &invite)?;
    let link = ServerLink { invite: Some(InviteToken::from_bytes(token)), ..link.clone() };
    files::write_private(&path, format!("{link}\n").as_bytes())
        .map_err(|source| StartError::Data { path, source })?;
    Ok(Some(link))
}

fn store_invite(
    writer: &mut Writer,
    data: &DataDir,
    env: &dyn Env,
    invite: &StoreInvite,
) -> Result<(), StartError> {
    let batch = [(Actor::SERVER, LogCommand::StoreInvite(invite.clone()))];
    let committed = writer.commit(env.wall_clock(), &batch);
    let outcomes =
        committed.map_err(|source| StoreError::Sqlite { path: data.database(), source })?;
    match outcomes.first() {
        Some(Outcome::Refused { refusal, .. }) => Err(StartError::Invite(*refusal)),
        _ => Ok(()),
    }
}
