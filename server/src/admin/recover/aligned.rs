//! Entries applied again so that every account and room keeps its id.

use std::collections::VecDeque;

use rusqlite::{OptionalExtension, params};
use tertulia_proto::{
    AccountId, DisplayName, Env, Handle, HistoryPolicy, MessageId, Role, RoomId, RoomKind,
    RoomName, Seq, Timestamp, Topic, skeleton,
};

use super::damaged::{Damaged, Place};
use crate::{
    state::{
        Actor, DeviceKey, LogCommand, MakeDirect, MakeRoom, Outcome, RegisterDevice, StoreInvite,
    },
    store::{
        Writer,
        log_rows::LogRow,
        sql::{column, int},
    },
};

/// Numbers that are believed to be missing in a row; more is damage in the number.
const GAP: u64 = 100_000;

/// The new database, and what it needs to stay in step with the damaged one.
pub(super) struct Aligned<'a> {
    writer: Writer,
    env: &'a dyn Env,
    /// A time beyond is a damaged one.
    now: Timestamp,
    time: Timestamp,
    next_account: AccountId,
    /// What a room gets whose entry says no id, and whose table row is lost.
    next_room: RoomId,
    /// Rooms that the tables speak of, oldest first, from the first that is not known to be there.
    places: VecDeque<(Timestamp, RoomId)>,
    entries: u64,
    remade: u64,
    /// Whether anything so far is not as it was: then places in rooms are others.
    shifted: bool,
}

impl<'a> Aligned<'a> {
    pub(super) fn new(writer: Writer, env: &'a dyn Env, damaged: &Damaged) -> Self {
        Self {
            writer,
            env,
            now: env.wall_clock(),
            time: Timestamp(0),
            next_account: AccountId(1),
            next_room: RoomId::LOBBY,
            places: damaged.places().into(),
            entries: 0,
            remade: 0,
            shifted: false,
        }
    }

    /// Applies an entry again; whether it is there now.
    pub(super) fn apply(
        &mut self,
        damaged: &Damaged,
        row: &LogRow,
        mut command: LogCommand,
    ) -> rusqlite::Result<bool> {
        self.shifted |= row.position.0 != self.entries + self.remade + 1;
        self.time = row.time.min(self.now).max(self.time);
        self.remake_before(damaged, row.time)?;
        let command = match &mut command {
            LogCommand::Register(register) => {
                // Whoever registers enters the lobby.
                self.remake_room(damaged, RoomId::LOBBY)?;
                if let Some(own) = damaged.devices.get(&register.device)
                    && !self.reach_account(damaged, *own)?
                {
                    return Ok(self.lost());
                }
                command
            }
            LogCommand::CreateRoom(MakeRoom { id, .. })
            | LogCommand::OpenDirect(MakeDirect { id, .. }) => {
                let counted = || damaged.room_made(row.time, row.actor.account, self.next_room);
                let own = id.or_else(counted).unwrap_or(self.next_room);
                if self.is_room(own)? {
                    return Ok(self.lost());
                }
                *id = Some(own);
                command
            }
            LogCommand::Send(_) if self.shifted => self.retargeted(damaged, command)?,
            _ => command,
        };
        if !self.is_actor(damaged, row.actor)? {
            return Ok(self.lost());
        }
        let applied = self.commit(row.actor, command)?;
        self.entries += u64::from(applied);
        Ok(applied || self.lost())
    }

    /// What the tables have behind the last entry is made again too.
    pub(super) fn finish(mut self, damaged: &Damaged) -> rusqlite::Result<(Writer, u64, u64)> {
        self.remake_before(damaged, Timestamp(u64::MAX))?;
        Ok((self.writer, self.entries, self.remade))
    }

    fn lost(&mut self) -> bool {
        self.shifted = true;
        false
    }

    /// Accounts and rooms that were there before a time, and whose entries did not come.
    fn remake_before(&mut self, damaged: &Damaged, time: Timestamp) -> rusqlite::Result<()> {
        while damaged.person(self.next_account).is_some_and(|person| person.created < time) {
            if !self.remake_account(damaged)? {
                break;
            }
        }
        while let Some((created, room)) = self.places.front().copied()
            && created < time
        {
            self.places.pop_front();
            self.remake_room(damaged, room)?;
        }
        Ok(())
    }

    /// Makes accounts until the next one has that number; false where it is taken already.
    fn reach_account(&mut self, damaged: &Damaged, own: AccountId) -> rusqlite::Result<bool> {
        if own.0 >= self.next_account.0 + GAP {
            return Ok(false);
        }
        while self.next_account < own && self.remake_account(damaged)? {}
        Ok(self.next_account == own)
    }

    fn is_room(&self, id: RoomId) -> rusqlite::Result<bool> {
        let db = self.writer.database();
        db.prepare_cached("SELECT 1 FROM room WHERE id = ?1")?.exists([int(id.0)])
    }

    /// Whether an entry's actor is there under its number, made again if need be, and the device
    /// is theirs.
    fn is_actor(&mut self, damaged: &Damaged, actor: Actor) -> rusqlite::Result<bool> {
        let Actor { account, device } = actor;
        if account.0 == 0 {
            return Ok(true);
        }
        if account >= self.next_account
            && !self.reach_account(damaged, AccountId(account.0.saturating_add(1)))?
        {
            return Ok(false);
        }
        let Some(device) = device else { return Ok(true) };
        Ok(self.account_of(&device)? == Some(account))
    }

    fn account_of(&self, device: &DeviceKey) -> rusqlite::Result<Option<AccountId>> {
        let db = self.writer.database();
        db.prepare_cached("SELECT account FROM device WHERE key = ?1")?
            .query_row([device.as_slice()], |row| column(row, 0))
            .optional()
    }

    /// The next account without its entry: as its table has it, or nameless. False where not
    /// even that can be.
    fn remake_account(&mut self, damaged: &Damaged) -> rusqlite::Result<bool> {
        self.remake_room(damaged, RoomId::LOBBY)?;
        let id = self.next_account;
        let device = damaged.devices.iter().find(|(_, account)| **account == id);
        let device = device.map_or_else(|| self.random(), |(device, _)| *device);
        let known = damaged.person(id);
        let role = known.as_ref().map_or(Role::Guest, |person| person.role);
        let token_hash = self.random();
        let invite = StoreInvite { token_hash, role, uses: 1, expires_ms: Some(1_000) };
        self.commit(Actor::SERVER, LogCommand::StoreInvite(invite))?;
        let nameless = || {
            let display = DisplayName::new(&format!("lost {}", id.0)).ok()?;
            Some((display.handle().ok()?, display))
        };
        let names = known.map(|person| (person.skeleton, person.handle, person.display));
        let spare = nameless().map(|(handle, name)| (skeleton(handle.as_str()), handle, name));
        for (skeleton, handle, name) in names.into_iter().chain(spare) {
            let command = register(device, name, handle, skeleton, token_hash);
            let actor = Actor { device: Some(device), ..Actor::SERVER };
            if self.remade(actor, LogCommand::Register(command))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A room as its table has it, unless it is there. One of which nothing is known but its id
    /// is lost, but for the lobby: nobody could enter it, nor read in it.
    fn remake_room(&mut self, damaged: &Damaged, id: RoomId) -> rusqlite::Result<()> {
        if self.is_room(id)? {
            return Ok(());
        }
        match damaged.place(id) {
            Some(place) if place.kind == RoomKind::Direct => {
                self.remake_direct(damaged, id, &place)
            }
            Some(Place { name, skeleton, kind, topic, history, created_by, .. }) => {
                let room = MakeRoom { id: Some(id), name, skeleton, kind, topic, history };
                let maker = Actor { account: created_by, device: None };
                // Its maker may be lost, or no longer allowed to make it: then it is nobody's.
                for maker in [maker, Actor::SERVER] {
                    if self.remade(maker, LogCommand::CreateRoom(room.clone()))? {
                        return Ok(());
                    }
                }
                Ok(())
            }
            None if id == RoomId::LOBBY => {
                let Ok(name) = RoomName::new("lobby") else { return Ok(()) };
                let (topic, history) = (Topic::default(), HistoryPolicy::All);
                let room = MakeRoom::new(Some(id), name, RoomKind::Public, topic, history);
                self.remade(Actor::SERVER, LogCommand::CreateRoom(room)).map(drop)
            }
            None => Ok(()),
        }
    }

    /// A direct room: both of its people are made first. Where that can't be, it is lost.
    fn remake_direct(
        &mut self,
        damaged: &Damaged,
        id: RoomId,
        place: &Place,
    ) -> rusqlite::Result<()> {
        let Some((low, high)) = people_of(&place.name) else { return Ok(()) };
        if place.created_by != low && place.created_by != high {
            return Ok(());
        }
        let other = if place.created_by == low { high } else { low };
        let Some(person) = damaged.person(other) else { return Ok(()) };
        if high >= self.next_account && !self.reach_account(damaged, AccountId(high.0 + 1))? {
            return Ok(());
        }
        let actor = Actor { account: place.created_by, device: None };
        let command = MakeDirect { id: Some(id), handle: person.handle };
        self.remade(actor, LogCommand::OpenDirect(command)).map(drop)
    }

    fn remade(&mut self, actor: Actor, command: LogCommand) -> rusqlite::Result<bool> {
        let made = self.commit(actor, command)?;
        self.remade += u64::from(made);
        self.shifted |= made;
        Ok(made)
    }

    /// An answer whose target moved: to where it is now, or no answer.
    fn retargeted(&self, damaged: &Damaged, command: LogCommand) -> rusqlite::Result<LogCommand> {
        let LogCommand::Send(mut post) = command else { return Ok(command) };
        let send = &mut post.send;
        if let Some(seq) = send.reply_to {
            send.reply_to = match damaged.message(send.room, seq) {
                Some((author, id)) => self.seq_of(author, id)?,
                None => None,
            };
        }
        Ok(LogCommand::Send(post))
    }

    fn seq_of(&self, author: AccountId, id: MessageId) -> rusqlite::Result<Option<Seq>> {
        let db = self.writer.database();
        db.prepare_cached("SELECT seq FROM event WHERE account = ?1 AND message_id = ?2")?
            .query_row(params![int(author.0), id.0.as_slice()], |row| column(row, 0))
            .optional()
    }

    fn commit(&mut self, actor: Actor, command: LogCommand) -> rusqlite::Result<bool> {
        let registers = matches!(command, LogCommand::Register(_));
        let room = match &command {
            LogCommand::CreateRoom(MakeRoom { id, .. })
            | LogCommand::OpenDirect(MakeDirect { id, .. }) => *id,
            _ => None,
        };
        let applied = match self.writer.commit(self.time, &[(actor, command)]) {
            Ok(outcomes) => matches!(outcomes.first(), Some(Outcome::Applied(_))),
            // What the rules take for granted is among the lost.
            Err(error) if is_of_the_entry(&error) => false,
            Err(error) => return Err(error),
        };
        if applied {
            self.next_account.0 += u64::from(registers);
            // One that was drawn is far away.
            if let Some(RoomId(room)) = room
                && (self.next_room.0..self.next_room.0 + GAP).contains(&room)
            {
                self.next_room = RoomId(room + 1);
            }
        }
        Ok(applied)
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.env.fill_random(&mut bytes);
        bytes
    }
}

/// The two people of a direct room, by its name.
fn people_of(name: &RoomName) -> Option<(AccountId, AccountId)> {
    let (low, high) = name.as_str().strip_prefix('@')?.split_once(':')?;
    let account = |text: &str| text.parse().ok().map(AccountId);
    Some((account(low)?, account(high)?)).filter(|(low, high)| low < high)
}

/// Whether it is the entry's fault, and not the disk's.
fn is_of_the_entry(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::QueryReturnedNoRows)
        || error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

fn register(
    device: DeviceKey,
    name: DisplayName,
    handle: Handle,
    skeleton: String,
    token_hash: [u8; 32],
) -> RegisterDevice {
    let invite_hash = Some(token_hash);
    RegisterDevice { device, name, handle, skeleton, invite_hash, invite_needed: true }
}
