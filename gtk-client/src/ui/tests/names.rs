//! Whose a message is: its author's name is in sight, in a colour of its own.

use adw::prelude::*;
use gtk::subclass::prelude::*;
use tertulia_client::{Item, proto::Timestamp};

use super::stage::{Stage, garden, live};
use crate::{
    appearance::{
        self, AUTHOR_CLASSES, Appearance, Messages, TextSize, author_class, named_colour,
    },
    model::testing::{my_item, text_item},
};

/// Somebody says much, then somebody else, then oneself.
fn monologue(stage: &Stage) {
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let words = "many words ".repeat(9);
    let item = |seq: u64| {
        let text = format!("{seq}: {words}");
        let item = match seq {
            ..41 => text_item(seq, "Beto", &text),
            41..81 => text_item(seq, "Mia", &text),
            _ => my_item(seq, 9_000 + seq, &text),
        };
        Item { time: Timestamp(1_000_000 + seq * 1_000), ..item }
    };
    stage.say(1, (1..=120).map(item).collect());
    stage.rest();
}

/// The name over the messages, if there is one.
fn whose(stage: &Stage) -> Option<String> {
    let chat = stage.chat();
    let name = chat.imp().whose.label();
    (!name.is_empty()).then(|| name.into())
}

/// To a part of all that was said: what is further up gets its rows as one comes near.
fn scroll_to(stage: &Stage, part: f64) {
    let adjustment = stage.chat().imp().scroll.vadjustment();
    let mut upper = 0.0;
    while adjustment.upper() > upper {
        upper = adjustment.upper();
        adjustment.set_value(0.0);
        stage.rest();
    }
    adjustment.set_value((adjustment.upper() - adjustment.page_size()) * part);
    stage.rest();
}

#[gtk::test]
fn where_a_name_is_out_of_sight_above_it_stands_over_the_messages() {
    for width in [360, 1280] {
        let stage = Stage::new(width, 640);
        monologue(&stage);
        for messages in [Messages::Bubbles, Messages::Lines] {
            let lines = messages == Messages::Lines;
            appearance::apply(&Appearance { messages, ..Appearance::default() });
            stage.rest();
            scroll_to(&stage, 0.5);
            assert_eq!(whose(&stage).as_deref(), Some("Mia"), "{messages:?} at {width}");
            stage.shot(&format!("whose-{messages:?}-{width}").to_lowercase());
            scroll_to(&stage, 0.15);
            assert_eq!(whose(&stage).as_deref(), Some("Beto"), "{messages:?} at {width}");
            scroll_to(&stage, 1.0);
            let own = lines.then_some("me");
            assert_eq!(whose(&stage).as_deref(), own, "one's own bubbles need none");
        }
        appearance::apply(&Appearance::default());
        stage.rest();
        scroll_to(&stage, 0.0);
        assert_eq!(whose(&stage), None, "it is in sight there");
    }
}

#[gtk::test]
fn the_line_of_a_name_covers_nothing_and_moves_nothing_however_large_the_text() {
    let stage = Stage::new(360, 640);
    monologue(&stage);
    let chat = stage.chat();
    let imp = chat.imp();
    for percent in [100, 200] {
        let text_size = TextSize::from(percent);
        appearance::apply(&Appearance { text_size, ..Appearance::default() });
        scroll_to(&stage, 0.5);
        assert!(whose(&stage).is_some());
        stage.shot(&format!("whose-at-{percent}"));
        let top = || {
            let line = imp.whose.compute_bounds(&chat).unwrap();
            let list = imp.scroll.compute_bounds(&chat).unwrap();
            assert!(line.y() + line.height() <= list.y(), "{line:?} {list:?}");
            list.y()
        };
        let with = top();
        scroll_to(&stage, 1.0);
        assert_eq!((whose(&stage), top()), (None, with), "at {percent} %");
    }
}

#[gtk::test]
fn each_name_has_a_colour_of_its_own_light_and_dark() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    let (mia, tom) = (author_class("Mia"), author_class("Tom"));
    assert_ne!(mia, tom);
    let light: Vec<_> = colours(&stage);
    assert!(light.iter().all(Option::is_some), "{light:?}");
    appearance::apply(&Appearance {
        scheme: appearance::Scheme::Dark,
        messages: Messages::Lines,
        ..Appearance::default()
    });
    stage.rest();
    let dark = colours(&stage);
    assert!(light.iter().zip(&dark).all(|(light, dark)| dark.is_some() && light != dark));
    stage.shot("names-dark");
}

fn colours(stage: &Stage) -> Vec<Option<appearance::Rgb>> {
    let name = |class: &str| format!("{}_color", class.replace('-', "_"));
    AUTHOR_CLASSES.iter().map(|class| named_colour(&stage.window, &name(class))).collect()
}

/// libadwaita draws portraits in fourteen colours; names have those that are next to them.
#[gtk::test]
fn a_name_has_the_colour_of_its_portrait() {
    crate::load_resources();
    let mut class_of = std::collections::BTreeMap::new();
    for name in ["Mia", "Tom", "Lucía", "Zoë", "Ana María", "Beto", "caro", "Dora", "Eva", "木村"]
    {
        let avatar = adw::Avatar::new(32, Some(name), true);
        let portrait = avatar.first_child().unwrap().css_classes();
        let portrait = portrait.iter().find(|class| class.starts_with("color")).unwrap();
        let before = class_of.insert(portrait.to_string(), author_class(name));
        assert!(before.is_none_or(|before| before == author_class(name)), "{name}: {portrait}");
    }
    assert!(class_of.len() > 4, "{class_of:?}");
}
