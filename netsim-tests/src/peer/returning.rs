//! A client that comes back: what it said and nobody receipted it says again on its next connection,
//! and what it has it names, so that it is sent what it missed.
//!
//! It connects anew when its connection ends, or when it is told that its network is another one.
//! Nobody else tells it that a connection is dead: that is for the kernel's timers to find out.

use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tertulia_proto::{
    ClientMessage, Event, Hello, MessageText, RoomCursor, RoomId, Send, Seq, ServerMessage,
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use super::{
    Client, WAITING,
    client::{Way, text_of},
};
use crate::speaker::hello;

/// Messages that were not receipted: more than any outage has.
const UNRECEIPTED: usize = 1 << 16;
/// After an attempt that failed.
const PAUSE: Duration = Duration::from_millis(200);
/// Its numbers are none of the messages of before.
const FIRST: u64 = 1 << 62;

/// Somebody who comes back. What is dropped ends.
#[derive(Debug)]
pub struct Returning {
    wishes: Wishes,
    shown: mpsc::Receiver<String>,
    _life: JoinSet<()>,
}

/// What is wanted of it; clones are the same.
#[derive(Debug, Clone)]
pub struct Wishes {
    wishes: mpsc::Sender<Wish>,
    connections: Arc<AtomicU32>,
}

#[derive(Debug)]
enum Wish {
    Post(RoomId, MessageText),
    Move(Ipv4Addr),
}

impl Returning {
    /// Comes as that client, a member of its rooms already.
    pub fn start(client: Client) -> Self {
        let (wishes_tx, wishes) = mpsc::channel(WAITING);
        let (shown_tx, shown) = mpsc::channel(WAITING);
        let connections = Arc::new(AtomicU32::new(0));
        let life = Life {
            client,
            wishes,
            shown: shown_tx,
            connections: Arc::clone(&connections),
            newest: BTreeMap::new(),
            unreceipted: VecDeque::new(),
            next_message: FIRST,
        };
        let mut task = JoinSet::new();
        task.spawn(life.live());
        Self { wishes: Wishes { wishes: wishes_tx, connections }, shown, _life: task }
    }

    /// By which it is asked for something.
    pub fn wishes(&self) -> Wishes {
        self.wishes.clone()
    }

    /// The next message of a room, each once and in its room's order.
    pub async fn shown(&mut self) -> Option<String> {
        self.shown.recv().await
    }
}

impl Wishes {
    /// Says something, sooner or later.
    pub async fn post(&self, room: RoomId, text: MessageText) -> Result<()> {
        self.wishes.send(Wish::Post(room, text)).await.ok().context("it is gone")
    }

    /// The network is another one, or is there again: it connects anew from there, at once.
    pub async fn connect_from(&self, at: Ipv4Addr) -> Result<()> {
        self.wishes.send(Wish::Move(at)).await.ok().context("it is gone")
    }

    /// Connections so far.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Life {
    client: Client,
    wishes: mpsc::Receiver<Wish>,
    shown: mpsc::Sender<String>,
    connections: Arc<AtomicU32>,
    newest: BTreeMap<RoomId, Seq>,
    unreceipted: VecDeque<Send>,
    next_message: u64,
}

/// Why a connection is no longer used.
enum Next {
    /// Nobody wants anything any more.
    End,
    /// From where it is now.
    Again,
}

impl Life {
    async fn live(mut self) {
        loop {
            let (answers_tx, answers) = mpsc::channel(WAITING);
            let (events_tx, events) = mpsc::channel(WAITING);
            let client = self.client.clone();
            let connecting = async {
                let way = client.connect(answers_tx, events_tx, true).await;
                if way.is_err() {
                    sleep(PAUSE).await;
                }
                way
            };
            let way = tokio::select! {
                biased;
                next = self.moved() => match next {
                    Next::End => return,
                    Next::Again => continue,
                },
                way = connecting => way,
            };
            let Ok(way) = way else { continue };
            self.connections.fetch_add(1, Ordering::Relaxed);
            if let Ok(Next::End) = self.converse(way, answers, events).await {
                return;
            }
        }
    }

    /// Keeps what is said, until there is another network.
    async fn moved(&mut self) -> Next {
        loop {
            match self.wishes.recv().await {
                None => return Next::End,
                Some(Wish::Move(at)) => {
                    self.client = self.client.at(at);
                    return Next::Again;
                }
                Some(Wish::Post(room, text)) => drop(self.keep(room, text)),
            }
        }
    }

    /// Over one connection, until it ends.
    async fn converse(
        &mut self,
        mut way: Way,
        mut answers: mpsc::Receiver<ServerMessage>,
        mut events: mpsc::Receiver<Event>,
    ) -> Result<Next> {
        let cursors =
            self.newest.iter().map(|(room, seq)| RoomCursor { room: *room, seq: *seq }).collect();
        way.say(ClientMessage::from(Hello { cursors, ..hello(1) }).encode())?;
        for send in &self.unreceipted {
            way.request(send.clone())?;
        }
        loop {
            tokio::select! {
                biased;
                wish = self.wishes.recv() => match wish {
                    None => return Ok(Next::End),
                    Some(Wish::Move(at)) => {
                        self.client = self.client.at(at);
                        return Ok(Next::Again);
                    }
                    Some(Wish::Post(room, text)) => way.request(self.keep(room, text))?,
                },
                answer = answers.recv() => {
                    if let ServerMessage::Receipt(receipt) = answer.context("it ended")? {
                        self.unreceipted.retain(|send| send.message_id != receipt.message_id);
                    }
                }
                event = events.recv() => self.show(event.context("it ended")?).await?,
            }
        }
    }

    fn keep(&mut self, room: RoomId, text: MessageText) -> Send {
        let send = self.client.message(self.next_message, room, text);
        self.next_message += 1;
        if self.unreceipted.len() < UNRECEIPTED {
            self.unreceipted.push_back(send.clone());
        }
        send
    }

    async fn show(&mut self, Event { head, change }: Event) -> Result<()> {
        let newest = self.newest.entry(head.room).or_default();
        if head.seq <= *newest {
            return Ok(());
        }
        *newest = head.seq;
        match text_of(change) {
            Some(text) => Ok(self.shown.send(text).await?),
            None => Ok(()),
        }
    }
}
