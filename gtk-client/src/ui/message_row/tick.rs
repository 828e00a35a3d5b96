//! How far a message of one's own got.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::Delivery;

use crate::i18n::tr;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/tick.ui")]
    pub struct Tick {
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) words: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Tick {
        const NAME: &'static str = "TertuliaTick";
        type Type = super::Tick;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Tick {
        fn constructed(&self) {
            self.parent_constructed();
            self.icon.connect_query_tooltip(clone!(
                #[weak(rename_to = imp)]
                self,
                #[upgrade_or]
                false,
                move |_, _, _, _, tooltip| {
                    tooltip.set_text(Some(&imp.words.label()));
                    true
                }
            ));
        }
    }
    impl WidgetImpl for Tick {}
    impl BoxImpl for Tick {}
}

glib::wrapper! {
    /// An icon, and what it says.
    pub struct Tick(ObjectSubclass<imp::Tick>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for Tick {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Tick {
    /// Shows this.
    pub(super) fn set(&self, delivery: Delivery) {
        match delivery {
            Delivery::Pending => self.show("tertulia-pending-symbolic", tr("Waiting to be sent")),
            Delivery::Sent => self.show("tertulia-sent-symbolic", tr("Sent")),
            Delivery::Failed(_) => self.set_failed(),
        }
    }

    /// Shows that it did not get through.
    pub(super) fn set_failed(&self) {
        self.show("dialog-warning-symbolic", tr("Not sent"));
    }

    fn show(&self, icon: &str, text: &str) {
        let imp = self.imp();
        imp.icon.set_icon_name(Some(icon));
        imp.words.set_label(text);
    }
}
