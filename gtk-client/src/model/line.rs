//! A line of a timeline as a list item.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use gtk::{glib, subclass::prelude::*};
use tertulia_client::{Item, proto::MessageId};

use super::{
    Line, Stage,
    census::{Counted, LINES},
};

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct TimelineLine {
        pub(super) line: OnceCell<Line>,
        /// Width, revision of the look, height.
        pub(super) height: Cell<Option<(i32, u32, i32)>>,
        pub(super) _counted: Counted<LINES>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for TimelineLine {
        const NAME: &'static str = "TertuliaTimelineLine";
        type Type = super::TimelineLine;
    }

    impl ObjectImpl for TimelineLine {}
}

glib::wrapper! {
    /// Plain fields rather than properties: there may be thousands of these, and what changes is
    /// replaced.
    pub struct TimelineLine(ObjectSubclass<imp::TimelineLine>);
}

impl TimelineLine {
    /// Wraps a line.
    pub(crate) fn new(line: Line) -> Self {
        let object: Self = glib::Object::new();
        // Just made, so the cell is empty and the line goes in.
        let _ = object.imp().line.set(line);
        object
    }

    /// What it shows.
    pub(crate) fn line(&self) -> &Line {
        self.imp().line.get().expect("`new` is the only constructor and sets it")
    }

    /// The message that it shows.
    pub(crate) fn message(&self) -> Option<&Rc<Item>> {
        match self.line() {
            Line::Message { item, .. } => Some(item),
            _ => None,
        }
    }

    /// The id of that message.
    pub(crate) fn message_id(&self) -> Option<MessageId> {
        self.message()?.message_id
    }

    /// Whether its message's file was saved.
    pub(crate) fn is_file_here(&self) -> bool {
        let Line::Message { carried: Some(carried), .. } = self.line() else { return false };
        matches!(carried.stage, Stage::Here(_))
    }

    /// How high it was when last laid out at this width and in this look: a row bound again is not
    /// laid out until it really comes into sight.
    pub(crate) fn height_at(&self, width: i32, look: u32) -> Option<i32> {
        let (at, within, height) = self.imp().height.get()?;
        ((at, within) == (width, look)).then_some(height)
    }

    /// Remembers a height.
    pub(crate) fn remember_height(&self, width: i32, look: u32, height: i32) {
        self.imp().height.set(Some((width, look, height)));
    }
}
