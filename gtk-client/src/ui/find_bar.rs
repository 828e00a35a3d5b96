//! Over the messages: what is looked for in the room, and how much of that was found.

use std::sync::OnceLock;

use gtk::{
    gdk, glib,
    glib::{clone, subclass::Signal},
    prelude::*,
    subclass::prelude::*,
};
use tertulia_client::Beyond;

use crate::{
    i18n::{fill, tr},
    model::{Finding, day_of, day_title},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/find_bar.ui")]
    pub struct FindBar {
        #[template_child]
        pub(in crate::ui) entry: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) count: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) older: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) newer: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) reach: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) reached: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) further: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) stop: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FindBar {
        const NAME: &'static str = "TertuliaFindBar";
        type Type = super::FindBar;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for FindBar {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("typed").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.entry.connect_search_changed(clone!(
                #[weak(rename_to = bar)]
                self.obj(),
                move |_| bar.emit_by_name::<()>("typed", &[])
            ));
            self.entry.connect_stop_search(clone!(
                #[weak(rename_to = bar)]
                self.obj(),
                move |_| bar.ask("chat.end-finding")
            ));
            // In the capture phase: the entry has a use of its own for Enter.
            let keys = gtk::EventControllerKey::new();
            keys.set_propagation_phase(gtk::PropagationPhase::Capture);
            keys.connect_key_pressed(clone!(
                #[weak(rename_to = bar)]
                self.obj(),
                #[upgrade_or]
                glib::Propagation::Proceed,
                move |_, key, _, state| bar.key_pressed(key, state)
            ));
            self.entry.add_controller(keys);
        }
    }

    impl WidgetImpl for FindBar {
        fn grab_focus(&self) -> bool {
            self.entry.grab_focus()
        }
    }

    impl BoxImpl for FindBar {}
}

glib::wrapper! {
    /// Says `typed` when something else is looked for; asks for `chat.find-older`,
    /// `chat.find-newer`, `chat.find-further`, `chat.stop-finding` and `chat.end-finding`.
    pub struct FindBar(ObjectSubclass<imp::FindBar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for FindBar {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl FindBar {
    /// What was typed.
    pub(super) fn text(&self) -> String {
        self.imp().entry.text().into()
    }

    /// As if it were typed.
    pub(super) fn set_text(&self, text: &str) {
        let entry = &self.imp().entry;
        entry.set_text(text);
        entry.set_position(-1);
    }

    /// What is looked for by now; `looking`: it goes on.
    pub(super) fn show(&self, finding: Option<&Finding>, looking: bool) {
        let imp = self.imp();
        let (at, count) = finding.map(Finding::count).unwrap_or_default();
        let (n, of) = (at.to_string(), count.to_string());
        imp.count.set_label(&match count {
            0 => String::new(),
            _ => fill(tr("{n} of {count}"), &[("n", &n), ("count", &of)]),
        });
        let beyond = finding.map(Finding::beyond);
        let has_further = beyond == Some(Beyond::Server);
        imp.older.set_sensitive(at < count || has_further && !looking);
        imp.newer.set_sensitive(at > 1);
        imp.reach.set_visible(finding.is_some());
        imp.spinner.set_visible(looking);
        imp.spinner.set_spinning(looking);
        imp.stop.set_visible(looking);
        imp.further.set_visible(has_further && !looking);
        if let Some(finding) = finding {
            imp.reached.set_label(&reached(finding, looking));
        }
    }

    /// Why it does not go on.
    pub(super) fn say(&self, why: &str) {
        self.imp().reached.set_label(why);
    }

    /// Calls `typed` when something else is looked for.
    pub(super) fn connect_typed(&self, typed: impl Fn() + 'static) {
        self.connect_local("typed", false, move |_| {
            typed();
            None
        });
    }

    fn key_pressed(&self, key: gdk::Key, state: gdk::ModifierType) -> glib::Propagation {
        let shift = state.contains(gdk::ModifierType::SHIFT_MASK);
        match key {
            gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter => {
                self.ask(if shift { "chat.find-newer" } else { "chat.find-older" });
            }
            gdk::Key::Up => self.ask("chat.find-older"),
            gdk::Key::Down => self.ask("chat.find-newer"),
            _ => return glib::Propagation::Proceed,
        }
        glib::Propagation::Stop
    }

    fn ask(&self, action: &str) {
        // What stands outside a conversation finds nothing.
        let _ = WidgetExt::activate_action(self, action, None);
    }
}

/// How far back it looked.
fn reached(finding: &Finding, looking: bool) -> String {
    let day = finding.looked_to().map(|(_, time)| day_title(day_of(time)));
    let (_, count) = finding.count();
    match (finding.beyond(), day, looking) {
        (_, None, true) => tr("Looking…").to_owned(),
        (_, Some(day), true) => fill(tr("Looking… Back to: {day}"), &[("day", &day)]),
        (Beyond::Nothing, _, false) if count == 0 => tr("Nothing found in this room").to_owned(),
        (Beyond::Nothing, _, false) => tr("The whole room was looked through").to_owned(),
        (_, Some(day), false) if count == 0 => {
            fill(tr("Nothing found. Looked back to: {day}"), &[("day", &day)])
        }
        (_, Some(day), false) => fill(tr("Looked back to: {day}"), &[("day", &day)]),
        (_, None, false) => tr("Nothing of this room is on this computer").to_owned(),
    }
}
