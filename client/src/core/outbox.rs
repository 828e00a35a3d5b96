//! The order in which messages go out. Rows live on disk ([`crate::store`]); this is what of them
//! this process sends.

mod sendings;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tertulia_proto::{Body, Epoch, MessageId, MessageText, Refusal, RoomId, Send, Seq, Timestamp};

use self::sendings::Sendings;

/// Unanswered messages on a connection: enough that what waited for long goes out in a few round
/// trips, few enough to send again, and to leave numbers to what else is asked.
pub(crate) const IN_FLIGHT: usize = 192;
/// Messages that may wait; more are refused to their author.
pub(crate) const ROWS: usize = 10_000;
/// The wait after a refusal that is not final and names none.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A row's place in the outbox file: messages go out in this order.
pub(crate) type RowId = i64;

/// A message that was not receipted yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The key of exactly-once.
    pub(crate) message_id: MessageId,
    /// The history that `room` is a room of; `None`: written before any server was joined.
    pub(crate) epoch: Option<Epoch>,
    /// Where to.
    pub(crate) room: RoomId,
    /// The content.
    pub(crate) text: MessageText,
    /// What it answers.
    pub(crate) reply_to: Option<Seq>,
    /// The time of writing.
    pub(crate) created: Timestamp,
    /// Why it will not be sent, if it was refused for good.
    pub(crate) failed: Option<Refusal>,
    /// On disk it says that a frame of it may have left. Until it does, none leaves.
    pub(crate) may_be_sent: bool,
}

impl Row {
    /// The command that posts it.
    pub(crate) fn command(&self) -> Send {
        Send {
            message_id: self.message_id,
            room: self.room,
            reply_to: self.reply_to,
            body: Body::Text(self.text.clone()),
        }
    }
}

/// What this process has to send.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    rows: BTreeMap<RowId, Row>,
    ids: BTreeMap<MessageId, RowId>,
    waiting: BTreeSet<RowId>,
    in_flight: BTreeSet<RowId>,
    sent: Sendings,
    /// Rows to be sent that are not marked so, and for which that was not asked either.
    unmarked: BTreeSet<RowId>,
    paused_until: Option<Duration>,
    held_by: Option<Refusal>,
}

impl Outbox {
    /// A row that is on disk is this process's to send.
    pub(crate) fn insert(&mut self, id: RowId, row: Row) {
        if self.ids.insert(row.message_id, id).is_some() {
            return;
        }
        if row.failed.is_none() {
            self.waiting.insert(id);
            if !row.may_be_sent {
                self.unmarked.insert(id);
            }
        }
        self.rows.insert(id, row);
    }

    /// The same, of a row that another process had: it may have sent what is marked so.
    pub(crate) fn inherit(&mut self, id: RowId, row: Row) {
        let may_be_sent = row.may_be_sent && row.failed.is_none();
        if may_be_sent && !self.ids.contains_key(&row.message_id) {
            self.sent.inherit(id);
        }
        self.insert(id, row);
    }

    /// Rows that could be sent now, were they marked on disk: they are to be, and then
    /// [`Outbox::marked`]. Each is given once.
    pub(crate) fn take_unmarked(&mut self, now: Duration) -> Vec<RowId> {
        match self.is_paused(now) {
            true => Vec::new(),
            false => std::mem::take(&mut self.unmarked).into_iter().collect(),
        }
    }

    /// On disk the row says now that it may have been sent.
    pub(crate) fn marked(&mut self, id: RowId) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.may_be_sent = true;
        }
    }

    fn is_paused(&self, now: Duration) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// The next row to send, which counts as in flight from now on.
    pub(crate) fn send_next(&mut self, now: Duration) -> Option<&Row> {
        if self.in_flight.len() >= IN_FLIGHT || self.is_paused(now) {
            return None;
        }
        self.paused_until = None;
        let first = self.waiting.first()?;
        // Those behind it wait as well: the order stays.
        if !self.rows.get(first)?.may_be_sent {
            return None;
        }
        let id = self.waiting.pop_first()?;
        self.in_flight.insert(id);
        self.sent.begin(id);
        self.rows.get(&id)
    }

    /// When a pause ends.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.paused_until.filter(|_| !self.waiting.is_empty())
    }

    /// The message is done (receipted, seen in its room, or cancelled). `None`: it was already.
    pub(crate) fn remove(&mut self, message_id: MessageId) -> Option<(RowId, Row)> {
        let id = self.ids.remove(&message_id)?;
        self.held_by = None;
        self.waiting.remove(&id);
        self.in_flight.remove(&id);
        self.sent.end(id);
        self.unmarked.remove(&id);
        Some((id, self.rows.remove(&id)?))
    }

    /// The server refuses what was sent: whether that is the message, and not an earlier time that
    /// it went out.
    pub(crate) fn is_refused(&mut self, message_id: MessageId) -> bool {
        self.ids.get(&message_id).is_none_or(|id| self.sent.answer(*id))
    }

    /// The server refuses the message for good; it stays, and is not sent.
    pub(crate) fn fail(
        &mut self,
        message_id: MessageId,
        refusal: Refusal,
    ) -> Option<(RowId, &Row)> {
        let id = *self.ids.get(&message_id)?;
        self.waiting.remove(&id);
        self.in_flight.remove(&id);
        self.sent.end(id);
        self.unmarked.remove(&id);
        let row = self.rows.get_mut(&id)?;
        row.failed = Some(refusal);
        Some((id, row))
    }

    /// The server could not take the message now. Everything unanswered from it on goes out again
    /// in order, after the pause: what was taken meanwhile is answered by the same receipt. The row,
    /// if the server can't have it: its mark is to be taken back on disk.
    pub(crate) fn postpone(
        &mut self,
        message_id: MessageId,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: Duration,
    ) -> Option<RowId> {
        let id = *self.ids.get(&message_id)?;
        self.waiting.extend(self.in_flight.split_off(&id));
        let until = now.saturating_add(retry_after.unwrap_or(RETRY_AFTER));
        self.paused_until = self.paused_until.max(Some(until));
        self.held_by = Some(refusal);
        if self.sent.is_one_lost(id) {
            return None;
        }
        self.sent.end(id);
        self.rows.get_mut(&id)?.may_be_sent = false;
        self.unmarked.insert(id);
        Some(id)
    }

    /// The connection is gone: everything unanswered goes out again, before newer rows.
    pub(crate) fn disconnected(&mut self) {
        self.waiting.append(&mut self.in_flight);
        self.sent.disconnected();
        self.paused_until = None;
        self.held_by = None;
    }

    /// A person wants no pause.
    pub(crate) fn wake(&mut self) {
        self.paused_until = None;
    }

    /// A row by its message.
    pub(crate) fn get(&self, message_id: MessageId) -> Option<(RowId, &Row)> {
        let id = *self.ids.get(&message_id)?;
        Some((id, self.rows.get(&id)?))
    }

    /// Whether the message is here, and the server can't have it.
    pub(crate) fn is_unsent(&self, message_id: MessageId) -> bool {
        self.ids.get(&message_id).is_some_and(|id| !self.sent.contains(*id))
    }

    /// Rows in the order of writing.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many are still to be receipted.
    pub(crate) fn pending(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// Why the server takes nothing now, if it said so and took nothing since.
    pub(crate) fn held_by(&self) -> Option<Refusal> {
        self.held_by
    }

    /// Whether the outbox takes no more, with `unstored` rows about to come.
    pub(crate) fn is_full(&self, unstored: usize) -> bool {
        self.rows.len() + unstored >= ROWS
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn id(n: u64) -> MessageId {
        MessageId::new(Timestamp(n), [0; 10])
    }

    fn row(n: u64) -> Row {
        Row {
            message_id: id(n),
            epoch: None,
            room: RoomId(1),
            text: MessageText::new("x").unwrap(),
            reply_to: None,
            created: Timestamp(n),
            failed: None,
            may_be_sent: true,
        }
    }

    /// What became of asking the disk.
    fn mark(outbox: &mut Outbox, now: Duration) -> Vec<RowId> {
        let ids = outbox.take_unmarked(now);
        ids.iter().for_each(|id| outbox.marked(*id));
        ids
    }

    fn outbox(rows: std::ops::RangeInclusive<u64>) -> Outbox {
        let mut outbox = Outbox::default();
        for n in rows {
            outbox.insert(n as RowId, row(n));
        }
        outbox
    }

    fn send_all(outbox: &mut Outbox, now: Duration) -> Vec<u64> {
        let mut sent = Vec::new();
        while let Some(row) = outbox.send_next(now) {
            sent.push(row.created.0);
        }
        sent
    }

    #[test]
    fn rows_go_out_in_order_as_far_as_the_window() {
        let window = IN_FLIGHT as u64;
        let mut outbox = outbox(1..=window + 36);
        assert_eq!(send_all(&mut outbox, NOW), (1..=window).collect::<Vec<_>>());
        outbox.remove(id(1));
        outbox.remove(id(2));
        assert_eq!(send_all(&mut outbox, NOW), [window + 1, window + 2]);
        assert_eq!(outbox.pending(), IN_FLIGHT + 34);
    }

    #[test]
    fn after_a_loss_the_unanswered_go_first() {
        let mut outbox = outbox(1..=3);
        send_all(&mut outbox, NOW);
        outbox.remove(id(2));
        outbox.disconnected();
        outbox.insert(4, row(4));
        assert_eq!(send_all(&mut outbox, NOW), [1, 3, 4]);
    }

    #[test]
    fn a_postponed_row_holds_back_all_after_it() {
        let mut outbox = outbox(1..=5);
        send_all(&mut outbox, NOW);
        outbox.postpone(id(3), Refusal::STORAGE, Some(Duration::from_secs(1)), NOW);
        assert_eq!(send_all(&mut outbox, Duration::from_millis(999)), [0; 0]);
        assert_eq!(outbox.wake_at(), Some(Duration::from_secs(1)));
        assert_eq!(outbox.held_by(), Some(Refusal::STORAGE));
        outbox.remove(id(4));
        assert_eq!(outbox.held_by(), None, "it takes messages again");
        assert_eq!(send_all(&mut outbox, Duration::from_secs(1)), [0; 0], "its mark is gone");
        assert_eq!(mark(&mut outbox, Duration::from_secs(1)), [3]);
        assert_eq!(send_all(&mut outbox, Duration::from_secs(1)), [3, 5]);
        assert_eq!(outbox.pending(), 4);
    }

    #[test]
    fn a_failed_row_stays_and_blocks_nobody() {
        let mut outbox = outbox(1..=2);
        send_all(&mut outbox, NOW);
        outbox.fail(id(1), Refusal::NO_SUCH_ROOM).unwrap();
        outbox.disconnected();
        assert_eq!(send_all(&mut outbox, NOW), [2]);
        assert_eq!((outbox.pending(), outbox.rows().count()), (1, 2));
        assert!(outbox.remove(id(1)).is_some() && outbox.remove(id(1)).is_none());
    }

    #[test]
    fn what_went_out_once_is_unsent_only_after_a_refusal() {
        let mut outbox = outbox(1..=3);
        send_all(&mut outbox, NOW);
        assert!(!outbox.is_unsent(id(1)));
        outbox.postpone(id(2), Refusal::STORAGE, None, NOW);
        assert!(outbox.is_unsent(id(2)), "refused for now");
        assert!(!outbox.is_unsent(id(3)), "its answer is on the way");
        outbox.disconnected();
        assert!(!outbox.is_unsent(id(1)), "the answer was lost, not the message");
        outbox.fail(id(1), Refusal::FORBIDDEN);
        assert!(outbox.is_unsent(id(1)) && !outbox.is_unsent(id(9)));
    }

    #[test]
    fn what_is_on_its_way_again_is_not_refused_by_the_answer_to_the_time_before() {
        let mut outbox = outbox(1..=2);
        send_all(&mut outbox, NOW);
        assert!(outbox.is_refused(id(1)));
        outbox.postpone(id(1), Refusal::STORAGE, Some(Duration::ZERO), NOW).unwrap();
        mark(&mut outbox, NOW);
        assert_eq!(send_all(&mut outbox, NOW), [1, 2]);
        assert!(!outbox.is_refused(id(2)), "the first time; the server may take the second");
        assert!(!outbox.is_unsent(id(2)));
        assert!(outbox.is_refused(id(2)));
        outbox.postpone(id(2), Refusal::STORAGE, None, NOW).unwrap();
        assert!(outbox.is_unsent(id(2)));
    }

    #[test]
    fn what_went_out_on_a_lost_connection_may_arrive_after_a_refusal() {
        let mut outbox = outbox(1..=1);
        send_all(&mut outbox, NOW);
        outbox.disconnected();
        assert_eq!(send_all(&mut outbox, NOW), [1]);
        assert!(outbox.is_refused(id(1)), "this connection's answer");
        assert_eq!(outbox.postpone(id(1), Refusal::STORAGE, None, NOW), None);
        assert!(!outbox.is_unsent(id(1)));
        assert_eq!(send_all(&mut outbox, RETRY_AFTER), [1], "still marked");
    }

    #[test]
    fn what_is_not_marked_on_disk_waits_for_that_and_holds_back_what_follows() {
        let mut outbox = outbox(1..=1);
        outbox.insert(2, Row { may_be_sent: false, ..row(2) });
        outbox.insert(3, row(3));
        assert_eq!(send_all(&mut outbox, NOW), [1]);
        assert_eq!(outbox.take_unmarked(NOW), [2]);
        assert_eq!(outbox.take_unmarked(NOW), [0; 0], "once");
        assert_eq!(send_all(&mut outbox, NOW), [0; 0]);
        outbox.marked(2);
        assert!(outbox.is_unsent(id(2)));
        assert_eq!(send_all(&mut outbox, NOW), [2, 3]);
    }

    #[test]
    fn what_another_process_may_have_sent_is_not_unsent() {
        let mut outbox = Outbox::default();
        outbox.inherit(1, row(1));
        outbox.inherit(2, Row { may_be_sent: false, ..row(2) });
        outbox.inherit(3, Row { failed: Some(Refusal::FORBIDDEN), ..row(3) });
        let unsent = [1, 2, 3].map(|n| outbox.is_unsent(id(n)));
        assert_eq!(unsent, [false, true, true]);
        outbox.insert(4, row(4));
        outbox.inherit(4, row(4));
        assert!(outbox.is_unsent(id(4)), "its own");
    }

    #[test]
    fn a_row_taken_over_twice_is_one_row() {
        let mut outbox = outbox(1..=1);
        outbox.insert(1, row(1));
        assert_eq!(send_all(&mut outbox, NOW), [1]);
        assert_eq!(send_all(&mut outbox, NOW), [0; 0]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Send,
        Answer(prop::sample::Index),
        Postpone(prop::sample::Index),
        Cut,
        Insert,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Send),
            any::<prop::sample::Index>().prop_map(Step::Answer),
            any::<prop::sample::Index>().prop_map(Step::Postpone),
            Just(Step::Cut),
            Just(Step::Insert),
        ]
    }

    proptest! {
        /// A server that takes what it is sent in order never sees a new row after a later one:
        /// what is skipped was taken before.
        #[test]
        fn whatever_happens_first_arrivals_are_in_order(
            steps in proptest::collection::vec(step(), 0..300),
        ) {
            let mut outbox = Outbox::default();
            let (mut now, mut next, mut newest_taken) = (NOW, 1u64, 0u64);
            let mut unanswered: Vec<u64> = Vec::new();
            for step in steps {
                now += Duration::from_millis(700);
                match step {
                    Step::Insert => {
                        outbox.insert(next as RowId, row(next));
                        next += 1;
                    }
                    Step::Send => {
                        mark(&mut outbox, now);
                        for n in send_all(&mut outbox, now) {
                            prop_assert!(n <= newest_taken + 1, "{n} after {newest_taken}");
                            newest_taken = newest_taken.max(n);
                            unanswered.push(n);
                        }
                    }
                    Step::Answer(which) if !unanswered.is_empty() => {
                        let n = unanswered.remove(which.index(unanswered.len()));
                        outbox.remove(id(n));
                    }
                    Step::Postpone(which) if !unanswered.is_empty() => {
                        let n = unanswered.remove(which.index(unanswered.len()));
                        if outbox.is_refused(id(n)) {
                            outbox.postpone(id(n), Refusal::STORAGE, None, now);
                        }
                    }
                    Step::Cut => {
                        unanswered.clear();
                        outbox.disconnected();
                    }
                    _ => {}
                }
                prop_assert!(outbox.in_flight.len() <= IN_FLIGHT);
            }
            outbox.disconnected();
            let left = outbox.pending();
            let mut sent = Vec::new();
            loop {
                mark(&mut outbox, now);
                let round = send_all(&mut outbox, now);
                if round.is_empty() {
                    break;
                }
                round.iter().for_each(|n| drop(outbox.remove(id(*n))));
                sent.extend(round);
            }
            prop_assert_eq!(sent.len(), left);
            prop_assert!(sent.is_sorted());
        }
    }
}
