//! A quiet line between messages: a day, what is new, what happened to the room.

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::Item;

use super::note;
use crate::{
    i18n::tr,
    model::{Day, day_title},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/note_row.ui")]
    pub struct NoteRow {
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) before: TemplateChild<gtk::Separator>,
        #[template_child]
        pub(super) after: TemplateChild<gtk::Separator>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for NoteRow {
        const NAME: &'static str = "TertuliaNoteRow";
        type Type = super::NoteRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for NoteRow {}
    impl WidgetImpl for NoteRow {}
    impl BoxImpl for NoteRow {}
}

glib::wrapper! {
    /// Shows one of the three at a time.
    pub struct NoteRow(ObjectSubclass<imp::NoteRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for NoteRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl NoteRow {
    /// What follows was written on this day.
    pub(crate) fn bind_day(&self, day: Day) {
        self.show(&day_title(day), "day");
    }

    /// What follows is new.
    pub(crate) fn bind_new(&self) {
        self.show(tr("New messages"), "new");
    }

    /// Something happened to the room; `to_me`: to the reader in it.
    pub(crate) fn bind_note(&self, item: &Item, to_me: bool) {
        self.show(&note::sentence(item, to_me), "note");
    }

    fn show(&self, text: &str, kind: &str) {
        let imp = self.imp();
        imp.text.set_label(text);
        imp.before.set_visible(kind == "new");
        imp.after.set_visible(kind == "new");
        self.set_css_classes(&["quiet", kind]);
    }
}
