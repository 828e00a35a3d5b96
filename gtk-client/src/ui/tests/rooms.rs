//! Rooms of every kind, in a window.

use std::{cell::Cell, rc::Rc};

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    ClientEvent, RoomView,
    proto::{Role, RoomId, RoomKind, Topic},
};

use super::stage::{Stage, find, live, settle};
use crate::{
    model::{
        Level, Room,
        testing::{author, direct_view, person, room_view, text_item},
    },
    ui::room_details_window::RoomDetailsWindow,
};

/// One of each kind, in sight the lobby.
fn house(stage: &Stage) {
    let mut snapshot = live(&[(1, "lobby")]);
    let kitchen = changed(room_view(2, "kitchen"), |view| {
        view.listing.kind = RoomKind::Private;
        (view.listing.unread, view.listing.mentions) = (12, 2);
    });
    let old = changed(room_view(3, "old"), |view| view.listing.archived = true);
    let beto = changed(direct_view(4, "Beto"), |view| view.listing.unread = 3);
    snapshot.rooms.extend([old, beto, kitchen]);
    snapshot.presence.people = vec![person("Beto")];
    if let Some(account) = &mut snapshot.account {
        account.role = Role::Member;
    }
    stage.session.restore(snapshot);
    stage.present();
}

fn changed(mut view: RoomView, change: impl FnOnce(&mut RoomView)) -> RoomView {
    change(&mut view);
    view
}

fn open(stage: &Stage, id: u64) -> Room {
    let room = stage.session.room(RoomId(id)).unwrap();
    stage.page().imp().sidebar.choose(&room);
    stage.rest();
    room
}

fn details(stage: &Stage) -> RoomDetailsWindow {
    WidgetExt::activate_action(&stage.chat(), "chat.details", None).unwrap();
    let opened = gtk::Window::list_toplevels()
        .into_iter()
        .find_map(|widget| widget.downcast::<RoomDetailsWindow>().ok())
        .unwrap();
    settle(|| opened.is_mapped());
    opened
}

#[gtk::test]
fn rooms_are_grouped_and_steps_go_over_the_headings() {
    let stage = Stage::new(1160, 740);
    house(&stage);
    stage.shot("groups");
    assert!(stage.shows("Direct messages") && stage.shows("Archived"));
    assert!(stage.shows("@2"));
    let sidebar = stage.page().imp().sidebar.get();
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(stage.chat().room().unwrap().title());
        sidebar.step(1);
    }
    assert_eq!(seen, ["#lobby", "#kitchen", "Beto", "#old", "#old"]);
    let view = room_view(3, "old");
    stage.apply(vec![ClientEvent::Room(view)]);
    stage.rest();
    assert!(!stage.shows("Archived"), "nothing is any more");
    assert_eq!(stage.chat().room().unwrap().title(), "#old", "and it stays in sight");
}

#[gtk::test]
fn where_one_can_not_write_it_says_why() {
    let stage = Stage::new(1160, 740);
    house(&stage);
    let composer = stage.chat().imp().composer.get();
    assert!(composer.is_visible());
    open(&stage, 3);
    assert!(!composer.is_visible());
    assert!(stage.shows("This room is archived"));
    assert!(!stage.shows("Open It Again"), "not for members");
    let mut view = changed(room_view(3, "old"), |view| view.listing.archived = true);
    view.listing.role = Some(Role::Owner);
    stage.apply(vec![ClientEvent::Room(view.clone())]);
    stage.rest();
    assert!(stage.shows("Open It Again"));
    stage.shot("archived");
    view.listing.archived = false;
    view.listing.role = Some(Role::Guest);
    stage.apply(vec![ClientEvent::Room(view)]);
    stage.rest();
    assert!(stage.shows("Guests read here"));
}

#[gtk::test]
fn a_header_says_what_a_room_is_about_or_who_the_other_one_is() {
    let stage = Stage::new(1160, 740);
    house(&stage);
    stage.session.show_members(vec![person("Ana María"), person("Beto")]);
    assert!(stage.shows("2 members"));
    let topic = changed(room_view(1, "lobby"), |view| {
        view.listing.topic = Topic::new("tea\nand talk").unwrap();
    });
    stage.apply(vec![ClientEvent::Room(topic)]);
    assert!(stage.shows("tea and talk"));
    open(&stage, 4);
    assert!(stage.shows("@beto"));
    assert!(!stage.shows("tea and talk"));
}

#[gtk::test]
fn who_is_writing_moves_nothing() {
    let stage = Stage::new(1000, 700);
    house(&stage);
    let many = (1..=60).map(|seq| text_item(seq, "caro", &format!("{seq}: words")));
    stage.say(1, many.collect());
    stage.rest();
    let (text, place) = stage.a_line_in_sight();
    let writes = |name| ClientEvent::Typing { room: RoomId(1), person: author(name) };
    stage.apply(vec![writes("Beto")]);
    assert!(stage.shows("Beto is writing…"));
    stage.rest();
    assert_eq!(stage.place_of(&text), Some(place));
    stage.apply(vec![writes("caro")]);
    assert!(stage.shows("Beto and caro are writing…"));
    stage.shot("writing");
    stage.apply(vec![writes("Dora")]);
    assert!(stage.shows("Several people are writing…"));
    stage.apply(vec![ClientEvent::Typing { room: RoomId(2), person: author("Eva") }]);
    let said = vec![text_item(61, "caro", "said")];
    stage.apply(vec![ClientEvent::Items { room: RoomId(1), items: said }]);
    assert!(stage.shows("Beto and Dora are writing…"), "caro has said it");
    open(&stage, 2);
    assert!(stage.shows("Eva is writing…"), "each room its own");
    open(&stage, 3);
    assert!(!stage.shows("writing…"));
}

#[gtk::test]
fn a_message_that_names_the_reader_is_marked() {
    let stage = Stage::new(1000, 700);
    house(&stage);
    stage.say(1, vec![text_item(1, "caro", "@ana.maría look"), text_item(2, "caro", "at that")]);
    stage.rest();
    stage.shot("named");
    let marked = |text: &'static str| {
        let label = find(stage.window.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| label.is_mapped() && label.label() == text)
        });
        let mut up = label;
        while let Some(widget) = up {
            if widget.has_css_class("bubble") {
                return widget.has_css_class("names-me");
            }
            up = widget.parent();
        }
        panic!("{text} is in no bubble");
    };
    assert!(marked("@ana.maría look"));
    assert!(!marked("at that"));
}

#[gtk::test]
fn details_show_what_one_may_do_and_nothing_else() {
    let stage = Stage::new(1160, 740);
    house(&stage);
    open(&stage, 2);
    stage.session.show_members(vec![person("Ana María"), person("Beto")]);
    let opened = details(&stage);
    let imp = opened.imp();
    let offered = || {
        [
            imp.topic.is_visible(),
            imp.name.is_visible(),
            imp.add.is_visible(),
            imp.archive.is_visible(),
            imp.leave.is_visible(),
        ]
    };
    assert_eq!(offered(), [false, false, false, false, true], "a member");
    let kitchen = |role, topic| {
        ClientEvent::Room(changed(room_view(2, "kitchen"), |view| {
            view.listing.kind = RoomKind::Private;
            view.listing.role = Some(role);
            view.listing.topic = Topic::new(topic).unwrap();
        }))
    };
    stage.apply(vec![kitchen(Role::Moderator, "soup")]);
    assert_eq!(offered(), [true, false, true, false, true], "a moderator");
    assert_eq!(imp.topic.text(), "soup");
    stage.apply(vec![kitchen(Role::Owner, "soup")]);
    assert_eq!(offered(), [true; 5], "an owner");
    stage.shot_of(opened.upcast_ref(), "details");
    imp.topic.set_text("soup and br");
    stage.apply(vec![kitchen(Role::Owner, "salad")]);
    assert_eq!(imp.topic.text(), "soup and br", "what is being typed stays");
    stage.apply(vec![ClientEvent::RoomGone(RoomId(2))]);
    settle(|| !opened.is_mapped());
    stage.rest();
    assert!(stage.shows("You are not in #kitchen any more."));
}

#[gtk::test]
fn a_draft_that_comes_back_is_not_written_anew() {
    let stage = Stage::new(1000, 700);
    house(&stage);
    let composer = stage.chat().imp().composer.get();
    let written = Rc::new(Cell::new(0));
    composer.connect_written({
        let written = written.clone();
        move |_| written.set(written.get() + 1)
    });
    composer.set_text("half a thought");
    open(&stage, 2);
    open(&stage, 1);
    assert_eq!((composer.text().as_str(), written.get()), ("half a thought", 0));
    let text = find(composer.upcast_ref(), &|widget| widget.is::<gtk::TextView>());
    text.and_downcast::<gtk::TextView>().unwrap().buffer().insert_at_cursor("s");
    assert_eq!(written.get(), 1);
}

#[gtk::test]
fn what_tells_nothing_says_so_in_the_list_and_under_ones_name() {
    let stage = Stage::new(1000, 700);
    house(&stage);
    stage.rest();
    let sign = |tooltip: &str| {
        find(stage.window.upcast_ref(), &|widget| {
            let is_it = widget.tooltip_text().is_some_and(|text| text == tooltip);
            widget.is::<gtk::Image>() && widget.is_mapped() && is_it
        })
        .is_some()
    };
    let (of_a_room, of_all) = ("You are told nothing of this room", "Do Not Disturb is on");
    assert!(!sign(of_a_room) && !sign(of_all));
    let kitchen = stage.session.room(RoomId(2)).unwrap();
    let choose = |level| {
        stage.session.change_wishes(|wishes| {
            wishes.set_level(kitchen.id(), kitchen.kind(), level);
        });
        stage.rest();
    };
    choose(Level::None);
    assert!(sign(of_a_room) && !sign(of_all));
    stage.session.change_wishes(|wishes| wishes.do_not_disturb = true);
    stage.shot("muted");
    assert!(sign(of_all));
    choose(Level::Mentions);
    assert!(!sign(of_a_room) && sign(of_all));
    stage.session.change_wishes(|wishes| wishes.do_not_disturb = false);
    stage.rest();
    assert!(!sign(of_all));
}
