//! While there is no connection.

use std::time::Duration;

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{ClientEvent, Connection, PresenceView, Trouble};

use super::stage::{Stage, find, garden, settle};

#[gtk::test]
fn the_strip_is_as_high_whatever_it_says_meanwhile() {
    for width in [360, 800] {
        let stage = Stage::new(width, 640);
        garden(&stage);
        let offline = |seconds, trouble| Connection::Offline {
            trouble,
            retry_in: Duration::from_secs(seconds),
        };
        let lost = || Trouble::Lost("cut".into());
        let mut heights = Vec::new();
        for connection in [
            offline(8, lost()),
            Connection::Connecting { doubt: None },
            offline(45, lost()),
            offline(1, Trouble::GoingAway),
            Connection::Syncing,
        ] {
            stage.apply(vec![ClientEvent::Connection(connection)]);
            stage.rest();
            heights.push(stage.chat().imp().strip.height());
        }
        stage.shot(&format!("strip-{width}"));
        assert!(heights[0] > 20, "{heights:?}");
        assert!(heights.iter().all(|height| *height == heights[0]), "at {width}: {heights:?}");
        stage.apply(vec![ClientEvent::Connection(Connection::Live)]);
        settle(|| stage.chat().imp().strip.height() == 0);
    }
}

#[gtk::test]
fn without_a_connection_nobody_is_said_to_be_here() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    let green = || {
        let count = std::cell::Cell::new(0);
        find(stage.window.upcast_ref(), &|widget| {
            let is_green = widget.has_css_class("here") || widget.has_css_class("here-dot");
            count.set(count.get() + u32::from(is_green && widget.is_mapped()));
            false
        });
        count.get()
    };
    assert!(stage.shows("3 are here"));
    assert!(green() >= 4, "three members, and Mia in the list of rooms");
    let before = stage.session.presence();
    let then = PresenceView { current: false, ..before.clone() };
    stage.apply(vec![ClientEvent::Presence(then)]);
    stage.rest();
    stage.shot("presence-offline");
    assert_eq!(green(), 0);
    assert!(!stage.shows("are here") && !stage.shows("away"), "nobody knows");
    stage.apply(vec![ClientEvent::Presence(before)]);
    stage.rest();
    assert!(stage.shows("3 are here") && green() >= 4);
}
