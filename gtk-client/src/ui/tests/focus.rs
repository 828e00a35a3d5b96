//! Where the keys go when what was open over the window is closed.

use adw::prelude::*;
use gtk::subclass::prelude::*;

use super::stage::{Stage, find, garden, settle};

/// Those with something to show, in the order of the window.
fn menu_buttons(within: &gtk::Widget) -> Vec<gtk::MenuButton> {
    let mut found = Vec::new();
    let mut child = within.first_child();
    while let Some(present) = child {
        match present.downcast_ref::<gtk::MenuButton>() {
            Some(button) if button.is_mapped() => found.push(button.clone()),
            _ => found.extend(menu_buttons(&present)),
        }
        child = present.next_sibling();
    }
    found
}

fn writes(stage: &Stage) -> bool {
    let focus = GtkWindowExt::focus(&stage.window);
    focus.is_some_and(|focus| {
        focus.is_ancestor(&stage.chat().imp().composer.get()) && focus.is::<gtk::TextView>()
    })
}

/// As pressing it does.
fn take_focus(stage: &Stage, button: &impl IsA<gtk::Widget>) {
    button.child_focus(gtk::DirectionType::TabForward);
    assert!(!writes(stage), "the focus is at the button");
}

#[gtk::test]
fn when_a_menu_closes_one_writes_on_and_its_tooltip_is_away_till_then() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    let buttons = menu_buttons(stage.window.upcast_ref());
    assert!(buttons.len() >= 4, "the main menu, the connection, the room, emoji: {buttons:?}");
    for button in buttons {
        assert!(button.has_tooltip());
        take_focus(&stage, &button);
        button.popup();
        settle(|| button.popover().is_some_and(|popover| popover.is_mapped()));
        assert!(!button.has_tooltip(), "it would lie over what is open");
        stage.rest();
        assert!(!writes(&stage));
        button.popdown();
        settle(|| writes(&stage));
        stage.rest();
        assert!(writes(&stage), "and it stays so");
        assert!(button.has_tooltip());
    }
}

#[gtk::test]
fn members_over_the_messages_have_the_keys_as_long_as_they_are_there() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    stage.rest();
    assert!(writes(&stage));
    let page = stage.page();
    let imp = page.imp();
    imp.flap.set_reveal_flap(true);
    let at_members = || {
        let focus = GtkWindowExt::focus(&stage.window);
        focus.is_some_and(|focus| focus.is_ancestor(&imp.members.get()))
    };
    settle(at_members);
    stage.shot("members-over");
    imp.flap.set_reveal_flap(false);
    settle(|| writes(&stage));
}

#[gtk::test]
fn when_a_dialog_closes_one_writes_on_unless_one_was_at_something_else() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    let button = find(stage.window.upcast_ref(), &|widget| {
        widget.is_mapped() && widget.is::<gtk::Button>() && widget.is_focusable()
    });
    let button = button.unwrap();
    for action in ["win.switch", "win.room-details", "win.rooms"] {
        take_focus(&stage, &button);
        open_and_close(&stage, action);
        settle(|| writes(&stage));
    }
    let page = stage.page();
    let rooms = page.imp().sidebar.get();
    rooms.imp().list.grab_focus();
    let focus = GtkWindowExt::focus(&stage.window);
    assert!(focus.is_some() && !writes(&stage));
    open_and_close(&stage, "win.switch");
    stage.rest();
    assert_eq!(GtkWindowExt::focus(&stage.window), focus, "one goes through the rooms by keys");
}

fn open_and_close(stage: &Stage, action: &str) {
    WidgetExt::activate_action(&stage.window, action, None).unwrap();
    let opened = || {
        gtk::Window::list_toplevels().into_iter().find_map(|widget| {
            let window = widget.downcast::<gtk::Window>().ok()?;
            (window.is_mapped() && window.transient_for().is_some()).then_some(window)
        })
    };
    settle(|| opened().is_some());
    stage.rest();
    opened().unwrap().close();
    settle(|| opened().is_none());
}
