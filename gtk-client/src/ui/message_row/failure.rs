//! Why a message was not sent, and what can be done about it.

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::proto::{MessageId, Refusal};

use crate::{
    i18n::{fill, tr},
    sentences,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/failure.ui")]
    pub struct Failure {
        #[template_child]
        pub(super) reason: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) discard: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Failure {
        const NAME: &'static str = "TertuliaFailure";
        type Type = super::Failure;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Failure {}
    impl WidgetImpl for Failure {}
    impl BoxImpl for Failure {}
}

glib::wrapper! {
    /// Asks for `chat.retry` and `chat.discard`.
    pub struct Failure(ObjectSubclass<imp::Failure>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for Failure {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Failure {
    /// Of this message.
    pub(super) fn set(&self, refusal: Refusal, id: MessageId) {
        let imp = self.imp();
        let reason = sentences::refusal(refusal);
        imp.reason.set_label(&fill(tr("Not sent. {reason}"), &[("reason", &reason)]));
        let target = id.to_string().to_variant();
        for (button, action) in [(&imp.retry, "chat.retry"), (&imp.discard, "chat.discard")] {
            // The target first: an action with a target of the wrong type is complained about.
            button.set_action_target_value(Some(&target));
            button.set_action_name(Some(action));
        }
    }
}
