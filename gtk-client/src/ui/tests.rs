//! Widgets in a real window, fed with made-up events. They need a display: `tests/session`.

mod accounts;
mod adding;
mod dialogs;
mod everywhere;
mod files;
mod finding;
mod fit;
mod focus;
mod growth;
mod hover;
mod looks;
mod messages;
mod names;
mod rooms;
mod stage;
mod trouble;
mod welcome;

use std::time::Duration;

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    ClientEvent, Connection, Delivery, Item, Trouble,
    certs::{KeyChanged, KeyFingerprint},
    proto::{Refusal, RoomId, Timestamp},
};

use self::stage::{Stage, awkward, find, garden, live, settle};
use super::whole_message_window::WholeMessageWindow;
use crate::{
    appearance::{self, Accent, Appearance, Scheme},
    bridge::follow,
    model::{
        now,
        testing::{my_item, text_item, waiting_item},
    },
};

#[gtk::test]
fn a_conversation_in_a_wide_window() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.shot("wide-light");
    assert!(stage.shows("The seedlings are up!"));
    assert!(stage.shows("#música"));
    assert!(stage.shows("3 are here"));
    for accent in Accent::ALL {
        appearance::apply(&Appearance {
            scheme: if accent == Accent::Teal || accent == Accent::Amber {
                Scheme::Dark
            } else {
                Scheme::Light
            },
            accent,
            ..Appearance::default()
        });
        stage.shot(&format!("wide-{}", accent.word()));
    }
}

#[gtk::test]
fn a_conversation_in_a_narrow_window() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    stage.rest();
    // A frame round the window is within its size where nothing composes windows.
    assert!(stage.window.width() <= 360);
    stage.shot("narrow-chat");
    let sidebar = stage.page().imp().sidebar.get();
    assert!(!sidebar.is_child_visible());
    WidgetExt::activate_action(&stage.window, "win.back", None).unwrap();
    stage.shot("narrow-list");
    assert!(sidebar.is_child_visible());
    stage.page().imp().leaflet.set_visible_child(&*stage.page().imp().flap);
    appearance::apply(&Appearance { scheme: Scheme::Dark, ..Appearance::default() });
    assert!(adw::StyleManager::default().is_dark());
    stage.shot("narrow-chat-dark");
    stage.say(2, awkward());
    stage.shot("narrow-awkward-dark");
    assert!(stage.window.width() <= 360, "nothing pushes the window wider");
    WidgetExt::activate_action(&stage.window, "win.members", None).unwrap();
    stage.shot("narrow-members-dark");
    assert!(stage.shows("3 are here"));
}

#[gtk::test]
fn what_waits_and_what_failed_can_be_told_apart() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let mut failed = waiting_item(9_001, "may I say this?");
    failed.time = now();
    failed.delivery = Delivery::Failed(Refusal::FORBIDDEN);
    let mut waiting = waiting_item(9_002, "and this?");
    waiting.time = now();
    stage.apply(vec![
        ClientEvent::Items { room: RoomId(2), items: vec![failed, waiting] },
        ClientEvent::Connection(Connection::Offline {
            trouble: Trouble::NoAnswer { tried: "chat.example:7575".into() },
            retry_in: Duration::from_secs(8),
        }),
    ]);
    stage.chat().tell_for_test("!users");
    stage.chat().tell_for_test("/help");
    stage.shot("offline");
    assert!(stage.shows("no answer from chat.example:7575"));
    assert!(stage.shows("Not sent. Your role does not allow this."));
    assert!(stage.shows("Only you see this."));
}

#[gtk::test]
fn a_server_that_takes_nothing_for_now_says_so_until_it_does() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let full = "The server can’t store anything now. Its disk may be full.";
    stage.apply(vec![ClientEvent::Held(Some(Refusal::STORAGE))]);
    stage.shot("held");
    assert!(stage.shows(full));
    stage.apply(vec![ClientEvent::Held(None)]);
    settle(|| !stage.shows(full));
}

#[gtk::test]
fn a_list_keeps_to_its_end_and_stays_where_one_reads() {
    let stage = Stage::new(1000, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let many = |from: u64, to: u64| ClientEvent::Items {
        room: RoomId(1),
        items: (from..=to)
            .map(|seq| {
                let name = ["ana", "beto", "caro"][(seq / 3 % 3) as usize];
                let text = format!("{seq}: {}", "many words ".repeat(1 + (seq % 17) as usize));
                Item { time: Timestamp(seq * 20_000), ..text_item(seq, name, &text) }
            })
            .collect(),
    };
    stage.apply(vec![many(1_000, 1_400)]);
    let adjustment = stage.chat().imp().scroll.vadjustment();
    let at_end = || adjustment.value() >= adjustment.upper() - adjustment.page_size() - 1.0;
    settle(|| adjustment.upper() > 1.5 * adjustment.page_size() && at_end());
    for seq in 1_401..1_440 {
        stage.apply(vec![many(seq, seq)]);
    }
    stage.rest();
    assert!(at_end(), "it follows what comes");
    assert!(stage.shows("1439: "));
    stage.shot("many");
    adjustment.set_value(adjustment.value() - 900.0);
    stage.rest();
    let (text, place) = stage.a_line_in_sight();
    stage.apply(vec![many(1_440, 1_460)]);
    stage.rest();
    assert!(!at_end());
    assert_eq!(stage.place_of(&text), Some(place), "it stays where one reads");
    assert!(stage.chat().imp().bottom_revealer.reveals_child());
    stage.shot("reading");
    stage.apply(vec![many(900, 999)]);
    stage.rest();
    assert_eq!(stage.place_of(&text), Some(place), "also when older ones come");
    stage.chat().imp().bottom.emit_clicked();
    stage.rest();
    assert!(at_end(), "the button goes to the end");
    assert!(stage.shows("1460: "));
    stage.window.set_default_size(500, 600);
    stage.rest();
    assert!(at_end(), "it stays there when the window narrows");
}

#[gtk::test]
fn a_long_text_is_refused_and_kept() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let long = "x".repeat(17 * 1_024);
    let composer = stage.chat().imp().composer.get();
    composer.set_text(&long);
    composer.submit();
    // What is said in passing is gone again before a slow machine rests.
    settle(|| stage.shows("This message is too long: 17.0 KiB"));
    assert_eq!(composer.text(), long);
}

#[gtk::test]
fn what_was_typed_stays_with_its_room() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby"), (2, "garden")]));
    stage.present();
    let composer = stage.chat().imp().composer.get();
    let before = stage.chat().room().unwrap();
    composer.set_text("half a thought");
    stage.page().imp().sidebar.step(1);
    assert_ne!(stage.chat().room().unwrap(), before);
    assert_eq!(composer.text(), "");
    stage.page().imp().sidebar.step(-1);
    assert_eq!(composer.text(), "half a thought");
    stage.shot("empty");
}

#[gtk::test]
fn an_unknown_slash_word_is_refused_and_an_unknown_bang_word_is_text() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let composer = stage.chat().imp().composer.get();
    composer.set_text("/nonsense");
    composer.submit();
    stage.rest();
    assert_eq!(composer.text(), "/nonsense");
    assert!(stage.shows("There is no /nonsense here"));
}

#[gtk::test]
fn a_changed_key_is_a_hard_stop_that_names_both() {
    let stage = Stage::new(900, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let key = |byte: u8| KeyFingerprint::from_bytes([byte; 32]);
    let changed = KeyChanged { expected: key(1), found: key(2) };
    stage.apply(vec![ClientEvent::Connection(Connection::Stopped(Trouble::KeyChanged(changed)))]);
    stage.shot("key-changed");
    assert!(stage.shows(&key(1).to_string()));
    assert!(stage.shows(&key(2).to_string()));
    assert!(stage.shows("This is not the server you know"));
}

#[gtk::test]
fn the_other_windows_open() {
    let stage = Stage::new(900, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    for (action, name) in [("win.rooms", "rooms"), ("win.appearance", "appearance")] {
        WidgetExt::activate_action(&stage.window, action, None).unwrap();
        stage.rest();
        let opened = gtk::Window::list_toplevels()
            .into_iter()
            .filter_map(|widget| widget.downcast::<adw::Window>().ok())
            .next()
            .unwrap();
        settle(|| opened.is_mapped());
        stage.shot_of(opened.upcast_ref(), name);
        opened.destroy();
    }
}

#[gtk::test]
fn a_peer_can_send_no_markup() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let text = "<b>bold</b> & <a href=\"x\">link</a>";
    stage.say(1, vec![text_item(1, "beto", text)]);
    stage.rest();
    assert!(stage.shows(text), "as it is");
    stage.chat().toast(text);
    stage.rest();
    assert_eq!(stage.count(text), 2, "in the message and in the toast");
}

#[gtk::test]
fn every_row_is_as_high_as_what_it_shows() {
    let stage = Stage::new(1160, 740);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let words = "lorem ipsum dolor sit amet ";
    let word = "Donaudampfschifffahrtsgesellschaftskapitän";
    let texts = ["short".to_owned(), words.repeat(12), word.repeat(8), "a\nb\nc".to_owned()];
    for (text, seq) in texts.iter().zip(1..) {
        stage.say(1, vec![text_item(seq, "beto", text), my_item(seq + 10, 100 + seq, text)]);
        stage.rest();
        stage.assert_rows_fit();
    }
    for width in [800, 500, 380, 1000, 1160] {
        stage.window.set_default_size(width, 700);
        stage.rest();
        stage.assert_rows_fit();
    }
}

#[gtk::test]
fn a_flood_of_events_lets_frames_through() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let (sender, events) = async_channel::bounded(1_000);
    let fill = move || {
        let item = || text_item(1, "beto", "hello");
        let event = || ClientEvent::Items { room: RoomId(1), items: vec![item()] };
        while sender.try_send(event()).is_ok() {}
    };
    fill();
    let session = stage.session.clone();
    let flood = gtk::glib::spawn_future_local(follow(events, move |batch| {
        session.apply(batch);
        fill();
    }));
    // Ends in vain where the events leave no time for a frame.
    stage.rest();
    flood.abort();
    assert!(stage.shows("hello"));
}

#[gtk::test]
fn a_flood_moves_nothing_for_who_reads_further_up() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let many = |from: u64, to: u64| -> Vec<Item> {
        let text = |seq: u64| format!("{seq}: {}", "some words ".repeat(1 + (seq % 9) as usize));
        (from..=to).map(|seq| text_item(seq, "beto", &text(seq))).collect()
    };
    stage.say(1, many(1, 200));
    stage.rest();
    let adjustment = stage.chat().imp().scroll.vadjustment();
    adjustment.set_value(adjustment.value() - 1_500.0);
    stage.rest();
    let (text, place) = stage.a_line_in_sight();
    for batch in 0..20 {
        stage.say(1, many(201 + batch * 100, 300 + batch * 100));
        stage.frames(1);
        let now = stage.place_of(&text);
        assert_eq!(now, Some(place), "{text} after {} more", (batch + 1) * 100);
    }
    stage.rest();
    assert_eq!(stage.place_of(&text), Some(place));
    stage.chat().imp().bottom.emit_clicked();
    stage.rest();
    assert!(stage.shows("2200: "), "the end is there for who goes there");
}

#[gtk::test]
fn a_long_message_is_folded_and_opens_whole() {
    let stage = Stage::new(900, 600);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let text = "many words ".repeat(1_000) + "and the end";
    stage.say(1, vec![text_item(1, "beto", &text)]);
    stage.rest();
    assert!(stage.shows("many words many words"));
    assert!(!stage.shows("and the end"));
    let button = find(stage.window.upcast_ref(), &|widget| {
        let button = widget.downcast_ref::<gtk::Button>();
        button.is_some_and(|button| {
            button.is_mapped() && button.label().as_deref() == Some("Read it all")
        })
    });
    button.and_downcast::<gtk::Button>().unwrap().emit_clicked();
    let opened = gtk::Window::list_toplevels()
        .into_iter()
        .find_map(|widget| widget.downcast::<WholeMessageWindow>().ok())
        .unwrap();
    settle(|| opened.is_mapped());
    assert_eq!(opened.text(), text);
    stage.shot_of(opened.upcast_ref(), "whole");
    opened.destroy();
}
