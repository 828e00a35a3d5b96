//! The look: every choice in a real window, live, at three sizes.

use std::fs;

use adw::prelude::*;
use gtk::{glib, subclass::prelude::*};

use super::{
    fit::{faults, too_wide},
    stage::{Stage, awkward, find, garden, live, settle},
};
use crate::{
    appearance::{self, Appearance, Density, Looks, Messages, Rgb, Scheme, TextSize, named_colour},
    model::testing::text_item,
    theme,
    ui::{AppearanceWindow, message_row::MessageRow},
};

const SIZES: [(i32, i32); 3] = [(360, 640), (800, 600), (1280, 800)];

fn with_theme(id: &str, scheme: Scheme) -> Appearance {
    Appearance { scheme, theme: Some(id.into()), ..Appearance::default() }
}

/// Everything that does not fit, over all that a test looks at.
#[derive(Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// A window at rest that was to be so wide.
    pub(super) fn look(&mut self, stage: &Stage, width: i32, what: &str) {
        stage.assert_rows_fit();
        self.look_at(stage.window.upcast_ref(), width, what);
    }

    pub(super) fn look_at(&mut self, window: &gtk::Window, width: i32, what: &str) {
        // A frame of 4 pixels is round it where nothing composes windows.
        let wide = too_wide(window.upcast_ref(), width - 8);
        if window.width() > width && !wide.is_empty() {
            self.0.push(format!("{what}: {} wide:\n  {}", window.width(), wide.join("\n  ")));
        }
        self.0.extend(faults(window).into_iter().map(|fault| format!("{what}: {fault}")));
    }

    pub(super) fn assert_none(&self) {
        assert!(self.0.is_empty(), "{} faults\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// The newest message is in sight still, whatever became of the heights.
fn assert_at_end(stage: &Stage, what: &str) {
    let adjustment = stage.chat().imp().scroll.vadjustment();
    let left = adjustment.upper() - adjustment.page_size() - adjustment.value();
    assert!(left < 1.5, "{what}: {left} pixels below");
}

/// Puts a file among the person's themes.
fn write_theme(id: &str, text: &str) {
    let folder = theme::folder();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{id}.toml")), text).unwrap();
}

fn ground(stage: &Stage) -> Option<Rgb> {
    named_colour(&stage.window, "window_bg_color")
}

#[gtk::test]
fn every_arrangement_fits_at_every_size_and_changes_while_one_looks() {
    let mut faults = Faults::default();
    for (width, height) in SIZES {
        let stage = Stage::new(width, height);
        garden(&stage);
        stage.say(2, awkward());
        for (messages, density, percent) in [
            (Messages::Bubbles, Density::Comfortable, 100),
            (Messages::Bubbles, Density::Compact, 80),
            (Messages::Lines, Density::Compact, 100),
            (Messages::Lines, Density::Comfortable, 120),
            (Messages::Lines, Density::Comfortable, 200),
            (Messages::Bubbles, Density::Comfortable, 200),
        ] {
            let text_size = TextSize::from(percent);
            appearance::apply(&Appearance {
                messages,
                density,
                text_size,
                ..Appearance::default()
            });
            let what = format!("{messages:?}-{density:?}-{percent}-{width}").to_lowercase();
            stage.shot(&what);
            faults.look(&stage, width, &what);
            assert_at_end(&stage, &what);
        }
    }
    faults.assert_none();
}

#[gtk::test]
fn in_lines_everybodys_name_stands_before_what_they_say() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    assert!(!has_label(&stage, "me"), "one knows what one wrote");
    appearance::apply(&Appearance { messages: Messages::Lines, ..Appearance::default() });
    stage.rest();
    assert!(has_label(&stage, "me"), "as everybody's, one's own messages have a name");
    let row = a_row(&stage, "Of course!");
    assert!(row.width() > 550, "it has the whole width");
    appearance::apply(&Appearance::default());
    stage.rest();
    assert!(a_row(&stage, "Of course!").width() < 300, "it is a bubble again");
}

#[gtk::test]
fn in_a_narrow_window_a_line_has_its_name_over_it_and_the_width_for_its_text() {
    let lines = Appearance { messages: Messages::Lines, ..Appearance::default() };
    for (width, beside) in [(360, false), (1280, true)] {
        let stage = Stage::new(width, 640);
        garden(&stage);
        appearance::apply(&lines);
        stage.rest();
        assert_eq!(Looks::shared().narrow(), !beside);
        let row = a_row(&stage, "The seedlings are up!");
        let label = find(row.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| label.label() == "The seedlings are up!")
        });
        let at = label.unwrap().compute_bounds(&row).unwrap().x();
        assert_eq!(at > 100.0, beside, "at {width}: {at}");
    }
}

/// Windows begin at the right while it is there.
pub(super) struct Mirrored;

impl Mirrored {
    pub(super) fn new() -> Self {
        gtk::Widget::set_default_direction(gtk::TextDirection::Rtl);
        Self
    }
}

impl Drop for Mirrored {
    fn drop(&mut self) {
        gtk::Widget::set_default_direction(gtk::TextDirection::Ltr);
    }
}

fn has_label(stage: &Stage, text: &str) -> bool {
    let says = |label: &gtk::Label| label.is_mapped() && label.label() == text;
    find(stage.window.upcast_ref(), &|widget| widget.downcast_ref().is_some_and(says)).is_some()
}

fn a_row(stage: &Stage, text: &str) -> gtk::Widget {
    let label = find(stage.window.upcast_ref(), &|widget| {
        let label = widget.downcast_ref::<gtk::Label>();
        label.is_some_and(|label| label.is_mapped() && label.label() == text)
    });
    label.unwrap().ancestor(MessageRow::static_type()).unwrap()
}

#[gtk::test]
fn a_mirrored_window_is_whole_and_begins_at_the_right() {
    let _mirrored = Mirrored::new();
    let mut faults = Faults::default();
    for (width, height) in SIZES {
        let stage = Stage::new(width, height);
        garden(&stage);
        stage.say(2, awkward());
        for messages in [Messages::Bubbles, Messages::Lines] {
            for percent in [100, 200] {
                let text_size = TextSize::from(percent);
                appearance::apply(&Appearance { messages, text_size, ..Appearance::default() });
                let what = format!("mirrored-{messages:?}-{percent}-{width}").to_lowercase();
                stage.shot(&what);
                faults.look(&stage, width, &what);
                assert_at_end(&stage, &what);
            }
        }
        appearance::apply(&Appearance::default());
        stage.rest();
        let left = |widget: &gtk::Widget| widget.compute_bounds(&stage.window).unwrap().x();
        let (mine, other) = (a_row(&stage, "Of course!"), a_row(&stage, "The seedlings are up!"));
        assert!(left(&mine) < left(&other), "one's own at the end, which is the left");
        if width > 1_000 {
            let page = stage.page();
            let imp = page.imp();
            assert!(left(imp.sidebar.upcast_ref()) > left(imp.chat.upcast_ref()));
        }
        WidgetExt::activate_action(&stage.window, "win.back", None).unwrap();
        stage.shot(&format!("mirrored-list-{width}"));
        faults.look(&stage, width, &format!("mirrored-list-{width}"));
    }
    faults.assert_none();
}

#[gtk::test]
fn every_theme_colours_the_window_light_and_dark() {
    let stage = Stage::new(1280, 800);
    garden(&stage);
    let usual = ground(&stage);
    let rows = Looks::shared().revision();
    let mut faults = Faults::default();
    for found in theme::list() {
        let colours = found.theme.unwrap();
        for (scheme, dark) in [(Scheme::Light, false), (Scheme::Dark, true)] {
            appearance::apply(&with_theme(&found.id, scheme));
            let expected = colours.palette(dark).unwrap().colour("window_bg");
            assert_eq!(ground(&stage), expected, "{} {scheme:?}", found.id);
            stage.shot(&format!("theme-{}-{scheme:?}", found.id).to_lowercase());
            faults.look(&stage, 1280, &found.id);
            assert_at_end(&stage, &found.id);
        }
    }
    faults.assert_none();
    assert_eq!(Looks::shared().revision(), rows, "colours lay no row out anew");
    appearance::apply(&with_theme("there is none", Scheme::System));
    assert_eq!(ground(&stage), usual);
}

#[gtk::test]
fn a_saved_theme_shows_at_once_and_a_broken_one_leaves_the_look() {
    let stage = Stage::new(800, 600);
    garden(&stage);
    write_theme("sea", "name = \"Sea\"\n[dark]\nwindow_bg = \"#001122\"\n");
    let window = AppearanceWindow::new(&stage.window);
    window.present();
    settle(|| window.is_mapped());
    let says = |text: &str| {
        find(window.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| label.is_mapped() && label.text().contains(text))
        })
        .is_some()
    };
    assert!(says("Sea"));
    appearance::change(|appearance| appearance.theme = Some("sea".into()));
    assert!(adw::StyleManager::default().is_dark(), "it is dark only");
    settle(|| says("This theme is dark only."));
    assert_eq!(ground(&stage), Rgb::parse("#001122"));
    write_theme("sea", "name = \"Sea\"\n[dark]\nwindow_bg = \"#003344\"\n");
    settle(|| ground(&stage) == Rgb::parse("#003344"));
    write_theme("sea", "name = \"Sea\"\n[dark]\nwindw_bg = \"#556677\"\n");
    settle(|| says("Line 3: there is no colour called “windw_bg”."));
    assert_eq!(ground(&stage), Rgb::parse("#003344"), "it stays as it was");
    stage.shot_of(window.upcast_ref(), "appearance-broken");
    write_theme("sea", "[dark]\nwindow_bg = \"#556677\"\nwindow_fg = \"#667788\"\n");
    settle(|| ground(&stage) == Rgb::parse("#556677"));
    settle(|| says("Hard to read: window_fg (1."));
    fs::remove_file(theme::folder().join("sea.toml")).unwrap();
    settle(|| ground(&stage) != Rgb::parse("#556677"));
    window.destroy();
    appearance::change(|appearance| *appearance = Appearance::default());
}

#[gtk::test]
fn a_theme_is_imported_exported_and_told_where_it_is_none() {
    let stage = Stage::new(800, 600);
    garden(&stage);
    let window = AppearanceWindow::new(&stage.window);
    window.present();
    settle(|| window.is_mapped());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given.toml");
    fs::write(&path, "[light]\nwindow_bg = \"#fedcba\"\n").unwrap();
    window.import(&path);
    assert_eq!(appearance::load().theme.as_deref(), Some("given"));
    assert_eq!(ground(&stage), Rgb::parse("#fedcba"));
    fs::write(&path, "[light]\nwindow_bg = \"peach\"\n").unwrap();
    window.import(&path);
    stage.shot_of(window.upcast_ref(), "appearance-refused");
    let told = window.imp().told.text();
    assert!(
        told.starts_with("given.toml was not taken. Line 2: “peach” is not a colour."),
        "{told}"
    );
    assert_eq!(ground(&stage), Rgb::parse("#fedcba"));
    let out = folder.path().join("out.toml");
    window.export(&out);
    assert_eq!(fs::read_to_string(&out).unwrap(), "\n[light]\nwindow_bg = \"#fedcba\"\n");
    assert!(!window.imp().told.is_visible(), "what was told is over");
    appearance::change(|appearance| *appearance = Appearance::default());
    window.export(&out);
    assert!(fs::read_to_string(&out).unwrap().contains("accent_bg = \"#0f7681\""));
    fs::remove_file(theme::folder().join("given.toml")).unwrap();
    window.destroy();
}

#[gtk::test]
fn the_appearance_window_fits_a_telephone_with_the_largest_text() {
    let mut faults = Faults::default();
    for (width, height) in SIZES {
        let stage = Stage::new(width, height);
        garden(&stage);
        for percent in [100, 200] {
            appearance::change(|appearance| appearance.text_size = TextSize::from(percent));
            let window = AppearanceWindow::new(&stage.window);
            window.present();
            settle(|| window.is_mapped());
            stage.shot_of(window.upcast_ref(), &format!("appearance-{percent}-{width}"));
            faults.look_at(window.upcast_ref(), width, &format!("{percent} % at {width}"));
            window.destroy();
        }
        appearance::change(|appearance| *appearance = Appearance::default());
    }
    faults.assert_none();
}

#[gtk::test]
fn where_the_desktop_wants_no_motion_nothing_moves() {
    let settings = gtk::Settings::default().unwrap();
    settings.set_gtk_enable_animations(false);
    let stage = Stage::new(1280, 800);
    garden(&stage);
    stage.rest();
    let page = stage.page();
    let imp = page.imp();
    let chat = stage.chat();
    // What slides or fades is where it goes to in the same frame.
    let revealer = chat.imp().bottom_revealer.get();
    revealer.set_reveal_child(!revealer.reveals_child());
    assert_eq!(revealer.is_child_revealed(), revealer.reveals_child());
    WidgetExt::activate_action(&stage.window, "win.members", None).unwrap();
    let shown = if imp.flap.reveals_flap() { 1.0 } else { 0.0 };
    assert_eq!(imp.flap.reveal_progress(), shown);
    assert!(!imp.leaflet.is_child_transition_running());
    settings.reset_property("gtk-enable-animations");
}

#[gtk::test]
fn text_is_as_large_as_wished_and_the_desktops_again_when_that_is_over() {
    let stage = Stage::new(800, 600);
    garden(&stage);
    stage.rest();
    let height = || a_row(&stage, "The seedlings are up!").height();
    let before = height();
    for _ in 0..5 {
        ActionGroupExt::activate_action(
            &stage.window.application().unwrap(),
            "text-larger",
            None::<&glib::Variant>,
        );
    }
    stage.rest();
    assert_eq!(appearance::load().text_size.percent(), 150);
    assert!(height() > before + 5, "{before} {}", height());
    appearance::change(|appearance| *appearance = Appearance::default());
    stage.rest();
    assert_eq!(height(), before);
}

#[gtk::test]
fn another_size_of_text_leaves_the_message_one_reads_where_it_is() {
    let stage = Stage::new(1000, 700);
    stage.session.restore(live(&[(1, "lobby")]));
    stage.present();
    let items = (1_000..1_400).map(|seq| {
        let text = format!("{seq}: {}", "many words ".repeat(1 + (seq % 17) as usize));
        text_item(seq, ["ana", "beto", "caro"][(seq / 3 % 3) as usize], &text)
    });
    stage.say(1, items.collect());
    stage.rest();
    assert_at_end(&stage, "at first");
    let adjustment = stage.chat().imp().scroll.vadjustment();
    for steps in [30, 90] {
        adjustment.set_value(adjustment.value() - f64::from(steps) * 60.0);
        stage.rest();
        let (text, before) = stage.topmost_line_in_sight();
        for action in ["text-larger", "text-larger", "text-usual", "text-smaller", "text-usual"] {
            let application = stage.window.application().unwrap();
            ActionGroupExt::activate_action(&application, action, None::<&glib::Variant>);
            stage.rest();
            let now = stage.place_of(&text);
            // What is over the text in its row has another size too.
            let stays = now.is_some_and(|now| (now - before).abs() < 40);
            assert!(stays, "{steps}, {action}: {text} from {before} to {now:?}");
        }
    }
    stage.chat().imp().bottom.emit_clicked();
    stage.rest();
    assert_at_end(&stage, "the button goes to the end");
}

#[gtk::test]
fn every_other_window_fits_a_telephone_with_the_largest_text() {
    let mut faults = Faults::default();
    let stage = Stage::new(360, 640);
    appearance::apply(&Appearance { text_size: TextSize::from(200), ..Appearance::default() });
    garden(&stage);
    for action in ["win.rooms", "win.switch", "win.room-details", "win.members"] {
        WidgetExt::activate_action(&stage.window, action, None).unwrap();
        stage.rest();
        let over = gtk::Window::list_toplevels().into_iter().find_map(|widget| {
            let window = widget.downcast::<gtk::Window>().ok()?;
            (window.is_mapped() && window.transient_for().is_some()).then_some(window)
        });
        let window = over.clone().unwrap_or_else(|| stage.window.clone().upcast());
        stage.shot_of(&window, &format!("largest-{action}"));
        faults.look_at(&window, 360, action);
        if let Some(over) = over {
            over.destroy();
        }
    }
    faults.assert_none();
}

#[gtk::test]
fn the_way_in_fits_a_telephone_with_the_largest_text() {
    let mut faults = Faults::default();
    let stage = Stage::new(360, 640);
    appearance::apply(&Appearance { text_size: TextSize::from(200), ..Appearance::default() });
    stage.present();
    stage.shot("largest-welcome");
    faults.look(&stage, 360, "welcome");
    faults.assert_none();
}
