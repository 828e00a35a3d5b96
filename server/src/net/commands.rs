//! The control stream, inwards: requests become log commands or queries, in order.

use sha2::{Digest, Sha256};
use tertulia_proto::{
    ClientNotice, Command, CreateInvite, CreateRoom, EnterRoom, Env, OpenDirect, Refusal, Rename,
    RenameRoom, ReqId, Request, RoomId, Unreadable, close::CloseCode,
};
use tokio::time::{Instant, sleep};

use super::{
    Ended, Shared,
    frames::FrameReader,
    line::Line,
    quota::Quota,
    replies::{Due, Query},
    request_order::RequestOrder,
    typing::TypingIn,
};
use crate::{
    limits,
    state::{Actor, LogCommand, MakeDirect, MakeRoom, NameRoom, StoreInvite},
};

/// Reads requests until the client finishes its stream. What is due as an answer goes to
/// `replies` in order; where that line is full, nothing more is read. What was `copied` counts as
/// if it had come on the stream, whichever is first. At the end `replies` is closed.
pub(crate) async fn read(
    shared: &Shared,
    actor: Actor,
    quota: &Quota,
    reader: &mut FrameReader,
    typing: &TypingIn<'_>,
    copied: &Line<Request>,
    replies: &Line<(ReqId, Due)>,
) -> Result<(), Ended> {
    let mut order = RequestOrder::new();
    loop {
        tokio::select! {
            biased;
            Some(request) = copied.next() => {
                // One that is too early comes on the stream in its turn.
                let _ = order.accept(request);
            }
            frame = reader.next_frame() => {
                let Some(frame) = frame? else {
                    replies.close();
                    return Ok(());
                };
                let Some(request) = Request::decode(&frame)? else {
                    // What is neither is skipped: a newer client may say more than we know.
                    if let Some(ClientNotice::Typing(notice)) = ClientNotice::decode(&frame)? {
                        typing.take(&notice);
                    }
                    continue;
                };
                let too_early = Ended::Close(CloseCode::PROTOCOL, "request numbers with a gap");
                order.accept(request).map_err(|_| too_early)?;
            }
        }
        while let Some(Request { req_id, command }) = order.next_ready() {
            let due = match command {
                // On the heap only while it lasts: most say nothing most of the time.
                Ok(command) => Box::pin(take(shared, actor, quota, command)).await?,
                Err(Unreadable::Unknown) => Due::refused(Refusal::UNSUPPORTED),
                Err(Unreadable::Malformed) => Due::refused(Refusal::INVALID),
            };
            replies.push((req_id, due)).await;
        }
    }
}

/// What becomes of a command, and what is due for it.
pub(super) async fn take(
    shared: &Shared,
    actor: Actor,
    quota: &Quota,
    command: Command,
) -> Result<Due, Ended> {
    if matches!(command, Command::Send(_)) {
        // Sends are never refused for speed: the server reads slower.
        while let Err(wait) = quota.send(Instant::now()) {
            sleep(wait).await;
        }
    } else if let Err(wait) = quota.request(Instant::now()) {
        return Ok(Due::refused_for(Refusal::RATE, wait));
    }
    let command = match command {
        Command::Send(command) => LogCommand::Send(command.into()),
        Command::CreateRoom(CreateRoom { name, kind, topic, history }) => match name.judged() {
            Ok(name) => {
                let id = Some(draw_room_id(&*shared.env));
                LogCommand::CreateRoom(MakeRoom::new(id, name, kind, topic, history))
            }
            Err(_) => return Ok(Due::refused(Refusal::NAME_UNUSABLE)),
        },
        Command::EnterRoom(EnterRoom { name }) => match name.judged() {
            Ok(name) => LogCommand::EnterRoom(EnterRoom { name }),
            Err(_) => return Ok(Due::refused(Refusal::NO_SUCH_ROOM)),
        },
        Command::LeaveRoom(command) => LogCommand::LeaveRoom(command),
        Command::MarkRead(command) => LogCommand::MarkRead(command),
        Command::Rename(Rename { name }) => match name.judged() {
            Ok(name) => LogCommand::Rename(Rename { name }),
            Err(_) => return Ok(Due::refused(Refusal::NAME_UNUSABLE)),
        },
        Command::RenameRoom(RenameRoom { room, name }) => match name.judged() {
            Ok(name) => LogCommand::RenameRoom(NameRoom::new(room, name)),
            Err(_) => return Ok(Due::refused(Refusal::NAME_UNUSABLE)),
        },
        Command::OpenDirect(OpenDirect { handle }) => {
            let id = Some(draw_room_id(&*shared.env));
            LogCommand::OpenDirect(MakeDirect { id, handle })
        }
        Command::SetMember(command) => LogCommand::SetMember(command),
        Command::RemoveMember(command) => LogCommand::RemoveMember(command),
        Command::SetTopic(command) => LogCommand::SetTopic(command),
        Command::ArchiveRoom(command) => LogCommand::ArchiveRoom(command),
        Command::CreateInvite(command) => return invite(shared, actor, &command).await,
        Command::ListRooms(query) => return Ok(Due::Query(Query::Rooms(query))),
        Command::ListUsers(query) => return Ok(Due::Query(Query::Users(query))),
        Command::ListMembers(query) => return Ok(Due::Query(Query::Members(query))),
        Command::History(query) => return Ok(Due::Query(Query::History(query))),
    };
    let message_id = match &command {
        LogCommand::Send(post) => Some(post.send.message_id),
        _ => None,
    };
    let pending = append(shared, actor, command).await?;
    Ok(Due::Commit { pending, message_id, token: None })
}

/// Not counted: a gap in what is listed would tell of a room that is hidden.
fn draw_room_id(env: &dyn Env) -> RoomId {
    let mut bytes = [0; 8];
    env.fill_random(&mut bytes);
    let drawn = u64::from_le_bytes(bytes) & limits::LAST_ROOM_ID;
    RoomId(drawn.max(RoomId::LOBBY.0 + 1))
}

/// The token is made here; the log sees its hash.
async fn invite(shared: &Shared, actor: Actor, command: &CreateInvite) -> Result<Due, Ended> {
    let valid = (1..=limits::INVITE_USES).contains(&command.uses)
        && (1..=limits::INVITE_EXPIRES_S).contains(&command.expires_s);
    if !valid {
        return Ok(Due::refused(Refusal::INVALID));
    }
    let mut token = [0; 16];
    shared.env.fill_random(&mut token);
    let command = StoreInvite {
        token_hash: Sha256::digest(token).into(),
        role: command.role,
        uses: command.uses,
        expires_ms: Some(u64::from(command.expires_s) * 1_000),
    };
    let pending = append(shared, actor, LogCommand::StoreInvite(command)).await?;
    Ok(Due::Commit { pending, message_id: None, token: Some(token) })
}

async fn append(
    shared: &Shared,
    actor: Actor,
    command: LogCommand,
) -> Result<crate::log::Pending, Ended> {
    let stopped = Ended::Close(CloseCode::GO_AWAY, "the server stops");
    shared.log.append(actor, command).await.map_err(|_| stopped)
}
