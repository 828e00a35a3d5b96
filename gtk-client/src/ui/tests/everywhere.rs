//! Everything at once, where it is hardest: mirrored, of high contrast, on a telephone.

use std::time::Duration;

use adw::prelude::*;
use tertulia_client::{ClientEvent, Connection, Trouble};

use super::{
    accounts::club,
    files::files,
    finding::found,
    looks::{Faults, Mirrored},
    messages::{answers, id},
    stage::{Stage, garden},
};
use crate::appearance::{self, Appearance, Scheme};

const HIGH_CONTRAST: Option<&str> = Some("high-contrast");

#[gtk::test]
fn accounts_answers_and_dialogs_fit_mirrored_and_with_high_contrast() {
    let mut faults = Faults::default();
    for (name, mirrored, scheme, theme) in [
        ("rtl", true, Scheme::Light, None),
        ("contrast", false, Scheme::Dark, HIGH_CONTRAST),
        ("rtl-contrast", true, Scheme::Light, HIGH_CONTRAST),
    ] {
        let _mirrored = mirrored.then(Mirrored::new);
        for (width, height) in [(360, 640), (800, 600)] {
            let stage = Stage::new(width, height);
            let theme = theme.map(str::to_owned);
            appearance::apply(&Appearance { scheme, theme, ..Appearance::default() });
            garden(&stage);
            club(&stage);
            answers(&stage);
            let at = |what: &str| format!("everywhere-{name}-{what}-{width}");
            WidgetExt::activate_action(&stage.chat(), "chat.answer", Some(&id(20))).unwrap();
            let trouble = Trouble::NoAnswer { tried: "chat.example:7575".into() };
            let retry_in = Duration::from_secs(8);
            stage.apply(vec![ClientEvent::Connection(Connection::Offline { trouble, retry_in })]);
            stage.shot(&at("answer"));
            faults.look(&stage, width, &at("answer"));
            stage.apply(vec![ClientEvent::Connection(Connection::Live)]);
            WidgetExt::activate_action(&stage.chat(), "chat.choose", Some(&id(21))).unwrap();
            stage.shot(&at("chosen"));
            faults.look(&stage, width, &at("chosen"));
            for action in ["win.rooms", "win.room-details", "win.switch"] {
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
            WidgetExt::activate_action(&stage.window, "win.back", None).unwrap();
            stage.shot(&at("list"));
            faults.look(&stage, width, &at("list"));
        }
    }
    faults.assert_none();
}

/// In every language: run it with `LANGUAGE=de` and the others before it.
#[gtk::test]
fn files_and_a_search_fit_mirrored_and_with_high_contrast() {
    let mut faults = Faults::default();
    for (name, mirrored, scheme, theme) in [
        ("light", false, Scheme::Light, None),
        ("dark", false, Scheme::Dark, None),
        ("rtl", true, Scheme::Light, None),
        ("contrast", false, Scheme::Dark, HIGH_CONTRAST),
    ] {
        let _mirrored = mirrored.then(Mirrored::new);
        for (width, height) in [(360, 640), (1280, 800)] {
            let stage = Stage::new(width, height);
            let theme = theme.map(str::to_owned);
            appearance::apply(&Appearance { scheme, theme, ..Appearance::default() });
            garden(&stage);
            files(&stage);
            let at = |what: &str| format!("beside-{name}-{what}-{width}");
            stage.shot(&at("files"));
            faults.look(&stage, width, &at("files"));
            WidgetExt::activate_action(&stage.chat(), "chat.find", None).unwrap();
            found(&stage, "the", &[9, 7]);
            stage.shot(&at("found"));
            faults.look(&stage, width, &at("found"));
        }
    }
    faults.assert_none();
}
