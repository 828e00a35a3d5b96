//! Files in a conversation: as cards, on their way, dropped and pasted.

use adw::prelude::*;
use gtk::{gdk, gio, subclass::prelude::*};
use tertulia_client::{Item, Progress, proto::Seq};

use super::stage::{Stage, find, garden, settle};
use crate::{
    appearance::{self, Accent, Appearance, Messages, Scheme, TextSize},
    model::{
        Errand, Parcel, Stage as How, now,
        testing::{file_item, waiting_item},
    },
};

const LONG: &str = "Protokoll der Mitgliederversammlung vom siebzehnten November mit Anlagen.pdf";

/// A file that came, one that comes, one that was saved, one that failed, and two that are sent.
pub(super) fn files(stage: &Stage) {
    let room = stage.chat().room().unwrap();
    let at = |item: Item| Item { time: now(), ..item };
    let came = |seq, name: &str, file: &str| at(file_item(seq, name, file, 1_230_000 * seq));
    stage.say(
        2,
        vec![
            came(20, "Mia", "beds.png"),
            came(21, "Mia", LONG),
            came(22, "Tom", "list.ods"),
            came(23, "Tom", "song.ogg"),
        ],
    );
    let fetch = |seq: u64, how: How| {
        let parcel = Parcel::new(Errand::Fetch { seq: Seq(seq), target: None });
        parcel.set_progress(Progress { done: 4_000_000, total: 1_230_000 * seq });
        parcel.set_stage(how);
        room.change(|timeline| {
            let item = timeline.placed(Seq(seq)).unwrap().clone();
            timeline.fetch_parcel(Seq(seq), item.file.as_ref().unwrap().hash, &parcel)
        });
    };
    fetch(21, How::Moving);
    fetch(22, How::Here("list.ods".into()));
    fetch(23, How::Failed("The server has this file no more.".into()));
    let send = |name: &str, how: How, held: bool| {
        let parcel =
            Parcel::new(Errand::Send { path: name.into(), reply_to: None, passing: false });
        parcel.set_progress(Progress { done: 700_000, total: 900_000 });
        parcel.set_stage(how);
        parcel.set_held(held);
        let file = file_item(1, "me", name, 0).file;
        let item = Item { file, time: now(), message_id: None, ..waiting_item(1, "x") };
        room.change(|timeline| timeline.send_parcel(item, &parcel));
        parcel
    };
    send("plan.odg", How::Moving, false);
    send("seeds.csv", How::Moving, true);
    send("film.webm", How::Failed("The file is larger than this server takes.".into()), false);
}

#[gtk::test]
fn files_are_cards_that_say_how_far_they_are() {
    for (name, width, height, scheme, lines, percent) in [
        ("files-wide", 1280, 800, Scheme::Light, false, 100),
        ("files-wide-dark", 1280, 800, Scheme::Dark, false, 100),
        ("files-lines", 1280, 800, Scheme::Light, true, 100),
        ("files-narrow", 360, 640, Scheme::Light, false, 100),
        ("files-narrow-dark", 360, 640, Scheme::Dark, false, 100),
        ("files-narrow-large", 360, 640, Scheme::Light, false, 200),
    ] {
        let stage = Stage::new(width, height);
        appearance::apply(&Appearance {
            scheme,
            accent: Accent::Teal,
            messages: if lines { Messages::Lines } else { Messages::Bubbles },
            text_size: TextSize::from(percent),
            ..Appearance::default()
        });
        garden(&stage);
        files(&stage);
        stage.rest();
        stage.assert_rows_fit();
        stage.shot(name);
        assert!(stage.window.width() <= width, "{name}");
        assert!(stage.shows("700.0 kB of 900.0 kB"), "{name}");
        assert!(stage.shows("Waits for the connection"), "{name}");
        assert!(!stage.shows("📎"), "{name}: in place of the words");
    }
}

#[gtk::test]
fn a_file_on_its_way_is_taken_back_and_goes_from_the_room() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    files(&stage);
    stage.rest();
    let cancel = find(stage.chat().imp().list.upcast_ref(), &|widget| {
        let button = widget.downcast_ref::<gtk::Button>();
        button.is_some_and(|button| {
            button.is_mapped()
                && button.icon_name().as_deref() == Some("window-close-symbolic")
                && button.ancestor(gtk::ListView::static_type()).is_some()
        })
    });
    let room = stage.chat().room().unwrap();
    let count = || room.with_timeline(|timeline| timeline.parcels().count());
    let before = count();
    cancel.and_downcast::<gtk::Button>().unwrap().emit_clicked();
    settle(|| count() == before - 1);
}

#[gtk::test]
fn what_is_dropped_or_pasted_is_sent_only_when_that_was_meant() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "x").unwrap();
    let list = gdk::FileList::from_array(&[gio::File::for_path(&path)]);
    let text =
        find(stage.chat().imp().composer.upcast_ref(), &|widget| widget.is::<gtk::TextView>());
    let text = text.and_downcast::<gtk::TextView>().unwrap();
    let clipboard = text.clipboard();
    clipboard.set(&list);
    text.emit_by_name::<()>("paste-clipboard", &[]);
    let asked = || {
        gtk::Window::list_toplevels().into_iter().find_map(|widget| {
            let dialog = widget.downcast::<adw::MessageDialog>().ok()?;
            dialog.is_mapped().then_some(dialog)
        })
    };
    settle(|| asked().is_some());
    let dialog = asked().unwrap();
    assert_eq!(dialog.heading().unwrap(), "Send “notes.txt” to #garden?");
    stage.shot_of(dialog.upcast_ref(), "send-asked");
    dialog.destroy();
    stage.chat().ask_to_send(vec![path.clone(), "other.txt".into()], false);
    settle(|| asked().is_some());
    let dialog = asked().unwrap();
    assert_eq!(dialog.heading().unwrap(), "Send 2 files to #garden?");
    dialog.destroy();
    clipboard.set_text("words");
    text.emit_by_name::<()>("paste-clipboard", &[]);
    settle(|| stage.chat().imp().composer.text() == "words");
}
