//! Over the composer: the message that is about to be answered.

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::Item;

use super::quote::said;
use crate::i18n::{fill, tr};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/answer_bar.ui")]
    pub struct AnswerBar {
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AnswerBar {
        const NAME: &'static str = "TertuliaAnswerBar";
        type Type = super::AnswerBar;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for AnswerBar {}
    impl WidgetImpl for AnswerBar {}
    impl BoxImpl for AnswerBar {}
}

glib::wrapper! {
    /// Its button asks for `chat.drop-answer`.
    pub struct AnswerBar(ObjectSubclass<imp::AnswerBar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl AnswerBar {
    /// Shows what is about to be answered; `None`: nothing is.
    pub(super) fn set(&self, item: Option<&Item>) {
        let imp = self.imp();
        self.set_visible(item.is_some());
        if let Some(item) = item {
            let (name, text) = said(item);
            imp.name.set_label(&if item.mine {
                tr("Reply to yourself").to_owned()
            } else {
                fill(tr("Reply to {name}"), &[("name", &name)])
            });
            imp.text.set_label(&text);
        }
    }
}
