//! Where one writes: Enter sends, Shift+Enter breaks the line.

mod completing;
mod emoji;

use std::{cell::Cell, sync::OnceLock};

use gtk::{
    gdk, glib,
    glib::{clone, subclass::Signal},
    prelude::*,
    subclass::prelude::*,
};

use self::completing::Completing;
use crate::model::Named;

/// So many frames it takes until the composer is as high as its text wishes.
const LAID_OUT: u32 = 3;
/// And so many at most it is looked at whether the cursor is in sight.
const LOOKED_AT: u32 = 60;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/composer.ui")]
    pub struct Composer {
        #[template_child]
        pub(super) text: TemplateChild<gtk::TextView>,
        #[template_child]
        pub(super) placeholder: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) emoji: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(super) send: TemplateChild<gtk::Button>,
        /// The text is being put in, not written.
        pub(super) filling: Cell<bool>,
        /// The cursor is brought into sight by and by.
        pub(super) scrolling: Cell<bool>,
        pub(super) completing: Completing,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Composer {
        const NAME: &'static str = "TertuliaComposer";
        type Type = super::Composer;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Composer {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                ["submitted", "written"].map(|name| Signal::builder(name).build()).into()
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let composer = self.obj();
            self.text.buffer().connect_changed(clone!(
                #[weak]
                composer,
                move |_| composer.imp().text_changed()
            ));
            self.send.connect_clicked(clone!(
                #[weak]
                composer,
                move |_| composer.submit()
            ));
            self.emoji.set_create_popup_func(clone!(
                #[weak]
                composer,
                move |button| composer.imp().make_emoji_chooser(button)
            ));
            // In the capture phase: the text view would break the line on Enter.
            let keys = gtk::EventControllerKey::new();
            keys.set_propagation_phase(gtk::PropagationPhase::Capture);
            keys.connect_key_pressed(clone!(
                #[weak]
                composer,
                #[upgrade_or]
                glib::Propagation::Proceed,
                move |keys, key, _, state| composer.imp().key_pressed(keys, key, state)
            ));
            self.text.add_controller(keys);
            let focus = gtk::EventControllerFocus::new();
            focus.connect_leave(clone!(
                #[weak]
                composer,
                move |_| composer.imp().hide_suggestions()
            ));
            self.text.add_controller(focus);
        }

        fn dispose(&self) {
            self.drop_suggestions();
        }
    }

    impl WidgetImpl for Composer {
        fn grab_focus(&self) -> bool {
            self.text.grab_focus()
        }
    }

    impl BoxImpl for Composer {}

    impl Composer {
        fn key_pressed(
            &self,
            keys: &gtk::EventControllerKey,
            key: gdk::Key,
            state: gdk::ModifierType,
        ) -> glib::Propagation {
            if self.completing_key(key) {
                return glib::Propagation::Stop;
            }
            let control = state.contains(gdk::ModifierType::CONTROL_MASK);
            let shift = state.contains(gdk::ModifierType::SHIFT_MASK);
            let asked = match key {
                gdk::Key::Up | gdk::Key::KP_Up if control => Some("chat.answer-before"),
                gdk::Key::Down | gdk::Key::KP_Down if control => Some("chat.answer-after"),
                // The text view's own meaning, to mark nothing, has other ways.
                gdk::Key::A | gdk::Key::a if control && shift => Some("chat.attach"),
                _ => None,
            };
            if let Some(asked) = asked {
                // What stands outside a conversation does nothing.
                let _ = WidgetExt::activate_action(&*self.obj(), asked, None);
                return glib::Propagation::Stop;
            }
            let is_enter =
                matches!(key, gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter);
            let modified = state.intersects(
                gdk::ModifierType::SHIFT_MASK
                    | gdk::ModifierType::CONTROL_MASK
                    | gdk::ModifierType::ALT_MASK,
            );
            if !is_enter || modified {
                return glib::Propagation::Proceed;
            }
            // Enter may end a composed character: the input method has it first.
            let taken = keys
                .current_event()
                .is_some_and(|event| self.text.im_context_filter_keypress(&event));
            if !taken {
                self.obj().submit();
            }
            glib::Propagation::Stop
        }

        fn text_changed(&self) {
            let buffer = self.text.buffer();
            self.placeholder.set_visible(buffer.char_count() == 0);
            self.show_cursor();
            let text = self.obj().text();
            self.send.set_sensitive(!text.trim().is_empty());
            if !self.filling.get() {
                self.complete();
                self.obj().emit_by_name::<()>("written", &[]);
            } else {
                self.hide_suggestions();
            }
        }

        /// The text view scrolls for the height it has, and a long text makes it higher: once
        /// that is laid out, the cursor is brought into sight again. A long text is laid out beside
        /// all else, which may take more than a few frames.
        fn show_cursor(&self) {
            if self.scrolling.replace(true) {
                return;
            }
            let frames = Cell::new(0);
            let composer = self.obj().downgrade();
            self.text.add_tick_callback(move |text, _| {
                frames.set(frames.get() + 1);
                let is_early = frames.get() < LAID_OUT;
                if !is_early {
                    text.scroll_mark_onscreen(&text.buffer().get_insert());
                }
                if is_early || frames.get() < LOOKED_AT && !shows_cursor(text) {
                    return glib::ControlFlow::Continue;
                }
                if let Some(composer) = composer.upgrade() {
                    composer.imp().scrolling.set(false);
                }
                glib::ControlFlow::Break
            });
        }
    }

    fn shows_cursor(text: &gtk::TextView) -> bool {
        let (cursor, _) = text.cursor_locations(None);
        let seen = text.visible_rect();
        seen.y() <= cursor.y() && cursor.y() + cursor.height() <= seen.y() + seen.height()
    }
}

glib::wrapper! {
    /// Says `submitted` when its text is to be sent, and whoever takes the text clears it; says
    /// `written` when the person changes the text.
    pub struct Composer(ObjectSubclass<imp::Composer>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Composer {
    /// What is written.
    pub(crate) fn text(&self) -> String {
        let buffer = self.imp().text.buffer();
        let (begin, end) = buffer.bounds();
        buffer.text(&begin, &end, true).into()
    }

    /// Puts a text in, the cursor behind it. It begins a new history of undoing.
    pub(crate) fn set_text(&self, text: &str) {
        let imp = self.imp();
        let buffer = imp.text.buffer();
        imp.filling.set(true);
        buffer.begin_irreversible_action();
        buffer.set_text(text);
        buffer.end_irreversible_action();
        imp.filling.set(false);
        buffer.place_cursor(&buffer.end_iter());
    }

    /// A key that was pressed elsewhere is written here, and the next ones. `false`: it is none that
    /// writes.
    pub(crate) fn write_on(&self, keys: &gtk::EventControllerKey) -> bool {
        let text = &*self.imp().text;
        self.is_visible() && text.grab_focus() && keys.forward(text)
    }

    /// Calls `pasted` before a paste; `true`: what is pasted is no text, and was taken.
    pub(crate) fn connect_pasted(&self, pasted: impl Fn(&gdk::Clipboard) -> bool + 'static) {
        self.imp().text.connect_paste_clipboard(move |text| {
            if pasted(&text.clipboard()) {
                text.stop_signal_emission_by_name("paste-clipboard");
            }
        });
    }

    /// Whom `@` may name; asked each time.
    pub(crate) fn set_people(&self, people: impl Fn() -> Vec<Named> + 'static) {
        self.imp().set_people(people);
    }

    /// Calls `submitted` when the text is to be sent.
    pub(crate) fn connect_submitted(&self, submitted: impl Fn(&Self) + 'static) {
        self.connect_own("submitted", submitted);
    }

    /// Calls `written` when the person changes the text.
    pub(crate) fn connect_written(&self, written: impl Fn(&Self) + 'static) {
        self.connect_own("written", written);
    }

    fn connect_own(&self, signal: &str, act: impl Fn(&Self) + 'static) {
        self.connect_local(signal, false, move |values| {
            // The emitter is a signal's first value.
            if let Some(Ok(composer)) = values.first().map(|value| value.get::<Self>()) {
                act(&composer);
            }
            None
        });
    }

    /// As pressing Enter; nothing happens where there is nothing to send.
    pub(crate) fn submit(&self) {
        if self.imp().send.is_sensitive() {
            self.emit_by_name::<()>("submitted", &[]);
        }
    }
}
