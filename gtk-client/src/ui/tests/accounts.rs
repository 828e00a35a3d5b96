//! Several accounts in one window.

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    ClientEvent, Connection, Snapshot,
    proto::{RoomId, RoomKind},
};

use super::stage::{Stage, find, garden, live, settle};
use crate::{
    appearance::{self, Accent, Appearance, Scheme},
    bridge::Batch,
    model::{
        Session, Slot,
        testing::{direct_view, text_item},
    },
    ui::switcher_window::SwitcherWindow,
};

/// The same person on another server.
pub(super) fn club(stage: &Stage) -> Session {
    let session = Session::new(Slot(1), true);
    stage.accounts.add(&session);
    let mut snapshot = live(&[(1, "lobby"), (2, "chess-and-tea")]);
    let account = snapshot.account.as_mut().unwrap();
    account.server = "club.barrio.example:7600".to_owned();
    snapshot.rooms[1].listing.unread = 4;
    snapshot.rooms.push(direct_view(3, "Beto"));
    session.restore(snapshot);
    session
}

fn switcher(stage: &Stage) -> gtk::MenuButton {
    let sidebar = stage.page().imp().sidebar.get();
    let accounts = sidebar.imp().accounts.get();
    accounts.child().and_downcast().unwrap()
}

#[gtk::test]
fn one_account_alone_looks_as_if_there_were_no_others() {
    let stage = Stage::new(1000, 700);
    garden(&stage);
    stage.accounts.add(&Session::new(Slot(1), false));
    assert!(!switcher(&stage).is_mapped());
    assert!(stage.shows("Rooms"));
}

#[gtk::test]
fn another_account_is_a_click_away_and_tells_what_is_new_there() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    let club = club(&stage);
    stage.rest();
    assert!(switcher(&stage).is_mapped());
    assert!(stage.shows("4"), "unread elsewhere");
    stage.shot("accounts-wide");
    let mine = stage.page();
    stage.chat().imp().composer.set_text("half a sentence");
    let batch = |events: Vec<ClientEvent>| {
        let mut batch = Batch::default();
        events.into_iter().for_each(|event| batch.fold(event));
        batch
    };
    let items = vec![text_item(1, "Beto", "Who plays on Friday?")];
    club.apply(batch(vec![ClientEvent::Items { room: RoomId(1), items }]));
    WidgetExt::activate_action(&stage.window, "win.nth-account", Some(&2_u32.to_variant()))
        .unwrap();
    assert_ne!(stage.page(), mine);
    stage.page().begin();
    stage.rest();
    assert!(stage.shows("club.barrio.example:7600"));
    stage.shot("accounts-other");
    WidgetExt::activate_action(&stage.window, "win.nth-account", Some(&9_u32.to_variant()))
        .unwrap();
    WidgetExt::activate_action(&stage.window, "win.show-account", Some(&0_u32.to_variant()))
        .unwrap();
    assert_eq!(stage.page(), mine);
    assert_eq!(stage.chat().imp().composer.text(), "half a sentence");
    stage.rest();
    assert!(stage.shows("The seedlings are up!"));
}

#[gtk::test]
fn the_list_of_accounts_says_how_each_one_stands() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    let club = club(&stage);
    let mut offline = Batch::default();
    offline.fold(ClientEvent::Connection(Connection::Connecting { doubt: None }));
    club.apply(offline);
    let third = Session::new(Slot(2), true);
    stage.accounts.add(&third);
    stage.rest();
    WidgetExt::activate_action(&stage.window, "win.back", None).unwrap();
    stage.rest();
    let button = switcher(&stage);
    button.popup();
    settle(|| button.popover().is_some_and(|popover| popover.is_mapped()));
    stage.shot("accounts-narrow");
    let popover = button.popover().unwrap();
    let says = |text: &str| {
        find(popover.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| label.label() == text)
        })
        .is_some()
    };
    assert!(says("Ana María, chat.example, connected, 132 unread messages, in sight"));
    assert!(says("club.barrio.example:7600 · connecting"));
    assert!(says("An account that can’t be opened"));
    assert!(stage.window.width() <= 360, "nothing pushes the window wider");
    appearance::apply(&Appearance {
        scheme: Scheme::Dark,
        accent: Accent::Teal,
        ..Appearance::default()
    });
    stage.shot("accounts-narrow-dark");
    button.popdown();
    stage.shot("accounts-list-dark");
    stage.accounts.show(&club);
    stage.page().begin();
    stage.rest();
    assert!(stage.page().imp().sidebar.is_child_visible(), "one came from a list to a list");
    assert!(stage.shows("#chess-and-tea"));
}

#[gtk::test]
fn rooms_of_all_accounts_are_found() {
    let stage = Stage::new(1000, 700);
    garden(&stage);
    let club = club(&stage);
    let switcher = SwitcherWindow::new(&stage.window, &stage.accounts);
    switcher.present();
    stage.shot_of(switcher.upcast_ref(), "accounts-switcher");
    let imp = switcher.imp();
    imp.search.set_text("club chess");
    assert!(imp.list.row_at_index(1).is_some() && imp.list.row_at_index(2).is_none());
    imp.search.emit_by_name::<()>("activate", &[]);
    assert_eq!(stage.accounts.shown().as_ref(), Some(&club));
    switcher.destroy();
    // It is forgotten: nothing keeps its page.
    let page = stage.page().downgrade();
    stage.accounts.remove(&club);
    stage.window.drop_page(&club);
    stage.rest();
    assert!(page.upgrade().is_none());
    assert!(stage.shows("The seedlings are up!"));
}

#[gtk::test]
fn one_who_adds_an_account_can_go_back() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    let new = Session::new(Slot(1), false);
    stage.accounts.add(&new);
    stage.accounts.show(&new);
    stage.page().begin();
    stage.page().welcome().prefill(None, Some("Ana María"));
    stage.shot("accounts-add");
    assert!(stage.shows("Join"));
    WidgetExt::activate_action(&stage.window, "win.leave-welcome", None).unwrap();
    stage.rest();
    assert!(stage.shows("The seedlings are up!"));
    WidgetExt::activate_action(&stage.window, "win.leave-welcome", None).unwrap();
    assert_eq!(stage.accounts.shown().as_ref(), Some(&stage.session));
    // The server lets one in: it is an account from now on.
    let mut snapshot: Snapshot = live(&[(1, "lobby")]);
    snapshot.rooms[0].listing.kind = RoomKind::Private;
    new.restore(snapshot);
    assert!(switcher(&stage).is_visible());
}
