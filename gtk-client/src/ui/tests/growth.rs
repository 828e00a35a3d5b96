//! What comes with use and has to go again.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::{Item, proto::Timestamp};

use super::stage::{Stage, find, live, settle};
use crate::model::{census::census, testing::text_item};

/// Rows of a list of this height at most, whatever comes.
const ROWS: usize = 80;

fn said(from: u64, to: u64) -> Vec<Item> {
    let text = |seq: u64| format!("{seq}: {}", "many words ".repeat(1 + (seq % 17) as usize));
    let item = |seq| text_item(seq, ["ana", "beto"][(seq / 3 % 2) as usize], &text(seq));
    (from..=to).map(|seq| Item { time: Timestamp(seq * 20_000), ..item(seq) }).collect()
}

fn widgets(stage: &Stage) -> usize {
    let count = Cell::new(0);
    find(stage.window.upcast_ref(), &|_| {
        count.set(count.get() + 1);
        false
    });
    count.get()
}

#[gtk::test]
fn going_from_room_to_room_leaves_nothing_behind() {
    let stage = Stage::new(1000, 700);
    stage.session.restore(live(&[(1, "garden"), (2, "lobby"), (3, "music")]));
    stage.present();
    let go = |by| {
        stage.page().imp().sidebar.step(by);
        stage.frames(3);
    };
    let tour = || [1, 1, -1, -1].into_iter().for_each(go);
    tour();
    (1..=3).for_each(|room| stage.say(room, said(1, 150)));
    (0..3).for_each(|_| tour());
    stage.rest();
    let before = (census(), widgets(&stage));
    (0..10).for_each(|_| tour());
    stage.rest();
    assert_eq!((census(), widgets(&stage)), before);
    assert!(census().into_iter().all(|count| count > 0), "they are counted");
}

#[gtk::test]
fn of_a_flood_each_frame_makes_only_the_rows_that_fit() {
    let stage = Stage::new(1000, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let imp = stage.chat();
    let imp = imp.imp();
    let made = Rc::new(Cell::new(0));
    let most = Rc::new(Cell::new(0));
    let model = imp.list.model().unwrap();
    let counting = model.connect_items_changed({
        let made = made.clone();
        move |_, _, _, added| made.set(made.get() + added)
    });
    let next = Rc::new(RefCell::new(1));
    let frames = imp.list.add_tick_callback({
        let (made, most) = (made.clone(), most.clone());
        move |_, _| {
            most.set(most.get().max(made.take()));
            glib::ControlFlow::Continue
        }
    });
    settle(|| {
        let from = *next.borrow();
        next.replace(from + 100);
        stage.say(1, said(from, from + 99));
        from > 5_000
    });
    stage.rest();
    frames.remove();
    model.disconnect(counting);
    assert!(stage.shows(&format!("{}: ", *next.borrow() - 1)), "the newest is in sight");
    assert!((1..=ROWS as u32 / 2).contains(&most.get()), "{} in one frame", most.get());
    assert!(stage.rows() <= ROWS, "{} rows", stage.rows());
    let adjustment = imp.scroll.vadjustment();
    assert!(adjustment.upper() >= 1.9 * adjustment.page_size(), "and a page above it");
}

#[gtk::test]
fn rows_come_as_one_scrolls_up_and_what_is_in_sight_stays() {
    let stage = Stage::new(1000, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    stage.say(1, said(1, 300));
    stage.rest();
    let (first, oldest) = (stage.rows(), "1: many words many words ");
    let adjustment = stage.chat().imp().scroll.vadjustment();
    for _ in 0..300 {
        let (text, place) = stage.a_line_in_sight();
        let before = adjustment.value();
        adjustment.set_value(before - 150.0);
        let by = (before - adjustment.value()).round() as i32;
        stage.frames(2);
        assert_eq!(stage.place_of(&text), Some(place + by), "{text}");
        if stage.place_of(oldest).is_some() {
            break;
        }
    }
    assert!(stage.place_of(oldest).is_some(), "it is reached");
    let now = stage.rows();
    assert!(now > first, "{now} rows, at first {first}");
}
