//! A member: name, whether they are here, what they are on the server.

use gtk::{glib, prelude::*, subclass::prelude::*};

use crate::{i18n::tr, model::PersonObject, sentences};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/member_row.ui")]
    pub struct MemberRow {
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) dot: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MemberRow {
        const NAME: &'static str = "TertuliaMemberRow";
        type Type = super::MemberRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for MemberRow {}
    impl WidgetImpl for MemberRow {}
    impl BoxImpl for MemberRow {}
}

glib::wrapper! {
    /// Shows one person at a time.
    pub struct MemberRow(ObjectSubclass<imp::MemberRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for MemberRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl MemberRow {
    /// Shows a person.
    pub(crate) fn bind(&self, object: &PersonObject) {
        let (imp, person) = (self.imp(), object.person());
        imp.avatar.set_text(Some(person.display.as_str()));
        imp.name.set_label(person.display.as_str());
        self.set_tooltip_text(Some(&format!("@{}", person.handle)));
        let presence = if person.online { tr("here") } else { tr("away") };
        let words =
            [Some(presence), object.is_me().then(|| tr("you")), sentences::role(person.role)];
        let words: Vec<_> = words.into_iter().flatten().collect();
        imp.state.set_label(&words.join(" · "));
        imp.dot.set_css_classes(if person.online { &["dot", "here"] } else { &["dot"] });
    }
}
