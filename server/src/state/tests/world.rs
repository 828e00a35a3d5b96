//! A server's rules without a server: commands in, outcomes out, and what the database then says.

use rusqlite::Connection;
use tertulia_proto::{
    AccountId, ArchiveRoom, Attachment, Body, Change, DisplayName, EnterRoom, Epoch, FileHash,
    FileName, Handle, HistoryPolicy, LeaveRoom, MarkRead, MessageId, MessageText, Refusal,
    RemoveMember, Role, RoomId, RoomKind, RoomName, Send, Seq, SetMember, SetTopic, Timestamp,
    Topic, Upload, skeleton,
};

use crate::{
    state::{
        AccountRow, Actor, Effect, LogCommand, MakeDirect, MakeRoom, NameRoom, Outcome,
        PostMessage, RegisterDevice, Reply, StoreInvite, account_by_device, record::Record,
    },
    store::{Readers, Writer},
    system::SystemEnv,
};

pub(super) const DAY_MS: u64 = 24 * 3600 * 1000;

pub(super) struct World {
    dir: tempfile::TempDir,
    pub(super) writer: Writer,
    pub(super) now: u64,
}

impl World {
    /// A server with its lobby, and nobody.
    pub(super) fn new() -> Self {
        let mut world = Self::on(tempfile::tempdir().unwrap());
        world.applied(Actor::SERVER, create("lobby"));
        world
    }

    /// The database of a directory as it is.
    pub(super) fn on(dir: tempfile::TempDir) -> Self {
        let writer = Writer::open(&dir.path().join("tertulia.db"), Epoch([1; 16])).unwrap();
        Self { dir, writer, now: 1_000 }
    }

    pub(super) fn run(&mut self, actor: Actor, command: LogCommand) -> Outcome {
        self.now += 1;
        let batch = [(actor, command)];
        self.writer.commit(Timestamp(self.now), &batch).unwrap().pop().unwrap()
    }

    pub(super) fn effects(&mut self, actor: Actor, command: LogCommand) -> (Reply, Vec<Effect>) {
        match self.run(actor, command) {
            Outcome::Applied(applied) => (applied.reply, applied.effects),
            other => panic!("not applied: {other:?}"),
        }
    }

    pub(super) fn applied(&mut self, actor: Actor, command: LogCommand) -> Reply {
        self.effects(actor, command).0
    }

    /// What it changed in rooms.
    pub(super) fn changes(&mut self, actor: Actor, command: LogCommand) -> Vec<Change> {
        let (_, effects) = self.effects(actor, command);
        let change = |effect| match effect {
            Effect::Happened(event) => Some(event.change),
            _ => None,
        };
        effects.into_iter().filter_map(change).collect()
    }

    pub(super) fn repeated(&mut self, actor: Actor, command: LogCommand) -> Reply {
        match self.run(actor, command) {
            Outcome::Repeat(reply) => reply,
            other => panic!("not a repeat: {other:?}"),
        }
    }

    pub(super) fn refused(&mut self, actor: Actor, command: LogCommand) -> Refusal {
        self.refused_with(actor, command).0
    }

    pub(super) fn refused_with(
        &mut self,
        actor: Actor,
        command: LogCommand,
    ) -> (Refusal, Option<String>) {
        match self.run(actor, command) {
            Outcome::Refused { refusal, proposal } => (refusal, proposal),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Registers without an invite.
    pub(super) fn person(&mut self, device: u8, name: &str) -> Actor {
        registered(device, self.applied(stranger(device), register(device, name, None)))
    }

    /// Registers as one of that role on the server.
    pub(super) fn person_as(&mut self, device: u8, name: &str, role: Role) -> Actor {
        self.applied(Actor::SERVER, invite(200 + device, role, 1, Some(DAY_MS)));
        let command = register(device, name, Some(200 + device));
        registered(device, self.applied(stranger(device), command))
    }

    /// Makes a room.
    pub(super) fn room(&mut self, maker: Actor, command: LogCommand) -> u64 {
        match self.applied(maker, command) {
            Reply::Room(room) => room.0,
            other => panic!("no room: {other:?}"),
        }
    }

    /// The file itself.
    pub(super) fn file(&self) -> std::path::PathBuf {
        self.dir.path().join("tertulia.db")
    }

    pub(super) fn database(&self) -> &Connection {
        self.writer.database()
    }

    pub(super) fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn account(&self, actor: Actor) -> AccountRow {
        let found = account_by_device(self.database(), &actor.device.unwrap());
        found.unwrap().unwrap()
    }

    /// What an account is in a room.
    pub(super) fn role_in(&self, actor: Actor, room: u64) -> Option<Role> {
        let access = super::super::access(self.database(), actor.account, RoomId(room));
        access.unwrap().and_then(|access| access.member)
    }

    /// Seqs of the messages that name an account and that it has not read.
    pub(super) fn mentions_of(&self, actor: Actor, room: u64) -> Vec<i64> {
        let mut statement = self
            .database()
            .prepare("SELECT seq FROM mention WHERE account = ?1 AND room = ?2 ORDER BY seq")
            .unwrap();
        let rows = statement.query_map([actor.account.0 as i64, room as i64], |row| row.get(0));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("tertulia.db")
    }

    /// The write-ahead log is folded in, as it is once it is large.
    pub(super) fn fold(&self) {
        Writer::checkpoint(&self.path(), self.writer.head(), self.writer.marks()).unwrap();
    }

    /// What a process leaves that is killed after this.
    pub(super) fn killed(self, sql: &str) -> tempfile::TempDir {
        self.database().execute_batch(&format!("PRAGMA foreign_keys = 0; {sql}")).unwrap();
        self.dir
    }

    /// What one leaves that stops well.
    pub(super) fn close(self) -> tempfile::TempDir {
        self.writer.close().unwrap();
        self.dir
    }

    /// The read side, as connections use it.
    pub(super) fn readers(&self) -> Readers {
        let env = std::sync::Arc::new(SystemEnv);
        Readers::new(self.dir.path().join("tertulia.db"), env)
    }
}

/// The log as it can be read back.
pub(super) fn log_of(db: &Connection) -> Vec<(Timestamp, Actor, LogCommand)> {
    let mut statement = db
        .prepare(
            "SELECT time, account, device, kind, payload, bytes
             FROM log LEFT JOIN body USING (position) ORDER BY position",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let device: Vec<u8> = row.get(2)?;
        let record = Record { kind: row.get(3)?, payload: row.get(4)?, body: row.get(5)? };
        let account = AccountId(row.get::<_, i64>(1)? as u64);
        let actor = Actor { account, device: device.try_into().ok() };
        let time = Timestamp(row.get::<_, i64>(0)? as u64);
        Ok((time, actor, LogCommand::from_record(&record).unwrap()))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// A server that applied that log and nothing else.
pub(super) fn replay(log: Vec<(Timestamp, Actor, LogCommand)>) -> World {
    let mut world = World::on(tempfile::tempdir().unwrap());
    for (time, actor, command) in log {
        world.now = time.0 - 1;
        world.applied(actor, command);
    }
    world
}

fn registered(device: u8, reply: Reply) -> Actor {
    let Reply::Registered(account) = reply else { panic!("no account") };
    Actor { account, device: Some([device; 32]) }
}

pub(super) fn stranger(device: u8) -> Actor {
    Actor { account: AccountId(0), device: Some([device; 32]) }
}

pub(super) fn register(device: u8, name: &str, invite: Option<u8>) -> LogCommand {
    let handle = DisplayName::new(name).unwrap().handle().unwrap();
    LogCommand::Register(RegisterDevice {
        device: [device; 32],
        name: DisplayName::new(name).unwrap(),
        skeleton: skeleton(handle.as_str()),
        handle,
        invite_hash: invite.map(|byte| [byte; 32]),
        invite_needed: invite.is_some(),
    })
}

pub(super) fn invite(byte: u8, role: Role, uses: u32, expires_ms: Option<u64>) -> LogCommand {
    LogCommand::StoreInvite(StoreInvite { token_hash: [byte; 32], role, uses, expires_ms })
}

pub(super) fn create(name: &str) -> LogCommand {
    make(name, RoomKind::Public, HistoryPolicy::All)
}

pub(super) fn create_private(name: &str) -> LogCommand {
    make(name, RoomKind::Private, HistoryPolicy::All)
}

pub(super) fn make(name: &str, kind: RoomKind, history: HistoryPolicy) -> LogCommand {
    let name = RoomName::new(name).unwrap();
    LogCommand::CreateRoom(MakeRoom::new(None, name, kind, Topic::default(), history))
}

/// The same with an id that was drawn.
pub(super) fn drawn(mut command: LogCommand, drawn: Option<u64>) -> LogCommand {
    match &mut command {
        LogCommand::CreateRoom(MakeRoom { id, .. })
        | LogCommand::OpenDirect(MakeDirect { id, .. }) => *id = drawn.map(RoomId),
        other => panic!("makes no room: {other:?}"),
    }
    command
}

pub(super) fn send(id: u8, room: u64, text: &str) -> LogCommand {
    send_to(id, room, text, None)
}

/// The same with an id that no other has.
pub(super) fn send_unlike(id: u8, room: u64, text: &str) -> LogCommand {
    let mut command = send(id, room, text);
    if let LogCommand::Send(post) = &mut command {
        post.send.message_id.0[0] = !id;
    }
    command
}

pub(super) fn send_to(id: u8, room: u64, text: &str, reply_to: Option<u64>) -> LogCommand {
    let send = Send {
        message_id: MessageId([id; 16]),
        room: RoomId(room),
        reply_to: reply_to.map(Seq),
        body: Body::Text(MessageText::new(text).unwrap()),
    };
    LogCommand::Send(send.into())
}

/// A message that brings a file.
pub(super) fn attach(id: u8, room: u64, content: u8) -> LogCommand {
    let name = FileName::new("a.txt").unwrap();
    let file = Attachment { name, size: content.into(), hash: FileHash([content; 32]) };
    let (message_id, room) = (MessageId([id; 16]), RoomId(room));
    let upload = Upload { message_id, room, reply_to: None, file };
    LogCommand::Send(PostMessage::of_upload(upload).unwrap())
}

pub(super) fn enter(name: &str) -> LogCommand {
    LogCommand::EnterRoom(EnterRoom { name: RoomName::new(name).unwrap() })
}

pub(super) fn leave(room: u64) -> LogCommand {
    LogCommand::LeaveRoom(LeaveRoom { room: RoomId(room) })
}

pub(super) fn mark(room: u64, seq: u64) -> LogCommand {
    LogCommand::MarkRead(MarkRead { room: RoomId(room), seq: Seq(seq) })
}

pub(super) fn direct(handle: &str) -> LogCommand {
    LogCommand::OpenDirect(MakeDirect { id: None, handle: Handle::new(handle).unwrap() })
}

pub(super) fn set_member(room: u64, handle: &str, role: Role) -> LogCommand {
    let handle = Handle::new(handle).unwrap();
    LogCommand::SetMember(SetMember { room: RoomId(room), handle, role: Some(role) })
}

pub(super) fn remove(room: u64, handle: &str) -> LogCommand {
    let handle = Handle::new(handle).unwrap();
    LogCommand::RemoveMember(RemoveMember { room: RoomId(room), handle })
}

pub(super) fn topic(room: u64, text: &str) -> LogCommand {
    LogCommand::SetTopic(SetTopic { room: RoomId(room), topic: Topic::new(text).unwrap() })
}

pub(super) fn call(room: u64, name: &str) -> LogCommand {
    LogCommand::RenameRoom(NameRoom::new(RoomId(room), RoomName::new(name).unwrap()))
}

pub(super) fn archive(room: u64, archived: bool) -> LogCommand {
    LogCommand::ArchiveRoom(ArchiveRoom { room: RoomId(room), archived })
}
