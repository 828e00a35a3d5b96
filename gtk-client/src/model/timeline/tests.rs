use tertulia_client::proto::{Refusal, Role};

use super::*;
use crate::model::testing::{author, joined_item, my_item, text_item, waiting_item};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

fn day_of(time: Timestamp) -> Day {
    Day { year: 2026, month: 1, day: (time.0 / DAY_MS) as i32 }
}

/// A timeline as a picture: `|` day, `*` new, `(ana` begins a group, `)` ends one.
fn picture(timeline: &Timeline) -> String {
    let shown = timeline.lines(day_of).into_iter().map(|line| match line {
        Line::Day(_) => "|".to_owned(),
        Line::New => "*".to_owned(),
        Line::Note { item, to_me } => {
            format!("~{}{}", item.author.handle, if to_me { "!" } else { "" })
        }
        Line::Card(card) => format!("[{}]", card.title),
        Line::Message { item, first, last, names_me, .. } => {
            let Content::Text(text) = &item.content else {
                return "x".to_owned();
            };
            let begin = if first { "(" } else { "" };
            let waits = if item.seq.is_none() { "?" } else { "" };
            let end = if last { ")" } else { "" };
            let mark = if names_me.is_some() { "!" } else { "" };
            format!("{begin}{text}{waits}{mark}{end}")
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn consecutive_messages_of_one_sender_are_a_group() {
    let mut timeline = Timeline::default();
    timeline.upsert(vec![
        text_item(1, "ana", "a"),
        text_item(2, "ana", "b"),
        text_item(3, "beto", "c"),
        joined_item(4, "caro"),
        text_item(5, "beto", "d"),
    ]);
    assert_eq!(picture(&timeline), "| (a b) (c) ~caro (d)");
}

#[test]
fn a_pause_or_a_new_day_ends_a_group() {
    let mut late = text_item(2, "ana", "b");
    late.time.0 += GROUP_MS + 1;
    let mut tomorrow = text_item(3, "ana", "c");
    tomorrow.time.0 += DAY_MS;
    let mut timeline = Timeline::default();
    timeline.upsert(vec![text_item(1, "ana", "a"), late, tomorrow]);
    assert_eq!(picture(&timeline), "| (a) (b) | (c)");
}

#[test]
fn a_waiting_message_takes_its_place_once() {
    let mut timeline = Timeline::default();
    timeline.upsert(vec![text_item(1, "beto", "hi"), waiting_item(7, "mine")]);
    assert_eq!(picture(&timeline), "| (hi) (mine?)");
    timeline.upsert(vec![text_item(2, "beto", "again"), my_item(3, 7, "mine")]);
    assert_eq!(picture(&timeline), "| (hi again) (mine)");
    timeline.upsert(vec![my_item(3, 7, "mine")]);
    assert_eq!(picture(&timeline), "| (hi again) (mine)");
    assert_eq!(timeline.span(), Some((Seq(1), Seq(3))));
}

#[test]
fn an_echo_shows_until_the_outbox_tells() {
    let mut timeline = Timeline::default();
    let echo = |text: &str| {
        let mut item = waiting_item(1, text);
        item.message_id = None;
        item
    };
    timeline.echo(echo("one"));
    let two = timeline.echo(echo("two"));
    assert_eq!(picture(&timeline), "| (one? two?)");
    timeline.upsert(vec![waiting_item(1, "one")]);
    assert_eq!(picture(&timeline), "| (one? two?)", "shown once, not twice");
    timeline.drop_echo(two);
    assert_eq!(picture(&timeline), "| (one?)", "it was not taken");
}

#[test]
fn a_cancelled_message_goes() {
    let mut timeline = Timeline::default();
    timeline.upsert(vec![waiting_item(1, "a"), waiting_item(2, "b")]);
    timeline.remove(waiting_item(1, "a").message_id.unwrap());
    assert_eq!(picture(&timeline), "| (b?)");
}

#[test]
fn after_a_failed_message_a_group_begins_anew() {
    let mut failed = waiting_item(1, "a");
    failed.delivery = Delivery::Failed(Refusal::FORBIDDEN);
    let mut timeline = Timeline::default();
    timeline.upsert(vec![failed, waiting_item(2, "b")]);
    assert_eq!(picture(&timeline), "| (a?) (b?)");
}

#[test]
fn new_goes_before_the_first_message_of_others_that_was_not_read() {
    let mut timeline = Timeline::default();
    timeline.upsert(vec![
        text_item(1, "ana", "a"),
        my_item(2, 9, "mine"),
        joined_item(3, "caro"),
        text_item(4, "ana", "b"),
        text_item(5, "ana", "c"),
    ]);
    timeline.set_new_after(Some(Seq(1)));
    assert_eq!(picture(&timeline), "| (a) (mine) ~caro * (b c)");
    timeline.set_new_after(Some(Seq(5)));
    assert_eq!(picture(&timeline), "| (a) (mine) ~caro (b c)");
}

#[test]
fn a_card_stays_where_it_was_told() {
    let mut timeline = Timeline::default();
    let told = |title: &str| (title.to_owned(), String::new(), String::new());
    let (title, note, body) = told("early");
    timeline.add_card(About::People, title, note, body);
    timeline.upsert(vec![waiting_item(1, "a")]);
    let (title, note, body) = told("users");
    timeline.add_card(About::People, title, note, body);
    timeline.upsert(vec![waiting_item(2, "b")]);
    assert_eq!(picture(&timeline), "[early] | (a?) [users] (b?)");
    timeline.upsert(vec![my_item(1, 1, "a"), my_item(2, 2, "b")]);
    assert_eq!(picture(&timeline), "[early] | (a) [users] (b)");
    timeline.drop_card(1);
    assert_eq!(picture(&timeline), "| (a) [users] (b)");
}

#[test]
fn cards_are_bounded() {
    let mut timeline = Timeline::default();
    for about in [About::People, About::Words].repeat(50) {
        timeline.add_card(about, String::new(), String::new(), String::new());
    }
    assert_eq!(timeline.lines(day_of).len(), CARDS);
}

#[test]
fn what_is_asked_again_is_told_once_until_something_else_is_said() {
    let mut timeline = Timeline::default();
    let told = |timeline: &mut Timeline, about, title: &str| {
        timeline.add_card(about, title.to_owned(), String::new(), String::new());
        picture(timeline)
    };
    timeline.upsert(vec![my_item(1, 1, "a")]);
    told(&mut timeline, About::People, "one is here");
    assert_eq!(told(&mut timeline, About::People, "2 are here"), "| (a) [2 are here]");
    assert_eq!(told(&mut timeline, About::Words, "help"), "| (a) [2 are here] [help]");
    timeline.upsert(vec![my_item(2, 2, "b")]);
    let both = told(&mut timeline, About::Words, "help");
    assert_eq!(both, "| (a) [2 are here] [help] (b) [help]");
}

#[test]
fn trimming_drops_the_oldest() {
    let mut timeline = Timeline::default();
    timeline.upsert((1..=10).map(|seq| text_item(seq, "ana", "a")).collect());
    assert!(timeline.trim(4));
    assert!(!timeline.trim(4));
    assert_eq!(timeline.span(), Some((Seq(7), Seq(10))));
}

#[test]
fn a_splice_touches_only_what_changed() {
    let mut timeline = Timeline::default();
    timeline.upsert(vec![text_item(5, "ana", "a"), waiting_item(1, "b")]);
    let old = timeline.lines(day_of);
    assert_eq!(splice(&old, &timeline.lines(day_of)), None);
    let (at, removed, added) = (2, 1, 1);
    timeline.upsert(vec![my_item(6, 1, "b")]);
    let new = timeline.lines(day_of);
    assert_eq!(splice(&old, &new), Some(Splice { at, removed, added }));
    timeline.upsert(vec![text_item(4, "beto", "older")]);
    let (at, removed, added) = (1, 0, 1);
    let older = timeline.lines(day_of);
    assert_eq!(splice(&new, &older), Some(Splice { at, removed, added }));
}

#[test]
fn what_names_the_reader_is_marked_and_what_only_looks_like_it_is_not() {
    let mut timeline = Timeline::default();
    let me = author("ana");
    timeline.set_reader(Some(Reader { account: me.account, handle: me.handle }));
    timeline.upsert(vec![
        text_item(1, "beto", "hi @Ana"),
        text_item(2, "beto", "a@ana"),
        my_item(3, 3, "I am @ana"),
    ]);
    assert_eq!(picture(&timeline), "| (hi @Ana! a@ana) (I am @ana)");
}

#[test]
fn what_was_done_to_the_reader_is_told_so_and_two_people_neither_come_nor_go() {
    let mut timeline = Timeline::default();
    let me = author("ana");
    timeline.set_reader(Some(Reader { account: me.account, handle: me.handle.clone() }));
    let note = |seq, content| Item { content, message_id: None, ..text_item(seq, "beto", "x") };
    timeline.upsert(vec![
        note(1, Content::Added(me.clone())),
        note(2, Content::Removed(author("caro"))),
        note(3, Content::RoleChanged(me, Role::Guest)),
        note(4, Content::Archived(true)),
        note(5, Content::Unknown),
        joined_item(6, "caro"),
    ]);
    assert_eq!(picture(&timeline), "| ~beto! ~beto ~beto! ~beto ~caro");
    timeline.set_direct(true);
    assert_eq!(picture(&timeline), "| ~beto! ~beto ~beto! ~beto");
}

#[test]
fn new_is_not_said_before_what_was_read_last_is_loaded() {
    let mut timeline = Timeline::default();
    timeline.set_new_after(Some(Seq(3)));
    timeline.upsert(vec![text_item(6, "ana", "f"), text_item(7, "ana", "g")]);
    assert_eq!(picture(&timeline), "| (f g)", "which one is the first is not known yet");
    timeline.upsert(vec![text_item(4, "ana", "d"), text_item(5, "ana", "e")]);
    assert_eq!(picture(&timeline), "| * (d e f g)");
    timeline.upsert(vec![text_item(3, "ana", "c")]);
    assert_eq!(picture(&timeline), "| (c) * (d e f g)");
}
