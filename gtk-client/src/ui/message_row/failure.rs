//! Why a message was not sent, and what can be done about it.

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::proto::{MessageId, Refusal};

use crate::{
    appearance::Looks,
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
        pub(super) buttons: TemplateChild<gtk::Box>,
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
    /// Asks for `chat.retry` and `chat.discard`, of a file for `chat.retry-file` and
    /// `chat.cancel-file`.
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
        let reason = sentences::refusal(refusal);
        let reason = fill(tr("Not sent. {reason}"), &[("reason", &reason)]);
        self.show(&reason, &id.to_string().to_variant(), ["chat.retry", "chat.discard"]);
    }

    /// Of this file.
    pub(super) fn set_of_file(&self, reason: &str, parcel: u64) {
        self.show(reason, &parcel.to_variant(), ["chat.retry-file", "chat.cancel-file"]);
    }

    fn show(&self, reason: &str, target: &glib::Variant, [retry, discard]: [&str; 2]) {
        let imp = self.imp();
        imp.reason.set_label(reason);
        // Beside each other they are wider than a telephone.
        let way = |vertical| match vertical {
            true => gtk::Orientation::Vertical,
            false => gtk::Orientation::Horizontal,
        };
        let looks = Looks::shared();
        self.set_orientation(way(looks.narrow() || looks.large()));
        imp.buttons.set_orientation(way(looks.large()));
        for (button, action) in [(&imp.retry, retry), (&imp.discard, discard)] {
            // The target first: an action with a target of the wrong type is complained about. And
            // no action while the target changes its type.
            button.set_action_name(None);
            button.set_action_target_value(Some(target));
            button.set_action_name(Some(action));
        }
    }
}
