//! Answers, the menu of a message, and several chosen together.

use adw::prelude::*;
use gtk::{gdk, subclass::prelude::*};
use tertulia_client::{
    ClientEvent, Delivery, Item,
    proto::{Refusal, RoomId, Seq},
};

use super::stage::{Stage, find, garden, live, settle};
use crate::{
    appearance::{self, Accent, Appearance, Scheme},
    model::{
        now,
        testing::{my_item, text_item, waiting_item},
    },
};

const LONG: &str = "Shall we move the tomatoes to the long bed by the wall, where the sun stays until \
                    the evening, or is it too dry there for them in August?";

/// Answers to what is there, to what is not, and to what nobody can see.
pub(super) fn answers(stage: &Stage) {
    let at = |seq: u64, item: Item| Item { time: now(), seq: Some(Seq(seq)), ..item };
    let to = |seq: u64, item: Item| Item { reply_to: Some(Seq(seq)), ..item };
    stage.say(
        2,
        vec![
            at(20, text_item(20, "Mia", LONG)),
            at(21, to(20, text_item(21, "Tom", "Too dry."))),
            at(
                22,
                to(
                    20,
                    my_item(22, 9_022, "We could water them twice a day, at seven and at nine."),
                ),
            ),
            at(23, to(9_999, text_item(23, "Tom", "As I said"))),
        ],
    );
    stage.chat().room().unwrap().change(|timeline| timeline.quote(Seq(9_999), None));
}

fn press(stage: &Stage, action: &str, target: Option<&gtk::glib::Variant>) {
    WidgetExt::activate_action(&stage.chat(), action, target).unwrap();
}

pub(super) fn id(seq: u64) -> gtk::glib::Variant {
    text_item(seq, "ana", "x").message_id.unwrap().to_string().to_variant()
}

fn clipboard() -> String {
    let text = std::rc::Rc::new(std::cell::RefCell::new(None));
    let found = text.clone();
    let clipboard = gdk::Display::default().unwrap().clipboard();
    clipboard.read_text_async(gtk::gio::Cancellable::NONE, move |read| {
        found.replace(Some(read.ok().flatten().unwrap_or_default()));
    });
    settle(|| text.borrow().is_some());
    let text = text.borrow().clone().unwrap();
    text.into()
}

#[gtk::test]
fn an_answer_shows_what_it_answers() {
    for (name, width, height, scheme) in [
        ("answers-wide", 1280, 800, Scheme::Light),
        ("answers-narrow-dark", 360, 640, Scheme::Dark),
    ] {
        let stage = Stage::new(width, height);
        appearance::apply(&Appearance { scheme, accent: Accent::Teal, ..Appearance::default() });
        garden(&stage);
        answers(&stage);
        press(&stage, "chat.answer", Some(&id(20)));
        stage.rest();
        assert_eq!(stage.count("Shall we move the tomatoes"), 4, "said, quoted twice, in the bar");
        assert!(stage.shows("A message that you can’t see"));
        assert!(stage.shows("Reply to Mia"));
        stage.assert_rows_fit();
        stage.shot(name);
        assert!(stage.window.width() <= width);
    }
}

#[gtk::test]
fn the_answered_message_is_stepped_through_and_dropped() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    answers(&stage);
    let answering = || stage.chat().room().unwrap().answering().and_then(|item| item.seq);
    press(&stage, "chat.answer-before", None);
    assert_eq!(answering(), Some(Seq(23)));
    press(&stage, "chat.answer-before", None);
    press(&stage, "chat.answer-before", None);
    assert_eq!(answering(), Some(Seq(21)));
    press(&stage, "chat.answer-after", None);
    assert_eq!(answering(), Some(Seq(22)));
    press(&stage, "chat.drop-answer", None);
    assert_eq!(answering(), None);
    stage.rest();
    assert!(!stage.shows("Reply to "));
}

#[gtk::test]
fn an_answer_begun_stays_with_its_room() {
    let stage = Stage::new(900, 700);
    stage.session.restore(live(&[(1, "lobby"), (2, "garden")]));
    stage.present();
    let room = stage.chat().room().unwrap();
    stage.say(room.id().0, vec![text_item(1, "beto", "who comes?")]);
    press(&stage, "chat.answer", Some(&id(1)));
    stage.page().imp().sidebar.step(1);
    stage.rest();
    assert!(!stage.shows("Reply to beto"));
    stage.page().imp().sidebar.step(-1);
    stage.rest();
    assert!(stage.shows("Reply to beto"));
}

#[gtk::test]
fn several_messages_are_chosen_and_copied_together() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    answers(&stage);
    press(&stage, "chat.choose", Some(&id(21)));
    press(&stage, "chat.choose", Some(&id(23)));
    stage.rest();
    assert!(stage.shows("2 messages selected"));
    stage.assert_rows_fit();
    stage.shot("chosen");
    let first = find(stage.window.upcast_ref(), &|widget| {
        let check = widget.downcast_ref::<gtk::CheckButton>();
        check.is_some_and(|check| check.is_mapped() && check.is_active())
    });
    assert!(first.is_some());
    press(&stage, "chat.copy-chosen", None);
    let lines = clipboard();
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines.len() == 2, "{lines:?}");
    assert!(
        lines[0].ends_with(" Tom: Too dry.") && lines[1].ends_with(" Tom: As I said"),
        "{lines:?}"
    );
    stage.rest();
    assert!(!stage.shows("messages selected"));
    press(&stage, "chat.copy-text", Some(&id(21)));
    settle(|| clipboard() == "Too dry.");
}

#[gtk::test]
fn a_menu_opens_under_a_message() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let mut failed = waiting_item(9_001, "see https://example.org/a_b");
    failed.time = now();
    failed.delivery = Delivery::Failed(Refusal::FORBIDDEN);
    stage.apply(vec![ClientEvent::Items { room: RoomId(2), items: vec![failed] }]);
    stage.rest();
    let list = stage.chat().imp().list.get();
    let row = list.last_child().unwrap();
    let row = std::iter::successors(Some(row), WidgetExt::prev_sibling)
        .find(|row| row.is_mapped() && row.first_child().is_some_and(|cell| cell.is_visible()))
        .unwrap();
    row.grab_focus();
    let cell = row.first_child().and_downcast::<super::super::timeline_cell::TimelineCell>();
    assert!(stage.chat().imp().open_menu(&cell.unwrap(), None));
    settle(|| stage.shows("Copy Link to example.org"));
    for text in ["Try Again", "Discard", "Copy Message", "Select Messages", "Open example.org"] {
        assert!(stage.shows(text), "{text}");
    }
    stage.shot("menu");
}

#[gtk::test]
fn after_a_long_paste_the_cursor_is_in_sight() {
    let words = "a word and ".repeat(300);
    let lines: Vec<_> = (1..=40).map(|line| format!("line {line}")).collect();
    for (name, pasted) in [("pasted-words", words), ("pasted-lines", lines.join("\n"))] {
        let stage = Stage::new(900, 700);
        garden(&stage);
        stage.chat().grab_focus();
        stage.rest();
        let text =
            find(stage.chat().imp().composer.upcast_ref(), &|widget| widget.is::<gtk::TextView>());
        let text = text.and_downcast::<gtk::TextView>().unwrap();
        text.clipboard().set_text(&pasted);
        text.emit_by_name::<()>("paste-clipboard", &[]);
        settle(|| text.buffer().char_count() == pasted.chars().count() as i32);
        settle(|| {
            let (cursor, _) = text.cursor_locations(None);
            let seen = text.visible_rect();
            let (top, end) = (seen.y(), seen.y() + seen.height());
            seen.height() > 100 && top <= cursor.y() && cursor.y() + cursor.height() <= end
        });
        stage.shot(name);
        let (cursor, _) = text.cursor_locations(None);
        let seen = text.visible_rect();
        let end = seen.y() + seen.height();
        assert!(
            end - cursor.y() - cursor.height() < 10,
            "nothing empty under {cursor:?}: {seen:?}"
        );
    }
}
