//! The cell of the message list: holds whichever row its line needs.
//!
//! GTK keeps some 200 rows of a list and measures each. A wrapped label's minimum width costs ten
//! times its height at a given width, so the cell answers the horizontal question by constants and
//! remembers heights in the line: a bound row is laid out when it comes into sight, not before.

use std::cell::{Cell, RefCell};

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::Pattern;

use super::{card_row::CardRow, message_row::MessageRow, note_row::NoteRow};
use crate::{
    appearance::Looks,
    model::{
        Line, TimelineLine,
        census::{CELLS, Counted},
    },
};

/// The natural width: the list takes what it is given, up to its clamp.
const NATURAL_WIDTH: i32 = 420;
/// Where messages are chosen: the check stands at the start of the row, over the portraits.
const CHOICE: &str = "/org/tertulia/Tertulia/ui/choice.ui";
const CHOICE_WIDTH: i32 = 32;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct TimelineCell {
        pub(super) line: RefCell<Option<TimelineLine>>,
        pub(super) child: RefCell<Option<gtk::Widget>>,
        pub(super) choice: RefCell<Option<gtk::CheckButton>>,
        /// The check is being set, not clicked.
        pub(super) showing: Cell<bool>,
        pub(super) _counted: Counted<CELLS>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for TimelineCell {
        const NAME: &'static str = "TertuliaTimelineCell";
        type Type = super::TimelineCell;
        type ParentType = gtk::Widget;
    }

    impl ObjectImpl for TimelineCell {
        fn constructed(&self) {
            self.parent_constructed();
            let cell = self.obj().clone();
            Looks::shared().connect_closure(
                "notify::revision",
                false,
                glib::closure_local!(
                    #[watch]
                    cell,
                    move |_: Looks, _: glib::ParamSpec| cell.look_again()
                ),
            );
        }

        fn dispose(&self) {
            if let Some(child) = self.child.take() {
                child.unparent();
            }
            if let Some(choice) = self.choice.take() {
                choice.unparent();
            }
        }
    }

    impl WidgetImpl for TimelineCell {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            if orientation == gtk::Orientation::Horizontal {
                return (0, NATURAL_WIDTH, -1, -1);
            }
            let child = self.child.borrow();
            let Some(child) = &*child else {
                return (0, 0, -1, -1);
            };
            let width = if for_size < 0 { NATURAL_WIDTH } else { for_size };
            let line = self.line.borrow();
            let look = Looks::shared().revision();
            if let Some(height) = line.as_ref().and_then(|line| line.height_at(width, look)) {
                return (height, height, -1, -1);
            }
            let (_, height, _, _) = child.measure(orientation, width);
            if let Some(line) = &*line {
                line.remember_height(width, look, height);
            }
            (height, height, -1, -1)
        }

        fn size_allocate(&self, width: i32, height: i32, baseline: i32) {
            if let Some(child) = &*self.child.borrow() {
                child.allocate(width, height, baseline, None);
            }
            if let Some(choice) = self.choice.borrow().as_ref().filter(|choice| choice.is_visible())
            {
                let (_, wished, _, _) = choice.measure(gtk::Orientation::Vertical, CHOICE_WIDTH);
                let start = self.obj().direction() != gtk::TextDirection::Rtl;
                let x = if start { 0 } else { width - CHOICE_WIDTH };
                let y = (height - wished) / 2;
                choice.size_allocate(&gtk::Allocation::new(x, y, CHOICE_WIDTH, wished), -1);
            }
        }
    }
}

glib::wrapper! {
    /// See the module.
    pub struct TimelineCell(ObjectSubclass<imp::TimelineCell>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for TimelineCell {
    fn default() -> Self {
        // Expansion does not pass through a custom widget by itself.
        glib::Object::builder().property("hexpand", true).build()
    }
}

impl TimelineCell {
    /// Shows a line, in the row that is there if it is of the right kind.
    pub(crate) fn bind(&self, object: &TimelineLine) {
        match object.line() {
            Line::Message { item, first, last, names_me, answers, carried } => {
                let row = self.child_of_kind::<MessageRow>();
                row.bind(item, *first, *last, names_me.as_deref());
                row.bind_file(item, carried.as_ref());
                row.bind_answered(answers.as_ref());
            }
            Line::Card(card) => self.child_of_kind::<CardRow>().bind(card),
            Line::Day(day) => self.child_of_kind::<NoteRow>().bind_day(*day),
            Line::New => self.child_of_kind::<NoteRow>().bind_new(),
            Line::Note { item, to_me } => self.child_of_kind::<NoteRow>().bind_note(item, *to_me),
        }
        self.imp().line.replace(Some(object.clone()));
        self.queue_resize();
    }

    /// Whether its message is chosen; `None`: none can be now, or it shows no message.
    pub(crate) fn set_choice(&self, chosen: Option<bool>) {
        let imp = self.imp();
        if chosen.is_none() && imp.choice.borrow().is_none() {
            return;
        }
        let choice = self.choice();
        imp.showing.set(true);
        choice.set_visible(chosen.is_some());
        choice.set_active(chosen == Some(true));
        imp.showing.set(false);
        let class =
            |name, on| if on { self.add_css_class(name) } else { self.remove_css_class(name) };
        class("choosing", chosen.is_some());
        class("chosen", chosen == Some(true));
    }

    /// Which words stand out in its message, and whether it is the one that was gone to.
    pub(crate) fn set_found(&self, pattern: Option<&Pattern>, is_current: bool) {
        if let Some(row) = self.first_child().and_downcast::<MessageRow>() {
            row.set_found(pattern);
        }
        match is_current {
            true => self.add_css_class("found"),
            false => self.remove_css_class("found"),
        }
    }

    /// Made when first needed: most rows never are chosen.
    fn choice(&self) -> gtk::CheckButton {
        let imp = self.imp();
        if let Some(choice) = &*imp.choice.borrow() {
            return choice.clone();
        }
        let choice: gtk::CheckButton = gtk::Builder::from_resource(CHOICE)
            .object("choice")
            .expect("the template is a part of the program");
        choice.connect_toggled(clone!(
            #[weak(rename_to = cell)]
            self,
            move |_| {
                let id = cell.line().and_then(|line| line.message_id());
                if let (Some(id), false) = (id, cell.imp().showing.get()) {
                    // What stands outside a conversation chooses nothing.
                    let target = id.to_string().to_variant();
                    let _ = WidgetExt::activate_action(&cell, "chat.choose", Some(&target));
                }
            }
        ));
        choice.set_parent(self);
        imp.choice.replace(Some(choice.clone()));
        choice
    }

    /// What it shows.
    pub(crate) fn line(&self) -> Option<TimelineLine> {
        self.imp().line.borrow().clone()
    }

    /// The look changed: the row is arranged anew.
    fn look_again(&self) {
        if let Some(line) = self.line() {
            self.bind(&line);
        }
    }

    fn child_of_kind<T: IsA<gtk::Widget> + Default>(&self) -> T {
        let imp = self.imp();
        let present = imp.child.borrow().clone();
        if let Some(child) = present.clone().and_downcast::<T>() {
            return child;
        }
        if let Some(other) = present {
            other.unparent();
        }
        let child = T::default();
        // Under the check.
        child.insert_after(self, gtk::Widget::NONE);
        imp.child.replace(Some(child.clone().upcast()));
        child
    }
}
