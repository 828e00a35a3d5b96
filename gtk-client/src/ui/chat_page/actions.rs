//! What rows, menus and keys can ask of a conversation.

use gtk::{gdk, glib, subclass::prelude::*};
use tertulia_client::proto::{MessageId, Seq};

use super::{ChatPage, imp};

type Class = <imp::ChatPage as ObjectSubclass>::Class;
/// An action's name, and what it does.
type Plain = (&'static str, fn(&ChatPage));
type OfMessage = (&'static str, fn(&ChatPage, MessageId));
type OfText = (&'static str, fn(&ChatPage, &str));
type OfNumber = (&'static str, fn(&ChatPage, u64));

/// What needs nothing more than to be asked.
const PLAIN: [Plain; 21] = [
    ("chat.add-people", ChatPage::add_people),
    ("chat.attach", ChatPage::attach),
    ("chat.find", ChatPage::find),
    ("chat.find-older", |page| page.find_next(true)),
    ("chat.find-newer", |page| page.find_next(false)),
    ("chat.find-further", ChatPage::find_further),
    ("chat.stop-finding", ChatPage::stop_finding),
    ("chat.end-finding", |page| {
        page.end_finding();
    }),
    ("chat.copy-marked", ChatPage::copy_marked),
    ("chat.copy-chosen", ChatPage::copy_chosen),
    ("chat.end-choosing", |page| {
        page.end_choosing();
    }),
    ("chat.drop-answer", |page| {
        page.drop_answer();
    }),
    ("chat.answer-before", |page| page.step_answer(true)),
    ("chat.answer-after", |page| page.step_answer(false)),
    ("chat.go-to-new", ChatPage::go_to_new),
    ("chat.go-to-end", ChatPage::go_to_end),
    ("chat.other-half", ChatPage::go_to_other_half),
    ("chat.users", ChatPage::tell_users),
    ("chat.leave", ChatPage::ask_to_leave),
    ("chat.details", ChatPage::show_details),
    ("chat.reopen", ChatPage::reopen),
];

/// What takes a message's id, as text.
const OF_MESSAGE: [OfMessage; 10] = [
    ("chat.retry", ChatPage::retry),
    ("chat.discard", ChatPage::discard),
    ("chat.read-whole", ChatPage::read_whole),
    ("chat.answer", ChatPage::answer),
    ("chat.copy-text", ChatPage::copy_text),
    ("chat.choose", ChatPage::choose),
    ("chat.save-file", ChatPage::save_file),
    ("chat.save-file-as", ChatPage::save_file_as),
    ("chat.open-file", ChatPage::open_file),
    ("chat.show-file", ChatPage::show_file),
];

/// What takes a text: an address, words.
const OF_TEXT: [OfText; 3] = [
    ("chat.open-link", ChatPage::open_link),
    ("chat.copy-link", ChatPage::copy_link),
    ("chat.find-words", ChatPage::find_words),
];

/// What takes the number of something: a parcel, a card, an item of the room.
const OF_NUMBER: [OfNumber; 4] = [
    ("chat.cancel-file", ChatPage::cancel_file),
    ("chat.retry-file", ChatPage::retry_file),
    ("chat.show-message", |page, seq| page.show_message(Seq(seq))),
    ("chat.dismiss", |page, card| {
        if let Some(room) = page.room() {
            room.change(|timeline| timeline.drop_card(card));
        }
    }),
];

/// Keys, wherever the focus is in a conversation.
const KEYS: [(gdk::Key, gdk::ModifierType, &str); 4] = [
    (gdk::Key::F6, gdk::ModifierType::empty(), "chat.other-half"),
    (gdk::Key::Home, gdk::ModifierType::ALT_MASK, "chat.go-to-new"),
    (gdk::Key::End, gdk::ModifierType::ALT_MASK, "chat.go-to-end"),
    (
        gdk::Key::A,
        gdk::ModifierType::CONTROL_MASK.union(gdk::ModifierType::SHIFT_MASK),
        "chat.attach",
    ),
];

/// To be called when the class is made.
pub(super) fn install(class: &mut Class) {
    for (name, act) in PLAIN {
        class.install_action(name, None, move |page, _, _| act(page));
    }
    for (name, act) in OF_MESSAGE {
        class.install_action(name, Some(glib::VariantTy::STRING), move |page, _, id| {
            let id = id.and_then(glib::Variant::str).and_then(|id| id.parse().ok());
            if let Some(id) = id {
                act(page, id);
            }
        });
    }
    for (name, act) in OF_TEXT {
        class.install_action(name, Some(glib::VariantTy::STRING), move |page, _, text| {
            act(page, text.and_then(glib::Variant::str).unwrap_or_default());
        });
    }
    for (name, act) in OF_NUMBER {
        class.install_action(name, Some(glib::VariantTy::UINT64), move |page, _, number| {
            if let Some(number) = number.and_then(glib::Variant::get) {
                act(page, number);
            }
        });
    }
    for (key, modifiers, action) in KEYS {
        class.add_binding_action(key, modifiers, action);
    }
}
