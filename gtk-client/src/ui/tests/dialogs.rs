//! The windows over the window: rooms, details, the emoji.

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{
    ClientEvent,
    proto::{Role, Topic},
};

use super::{
    fit::too_wide,
    stage::{Stage, find, garden, live, settle},
};
use crate::{
    model::testing::room_view,
    ui::{room_details_window::RoomDetailsWindow, rooms_window::RoomsWindow, shortcuts_window},
};

fn opened<T: IsA<gtk::Window> + IsA<gtk::Widget>>(stage: &Stage, action: &str) -> T {
    WidgetExt::activate_action(&stage.window, action, None).unwrap();
    let window = shown::<T>();
    settle(|| window.is_mapped());
    window
}

fn shown<T: IsA<gtk::Window> + IsA<gtk::Widget>>() -> T {
    let windows = gtk::Window::list_toplevels().into_iter();
    windows.filter_map(|widget| widget.downcast::<T>().ok()).next().unwrap()
}

fn says(window: &impl IsA<gtk::Widget>, text: &str) -> bool {
    let says = |label: &gtk::Label| label.is_mapped() && label.text().contains(text);
    find(window.upcast_ref(), &|widget| widget.downcast_ref().is_some_and(says)).is_some()
}

#[gtk::test]
fn a_rooms_name_is_judged_while_it_is_typed_and_what_makes_it_is_below_all_choices() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let window: RoomsWindow = opened(&stage, "win.rooms");
    let imp = window.imp();
    let (create, name) = (imp.create.get(), imp.name.get());
    for (typed, can_be, said) in [
        ("", false, ""),
        ("b", true, ""),
        ("beds", true, ""),
        ("two words", true, ""),
        ("what?", false, "A room’s name has letters"),
        ("Garden", false, "There is a room of this name already"),
        ("garden2", true, ""),
        (&"x".repeat(33), false, "Up to 32 characters"),
    ] {
        name.set_text(typed);
        assert_eq!(name.text(), typed.replace(' ', "-"), "a space can be none");
        stage.rest();
        assert_eq!(create.is_sensitive(), can_be, "{typed}");
        let complaints = ["A room’s name has", "There is a room", "Up to 32", "Type a name"];
        let told = complaints.iter().find(|told| says(&window, told));
        assert_eq!(told.is_some(), !said.is_empty(), "{typed}: {told:?}");
        assert!(said.is_empty() || says(&window, said), "{typed}");
    }
    stage.shot_of(window.upcast_ref(), "rooms-judged");
    let top = |widget: &gtk::Widget| widget.compute_bounds(&window).unwrap().y();
    let is_switch = |widget: &gtk::Widget| widget.is::<gtk::Switch>();
    let private = find(window.upcast_ref(), &is_switch).unwrap();
    assert!(top(name.upcast_ref()) < top(&private), "one begins with the name");
    assert!(top(&private) < top(create.upcast_ref()));
    window.destroy();
}

#[gtk::test]
fn the_keys_are_all_there_for_who_scrolls_in_a_narrow_window() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    shortcuts_window::present(Some(stage.window.upcast_ref()));
    let window = shown::<adw::Window>();
    settle(|| window.is_mapped());
    stage.rest();
    stage.shot_of(window.upcast_ref(), "narrow-shortcuts");
    let wide = too_wide(window.upcast_ref(), 352);
    assert!(window.width() <= 360, "{} {wide:#?}", window.width());
    assert!(window.height() <= 640, "{}", window.height());
    assert!(says(&window, "Next room") && says(&window, "Quit"), "from the first to the last");
    WidgetExt::activate_action(&window, "window.close", None).unwrap();
    settle(|| !window.is_mapped());
}

#[gtk::test]
fn windows_over_a_narrow_one_are_no_wider() {
    let stage = Stage::new(360, 640);
    garden(&stage);
    for action in ["win.rooms", "win.switch", "win.room-details", "win.appearance"] {
        let window: adw::Window = opened(&stage, action);
        stage.shot_of(window.upcast_ref(), &format!("narrow-{action}"));
        let wide = too_wide(window.upcast_ref(), 352);
        assert!(window.width() <= 360, "{action}: {} {wide:#?}", window.width());
        assert!(window.height() <= 640, "{action}: {}", window.height());
        window.destroy();
    }
}

#[gtk::test]
fn a_topic_that_is_saved_leaves_the_cursor_in_its_place() {
    let stage = Stage::new(900, 700);
    let mut view = room_view(1, "lobby");
    view.listing.role = Some(Role::Owner);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.apply(vec![ClientEvent::Room(view.clone())]);
    stage.present();
    let window: RoomDetailsWindow = opened(&stage, "win.room-details");
    let topic = window.imp().topic.get();
    topic.set_text("tea and talk ");
    topic.set_position(7);
    topic.emit_by_name::<()>("entry-activated", &[]);
    assert_eq!((topic.text().as_str(), topic.position()), ("tea and talk", 7));
    view.listing.topic = Topic::new("tea and talk").unwrap();
    stage.apply(vec![ClientEvent::Room(view)]);
    stage.rest();
    assert_eq!((topic.text().as_str(), topic.position()), ("tea and talk", 7));
    window.destroy();
}

#[gtk::test]
fn in_the_emoji_chooser_enter_takes_what_was_found() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    let composer = stage.chat().imp().composer.get();
    let is_button = |widget: &gtk::Widget| widget.is::<gtk::MenuButton>();
    let button = find(composer.upcast_ref(), &is_button).and_downcast::<gtk::MenuButton>().unwrap();
    button.popup();
    stage.rest();
    let chooser = button.popover().unwrap();
    let is_search = |widget: &gtk::Widget| widget.is::<gtk::SearchEntry>();
    let search = find(chooser.upcast_ref(), &is_search).and_downcast::<gtk::SearchEntry>().unwrap();
    search.emit_by_name::<()>("activate", &[]);
    assert_eq!(composer.text(), "", "nothing was asked for");
    search.set_text("seedling");
    settle(|| {
        search.emit_by_name::<()>("activate", &[]);
        !composer.text().is_empty()
    });
    assert!(composer.text().starts_with("🌱"));
}
