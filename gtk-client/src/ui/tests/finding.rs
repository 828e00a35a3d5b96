//! Looking for words in a room.

use adw::prelude::*;
use gtk::{pango, subclass::prelude::*};
use tertulia_client::{
    Beyond, Pattern, Searched,
    proto::{Seq, Timestamp},
};

use super::stage::{Stage, find, garden, settle};
use crate::{
    appearance::{self, Accent, Appearance, Scheme},
    model::{Finding, now},
    ui::switcher_window::SwitcherWindow,
};

/// As if these messages had been found on the way back to yesterday.
pub(super) fn found(stage: &Stage, typed: &str, seqs: &[u64]) {
    let imp = stage.chat();
    let imp = imp.imp();
    let events = seqs.iter().map(|seq| crate::model::testing::event(*seq)).collect();
    let mut finding = Finding::new(Pattern::new(typed).unwrap());
    let yesterday = Timestamp(now().0 - 30 * 3_600_000);
    finding.take(Searched {
        found: events,
        looked_to: Some((Seq(1), yesterday)),
        beyond: Beyond::Server,
    });
    imp.finding.replace(Some(finding));
    act(stage, "chat.find-older");
}

fn act(stage: &Stage, action: &str) {
    WidgetExt::activate_action(&stage.chat(), action, None).unwrap();
    stage.rest();
}

/// Texts of which something stands out, from the top.
fn standing_out(stage: &Stage) -> Vec<String> {
    let texts = std::cell::RefCell::new(Vec::new());
    find(stage.chat().imp().list.upcast_ref(), &|widget| {
        if let Some(label) = widget.downcast_ref::<gtk::Label>()
            && let Some(attributes) = label.attributes()
            && label.is_mapped()
        {
            let is_one = |a: &pango::Attribute| a.type_() == pango::AttrType::Background;
            if attributes.attributes().iter().any(is_one) {
                texts.borrow_mut().push(label.label().to_string());
            }
        }
        false
    });
    texts.take()
}

#[gtk::test]
fn what_nothing_is_called_may_have_been_said() {
    let stage = Stage::new(1000, 700);
    garden(&stage);
    let switcher = SwitcherWindow::new(&stage.window, &stage.accounts);
    switcher.present();
    let imp = switcher.imp();
    let rows = || (0..).map_while(|at| imp.list.row_at_index(at)).count();
    let all = rows();
    imp.search.set_text("mia");
    assert!((2..all).contains(&rows()), "she, and what was said of her");
    imp.search.set_text("seedlings");
    assert_eq!(rows(), 1);
    stage.shot_of(switcher.upcast_ref(), "switcher-words");
    imp.search.emit_by_name::<()>("activate", &[]);
    stage.rest();
    let chat = stage.chat();
    let bar = chat.imp().find_bar.get().unwrap();
    assert!(bar.is_mapped());
    assert_eq!(bar.imp().entry.text(), "seedlings");
    switcher.destroy();
}

#[gtk::test]
fn what_is_looked_for_stands_out_and_is_gone_to() {
    for (name, width, height, scheme) in [
        ("finding-wide", 1280, 800, Scheme::Light),
        ("finding-narrow-dark", 360, 640, Scheme::Dark),
    ] {
        let stage = Stage::new(width, height);
        appearance::apply(&Appearance { scheme, accent: Accent::Teal, ..Appearance::default() });
        garden(&stage);
        act(&stage, "chat.find");
        let bar = stage.chat().imp().find_bar.get().unwrap().clone();
        bar.imp().entry.set_text("the");
        // No client is here to look.
        settle(|| stage.shows("This needs a connection to the server."));
        assert!(bar.is_visible());
        found(&stage, "THE", &[9, 7, 4, 3]);
        stage.shot(name);
        assert!(stage.window.width() <= width, "{name}");
        assert!(stage.shows("1 of 4") && stage.shows("Looked back to: Yesterday"), "{name}");
        assert!(standing_out(&stage).contains(&"The seedlings are up!".to_owned()), "{name}");
        act(&stage, "chat.find-older");
        act(&stage, "chat.find-older");
        assert!(stage.shows("3 of 4"));
        act(&stage, "chat.find-newer");
        assert!(stage.shows("2 of 4"));
        act(&stage, "chat.end-finding");
        assert!(!bar.is_visible());
        assert_eq!(standing_out(&stage), [""; 0]);
    }
}

#[gtk::test]
fn another_room_ends_the_search() {
    let stage = Stage::new(900, 700);
    garden(&stage);
    act(&stage, "chat.find");
    found(&stage, "the", &[9]);
    stage.page().imp().sidebar.step(1);
    stage.rest();
    assert!(!stage.chat().imp().find_bar.get().unwrap().is_visible());
    assert!(stage.chat().imp().finding.borrow().is_none());
}
