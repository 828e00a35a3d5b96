//! Holds the text of a message and answers for its size.
//!
//! Boxes ask a wrapped label dozens of times how wide it would like to be, and each answer lays
//! the whole text out: 30 ms for 600 characters. This one lays it out once, unbroken, and then
//! only to tell a height.

use std::cell::Cell;

use gtk::{glib, pango, prelude::*, subclass::prelude::*};

/// The longest line of a bubble, in characters.
const MAX_WIDTH_CHARS: i32 = 58;
/// A line of so many is longer than that, however narrow they are.
const LONG_CHARS: usize = 3 * MAX_WIDTH_CHARS as usize;

/// Whether a line needs not be laid out to know that it is too long for a bubble.
fn is_long(text: &str) -> bool {
    text.lines().any(|line| line.len() > LONG_CHARS && line.chars().count() > LONG_CHARS)
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct BodyBin {
        pub(super) label: glib::WeakRef<gtk::Label>,
        /// The least and the wished width.
        pub(super) widths: Cell<Option<(i32, i32)>>,
        /// As wide as there is room, not as a bubble.
        pub(super) fills: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BodyBin {
        const NAME: &'static str = "TertuliaBodyBin";
        type Type = super::BodyBin;
        type ParentType = gtk::Widget;
        type Interfaces = (gtk::Buildable,);
    }

    impl ObjectImpl for BodyBin {
        fn dispose(&self) {
            if let Some(label) = self.label.upgrade() {
                label.unparent();
            }
        }
    }

    impl BuildableImpl for BodyBin {
        fn add_child(&self, builder: &gtk::Builder, child: &glib::Object, kind: Option<&str>) {
            match child.downcast_ref::<gtk::Label>() {
                Some(label) => {
                    label.set_parent(&*self.obj());
                    self.label.set(Some(label));
                }
                None => self.parent_add_child(builder, child, kind),
            }
        }
    }

    impl WidgetImpl for BodyBin {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            let Some(label) = self.label.upgrade() else {
                return (0, 0, -1, -1);
            };
            let (least, wished) = self.widths(&label);
            if orientation == gtk::Orientation::Horizontal {
                return (least, wished, -1, -1);
            }
            // Asked for the whole width of the list, though a bubble is as wide as it wishes.
            let width = if for_size < 0 { wished } else { for_size.min(wished) };
            // The label would first lay it out twice more, to know its own widths.
            let layout = label.layout().copy();
            if label.wraps() {
                layout.set_width(width.saturating_mul(pango::SCALE));
            }
            let (_, height) = layout.pixel_size();
            (height, height, -1, -1)
        }

        fn size_allocate(&self, width: i32, height: i32, baseline: i32) {
            if let Some(label) = self.label.upgrade() {
                label.allocate(width, height, baseline, None);
            }
        }
    }

    impl BodyBin {
        fn widths(&self, label: &gtk::Label) -> (i32, i32) {
            if let Some(widths) = self.widths.get() {
                return widths;
            }
            let metrics = label.pango_context().metrics(None, None);
            let char_width =
                metrics.approximate_char_width().max(metrics.approximate_digit_width());
            let chars = |count: i32| (count * char_width + pango::SCALE - 1) / pango::SCALE;
            let unbroken = || {
                let layout = label.create_pango_layout(Some(&label.text()));
                layout.set_attributes(label.attributes().as_ref());
                layout.pixel_size().0
            };
            let widths = if label.wraps() {
                let least = chars(label.width_chars());
                let longest = chars(MAX_WIDTH_CHARS);
                let wished = match (self.fills.get(), is_long(&label.text())) {
                    (true, _) => unbroken(),
                    (false, true) => longest,
                    (false, false) => unbroken().min(longest),
                };
                (least, wished.max(least))
            } else {
                let width = unbroken();
                (width, width)
            };
            self.widths.set(Some(widths));
            widths
        }
    }
}

glib::wrapper! {
    /// Has one label, by its template. To be told by [`Self::text_changed`] whenever that changes.
    pub struct BodyBin(ObjectSubclass<imp::BodyBin>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl BodyBin {
    /// Whether its lines may be longer than a bubble's. What follows is [`Self::text_changed`].
    pub(crate) fn set_fills(&self, fills: bool) {
        self.imp().fills.set(fills);
    }

    /// The label has another text, or shows it in another way.
    pub(crate) fn text_changed(&self) {
        self.imp().widths.set(None);
        self.queue_resize();
    }
}
