//! What widgets ask about the look, and by which they are told that it changed.

use std::cell::Cell;

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};

use super::{Appearance, Density, Messages, TextSize};

/// Sizes of avatars in pixels: comfortable, compact.
const ROOM_AVATARS: (i32, i32) = (40, 28);
const MESSAGE_AVATARS: (i32, i32) = (32, 26);
/// Below this width of the messages in pixels, names would take too much of a line.
const NARROW: i32 = 520;

mod imp {
    use super::*;

    #[derive(Debug, glib::Properties)]
    #[properties(wrapper_type = super::Looks)]
    pub struct Looks {
        /// Messages are lines rather than bubbles.
        #[property(get)]
        pub(super) lines: Cell<bool>,
        #[property(get)]
        pub(super) compact: Cell<bool>,
        /// Text is so large that names stand over their messages.
        #[property(get)]
        pub(super) large: Cell<bool>,
        /// There is so little room that names stand over their messages.
        #[property(get)]
        pub(super) narrow: Cell<bool>,
        pub(super) text_size: Cell<TextSize>,
        /// How a few choices stand beside or, where text is very large, below each other.
        #[property(get, builder(gtk::Orientation::Horizontal))]
        pub(super) choices: Cell<gtk::Orientation>,
        #[property(get)]
        pub(super) room_avatar: Cell<i32>,
        #[property(get)]
        pub(super) message_avatar: Cell<i32>,
        /// Another one whenever a row may have another height than before.
        #[property(get)]
        pub(super) revision: Cell<u32>,
        /// Another one whenever the files of themes changed, or which of them is shown.
        #[property(get)]
        pub(super) themes: Cell<u32>,
    }

    impl Default for Looks {
        fn default() -> Self {
            Self {
                lines: Cell::default(),
                compact: Cell::default(),
                large: Cell::default(),
                narrow: Cell::default(),
                text_size: Cell::default(),
                choices: Cell::new(gtk::Orientation::Horizontal),
                room_avatar: Cell::new(ROOM_AVATARS.0),
                message_avatar: Cell::new(MESSAGE_AVATARS.0),
                revision: Cell::default(),
                themes: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Looks {
        const NAME: &'static str = "TertuliaLooks";
        type Type = super::Looks;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Looks {}
}

glib::wrapper! {
    /// One per process: [`Looks::shared`].
    pub struct Looks(ObjectSubclass<imp::Looks>);
}

impl Looks {
    /// The one there is.
    pub(crate) fn shared() -> Self {
        thread_local! {
            static SHARED: Looks = glib::Object::new();
        }
        SHARED.with(Self::clone)
    }

    /// Puts what stands in a box below each other where text is very large, beside each other else.
    pub(crate) fn turn(&self, choices: &gtk::Box) {
        self.bind_property("choices", choices, "orientation").sync_create().build();
    }

    /// Messages have a width of so many pixels.
    pub(crate) fn set_width(&self, width: i32) {
        let narrow = width < NARROW;
        if self.imp().narrow.replace(narrow) == narrow {
            return;
        }
        self.notify_narrow();
        if self.lines() {
            // Not while widgets get their sizes, in which this is told.
            glib::idle_add_local_once(clone!(
                #[weak(rename_to = looks)]
                self,
                move || looks.rows_changed()
            ));
        }
    }

    pub(super) fn show(&self, appearance: &Appearance) {
        let imp = self.imp();
        let before = (self.lines(), self.compact(), imp.text_size.get());
        let compact = appearance.density == Density::Compact;
        let of = |(comfortable, tight)| if compact { tight } else { comfortable };
        imp.lines.set(appearance.messages == Messages::Lines);
        imp.compact.set(compact);
        imp.large.set(appearance.text_size.is_large());
        imp.message_avatar.set(of(MESSAGE_AVATARS));
        imp.room_avatar.set(of(ROOM_AVATARS));
        imp.choices.set(match appearance.text_size.stacks() {
            true => gtk::Orientation::Vertical,
            false => gtk::Orientation::Horizontal,
        });
        self.notify_room_avatar();
        self.notify_choices();
        // Colours alone change no height.
        imp.text_size.set(appearance.text_size);
        if before != (self.lines(), self.compact(), appearance.text_size) {
            self.rows_changed();
        }
    }

    /// Rows may be higher or less high than they were, or say something else.
    pub(crate) fn rows_changed(&self) {
        self.imp().revision.set(self.revision().wrapping_add(1));
        self.notify_revision();
    }

    pub(super) fn themes_changed(&self) {
        self.imp().themes.set(self.themes().wrapping_add(1));
        self.notify_themes();
    }
}
