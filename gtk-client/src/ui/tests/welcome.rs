//! The way in.

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    certs::{KeyFingerprint, Trust},
    nearby::{NearbyEvent, NearbyServer},
    proto::Registration,
};

use super::stage::{Stage, settle};
use crate::appearance::{self, Appearance, Scheme};

#[gtk::test]
fn the_welcome_page_says_what_is_wrong_right_there() {
    let stage = Stage::new(900, 700);
    stage.present();
    let welcome = stage.page().welcome().clone();
    welcome.prefill(None, Some("Ana María"));
    stage.shot("welcome");
    welcome.imp().link.set_text("tertulia://chat.example:7575");
    welcome.join();
    stage.shot("welcome-problem");
    assert!(stage.shows("is damaged or cut off"));
    let key = "a".repeat(52);
    welcome.prefill(Some(&format!("tertulia://127.0.0.1:7575/{key}")), Some("x"));
    welcome.join();
    stage.shot("welcome-link");
    assert!(stage.shows("127.0.0.1:7575"));
    assert!(stage.shows("at least two letters"));
}

#[gtk::test]
fn servers_nearby_are_listed_as_they_come_and_go_and_a_name_is_no_markup() {
    let stage = Stage::new(360, 640);
    stage.present();
    let welcome = stage.page().welcome().clone();
    welcome.prefill(None, Some("Ana María"));
    assert!(!stage.shows("Nearby"));
    let nearby = &welcome.imp().nearby;
    let server = |id: usize, name: &str, registration| NearbyServer {
        id: id.to_string(),
        name: name.to_owned(),
        addresses: vec![format!("192.0.2.{id}:7575").parse().unwrap()],
        trust: Trust::Pinned(KeyFingerprint::from_bytes([7; 32])),
        registration,
    };
    nearby.apply(NearbyEvent::Found(server(1, "<b>Casa</b> & taller", Registration::Open)));
    let long = "Biblioteca municipal de San Sebastián de l";
    nearby.apply(NearbyEvent::Found(server(2, long, Registration::Invite)));
    stage.shot("welcome-nearby");
    assert!(stage.shows("Nearby") && stage.shows("<b>Casa</b> & taller"));
    assert!(stage.shows("192.0.2.1:7575, open to all"));
    assert!(stage.shows("192.0.2.2:7575, by invitation"));
    nearby.apply(NearbyEvent::Found(server(1, "Casa nueva", Registration::Open)));
    assert!(stage.shows("Casa nueva") && !stage.shows("taller"), "one row a server");
    assert!(stage.window.width() <= 360, "nothing pushes the window wider");
    for id in 3..100 {
        nearby.apply(NearbyEvent::Found(server(id, &format!("flood {id}"), Registration::Open)));
    }
    assert!(stage.shows("flood 8") && !stage.shows("flood 9"));
    for id in 1..100 {
        nearby.apply(NearbyEvent::Gone { id: id.to_string() });
    }
    stage.rest();
    assert!(!stage.shows("Nearby"));
}

#[gtk::test]
fn nothing_is_trusted_before_the_words_of_this_server_were_shown() {
    let stage = Stage::new(360, 640);
    stage.present();
    let welcome = stage.page().welcome().clone();
    welcome.prefill(None, Some("Ana María"));
    let link = &welcome.imp().link;
    link.set_text("192.0.2.7");
    let key = KeyFingerprint::from_bytes([0x7f; 32]);
    let addresses = vec!["192.0.2.7:7575".parse().unwrap()];
    welcome.show_words("192.0.2.7:7575", addresses.clone(), key);
    let join = welcome.imp().join.get();
    assert!(!join.is_sensitive(), "one has to read first");
    settle(|| join.is_sensitive());
    stage.shot("welcome-words");
    assert!(stage.shows("legal winner thank year wave sausage worth useful"));
    assert!(stage.shows("The words match: join"));
    link.set_text("192.0.2.8");
    assert!(!stage.shows("legal winner"), "these were another server's words");
    assert!(!stage.shows("The words match: join"));
    appearance::apply(&Appearance { scheme: Scheme::Dark, ..Appearance::default() });
    welcome.show_words("192.0.2.7:7575", addresses, key);
    settle(|| join.is_sensitive());
    stage.shot("welcome-words-dark");
}

#[gtk::test]
fn who_sees_other_words_joins_nothing_and_reads_why() {
    let stage = Stage::new(360, 640);
    stage.present();
    let welcome = stage.page().welcome().clone();
    welcome.prefill(None, Some("Ana María"));
    welcome.imp().link.set_text("192.0.2.7");
    let addresses = vec!["192.0.2.7:7575".parse().unwrap()];
    welcome.show_words("192.0.2.7:7575", addresses, KeyFingerprint::from_bytes([0x7f; 32]));
    let join = welcome.imp().join.get();
    settle(|| join.is_sensitive());
    welcome.imp().differ.emit_clicked();
    stage.shot("welcome-differ");
    assert!(stage.shows("Then do not join"));
    assert!(!stage.shows("legal winner") && !stage.shows("The words match: join"));
    assert_eq!(welcome.imp().link.text(), "192.0.2.7", "what was typed stays");
}
