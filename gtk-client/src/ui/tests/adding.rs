//! Letting people into a room, and being told of what is said there.

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    ClientEvent, RoomView,
    proto::{Role, RoomId, RoomKind},
};

use super::{
    looks::{Faults, Mirrored},
    stage::{Stage, find, live, settle},
};
use crate::{
    appearance::{self, Appearance, Scheme},
    model::{
        Level,
        testing::{direct_view, person, room_view},
    },
    ui::{adding_window::AddingWindow, room_row::RoomRow},
};

/// A private room that one keeps, in sight, and a public one.
fn kitchen(stage: &Stage) {
    let mut snapshot = live(&[(1, "lobby")]);
    snapshot.rooms.push(room(Role::Owner));
    snapshot.rooms.push(direct_view(4, "Mia"));
    if let Some(account) = &mut snapshot.account {
        account.role = Role::Member;
    }
    snapshot.presence.people = ["Ana María", "Beto", "Caro"].map(person).into();
    stage.session.restore(snapshot);
    stage.present();
    go_to(stage, 2);
}

fn room(role: Role) -> RoomView {
    let mut view = room_view(2, "kitchen");
    (view.listing.kind, view.listing.role) = (RoomKind::Private, Some(role));
    view
}

fn go_to(stage: &Stage, id: u64) {
    stage.page().imp().sidebar.choose(&stage.session.room(RoomId(id)).unwrap());
    stage.session.show_members(vec![person("Ana María"), person("Beto")]);
    stage.rest();
}

fn adding(stage: &Stage) -> AddingWindow {
    WidgetExt::activate_action(&stage.window, "win.add-people", None).unwrap();
    let windows = gtk::Window::list_toplevels().into_iter();
    let opened =
        windows.filter_map(|widget| widget.downcast::<AddingWindow>().ok()).next().unwrap();
    settle(|| opened.is_mapped());
    opened
}

fn offered(window: &AddingWindow) -> Vec<String> {
    let row = |at| window.imp().people.row_at_index(at).and_downcast::<adw::ActionRow>();
    (0..).map_while(row).map(|row| row.title().into()).collect()
}

#[gtk::test]
fn a_private_room_says_beside_its_members_who_may_let_more_in() {
    let stage = Stage::new(1280, 800);
    kitchen(&stage);
    let offers = || stage.page().imp().members.imp().add.is_visible();
    assert!(offers(), "an owner");
    stage.shot("adding-pane");
    stage.apply(vec![ClientEvent::Room(room(Role::Member))]);
    assert!(!offers(), "a member");
    stage.apply(vec![ClientEvent::Room(room(Role::Moderator))]);
    assert!(offers(), "a moderator");
    go_to(&stage, 1);
    assert!(!offers(), "into a public one everybody comes alone");
}

#[gtk::test]
fn people_known_here_are_offered_while_one_types() {
    let stage = Stage::new(1280, 800);
    kitchen(&stage);
    let opened = adding(&stage);
    assert_eq!(offered(&opened), ["Caro", "Mia"], "who is no member, those here first");
    stage.shot_of(opened.upcast_ref(), "adding");
    opened.imp().handle.set_text("mi");
    assert_eq!(offered(&opened), ["Mia"]);
    opened.imp().handle.set_text("nobody");
    assert_eq!(offered(&opened), [""; 0]);
    opened.imp().handle.set_text("");
    stage.session.show_members(["Ana María", "Beto", "Caro"].map(person).into());
    assert_eq!(offered(&opened), ["Mia"], "she is in it now");
    opened.destroy();
}

#[gtk::test]
fn a_member_in_the_room_is_not_added_again_as_less() {
    let stage = Stage::new(360, 640);
    kitchen(&stage);
    let opened = adding(&stage);
    let entry = opened.imp().handle.get();
    for (typed, said) in [
        ("@beto", "@beto is in the room already."),
        ("Beto", "@beto is in the room already."),
        ("!", "Type who it is, like @ana."),
        ("caro", "This needs a connection to the server."),
    ] {
        entry.set_text(typed);
        entry.emit_by_name::<()>("entry-activated", &[]);
        let shown = || {
            find(opened.upcast_ref(), &|widget| {
                let label = widget.downcast_ref::<gtk::Label>();
                label.is_some_and(|label| label.is_visible() && label.label() == said)
            })
        };
        settle(|| shown().is_some());
    }
    stage.shot_of(opened.upcast_ref(), "adding-problem");
    opened.destroy();
}

fn level(stage: &Stage, id: u64) -> Level {
    let kind = stage.session.room(RoomId(id)).unwrap().kind();
    stage.session.with_wishes(|wishes| wishes.level(RoomId(id), kind))
}

fn choose(widget: &impl IsA<gtk::Widget>, word: &str) {
    WidgetExt::activate_action(widget, "room.tell", Some(&word.to_variant())).unwrap();
}

fn open_row_menu(stage: &Stage, id: u64) -> gtk::PopoverMenu {
    let room = stage.session.room(RoomId(id));
    let row = find(stage.window.upcast_ref(), &|widget| {
        widget.is_mapped() && widget.downcast_ref::<RoomRow>().is_some_and(|row| row.room() == room)
    });
    let sidebar = stage.page().imp().sidebar.get();
    sidebar.imp().open_row_menu(row.and_downcast_ref().unwrap());
    let menu = sidebar.imp().row_menu.borrow().clone().unwrap();
    settle(|| menu.is_mapped());
    menu
}

#[gtk::test]
fn what_one_is_told_of_a_room_is_chosen_in_its_menus() {
    let stage = Stage::new(1280, 800);
    kitchen(&stage);
    choose(&stage.chat(), "all");
    assert_eq!((level(&stage, 1), level(&stage, 2)), (Level::Mentions, Level::All));
    let menu = open_row_menu(&stage, 1);
    choose(&menu, "none");
    assert_eq!((level(&stage, 1), level(&stage, 2)), (Level::None, Level::All));
    stage.shot_of(stage.window.upcast_ref(), "row-menu");
    menu.popdown();
    choose(&stage.chat(), "mentions");
    assert_eq!((level(&stage, 1), level(&stage, 2)), (Level::None, Level::Mentions));
    assert_eq!(stage.chat().room().unwrap().title(), "#kitchen", "it is no choice of the room");
}

/// In every language: run it with `LANGUAGE=de` and the others before it.
#[gtk::test]
fn rooms_and_who_comes_into_them_fit_in_every_look() {
    let mut faults = Faults::default();
    for (name, mirrored, scheme, theme) in [
        ("light", false, Scheme::Light, None),
        ("dark", false, Scheme::Dark, None),
        ("rtl", true, Scheme::Light, None),
        ("contrast", false, Scheme::Dark, Some("high-contrast")),
    ] {
        let _mirrored = mirrored.then(Mirrored::new);
        for (width, height) in [(360, 640), (800, 600), (1280, 800)] {
            let stage = Stage::new(width, height);
            let theme = theme.map(str::to_owned);
            appearance::apply(&Appearance { scheme, theme, ..Appearance::default() });
            kitchen(&stage);
            let at = |what: &str| format!("rooms-{name}-{what}-{width}");
            for action in ["win.add-people", "win.public-rooms", "win.rooms"] {
                WidgetExt::activate_action(&stage.window, action, None).unwrap();
                stage.rest();
                let windows = gtk::Window::list_toplevels().into_iter();
                let over =
                    windows.filter_map(|widget| widget.downcast::<adw::Window>().ok()).next();
                let over = over.unwrap();
                stage.shot_of(over.upcast_ref(), &at(action));
                faults.look_at(over.upcast_ref(), width, &at(action));
                over.destroy();
            }
            let flap = stage.page().imp().flap.get();
            flap.set_reveal_flap(true);
            stage.shot(&at("members"));
            faults.look(&stage, width, &at("members"));
            flap.set_reveal_flap(false);
            WidgetExt::activate_action(&stage.window, "win.back", None).unwrap();
            stage.shot(&at("list"));
            faults.look(&stage, width, &at("list"));
        }
    }
    faults.assert_none();
}
