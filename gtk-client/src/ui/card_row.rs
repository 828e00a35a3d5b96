//! Something told to this reader only: who is connected, what can be typed.

use gtk::{glib, prelude::*, subclass::prelude::*};

use crate::model::Card;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/card_row.ui")]
    pub struct CardRow {
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) note: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) body: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) dismiss: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CardRow {
        const NAME: &'static str = "TertuliaCardRow";
        type Type = super::CardRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for CardRow {}
    impl WidgetImpl for CardRow {}
    impl BoxImpl for CardRow {}
}

glib::wrapper! {
    /// Shows one card at a time.
    pub struct CardRow(ObjectSubclass<imp::CardRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for CardRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl CardRow {
    /// Shows a card.
    pub(crate) fn bind(&self, card: &Card) {
        let imp = self.imp();
        imp.title.set_label(&card.title);
        imp.note.set_label(&card.note);
        imp.body.set_label(&card.body);
        // The target first: an action with a target of the wrong type is complained about.
        imp.dismiss.set_action_target_value(Some(&card.id.to_variant()));
        imp.dismiss.set_action_name(Some("chat.dismiss"));
    }
}
