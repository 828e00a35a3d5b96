//! A room in the list of rooms.

use std::cell::RefCell;

use gtk::{glib, prelude::*, subclass::prelude::*};

use crate::{i18n::trn, model::Room};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/room_row.ui")]
    pub struct RoomRow {
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) time: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) preview: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread_text: TemplateChild<gtk::Label>,
        pub(super) bindings: RefCell<Vec<glib::Binding>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for RoomRow {
        const NAME: &'static str = "TertuliaRoomRow";
        type Type = super::RoomRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for RoomRow {}
    impl WidgetImpl for RoomRow {}
    impl BoxImpl for RoomRow {}
}

glib::wrapper! {
    /// Shows one room at a time.
    pub struct RoomRow(ObjectSubclass<imp::RoomRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for RoomRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl RoomRow {
    /// Shows a room and follows its changes until [`Self::unbind`].
    pub(crate) fn bind(&self, room: &Room) {
        let imp = self.imp();
        let same = |property: &str, label: &gtk::Label| {
            room.bind_property(property, label, "label").sync_create().build()
        };
        imp.bindings.replace(vec![
            same("title", &imp.title),
            same("time", &imp.time),
            same("preview", &imp.preview),
            // Initials without the hash.
            room.bind_property("title", &*imp.avatar, "text")
                .transform_to(|_, title: String| Some(title.trim_start_matches('#').to_owned()))
                .sync_create()
                .build(),
            room.bind_property("unread", &*imp.unread, "label")
                .transform_to(|_, unread: u32| {
                    Some(if unread > 999 { "999+".to_owned() } else { unread.to_string() })
                })
                .sync_create()
                .build(),
            room.bind_property("unread", &*imp.unread, "visible")
                .transform_to(|_, unread: u32| Some(unread > 0))
                .sync_create()
                .build(),
            room.bind_property("unread", &*imp.unread_text, "label")
                .transform_to(|_, unread: u32| {
                    Some(trn("one unread message", "{n} unread messages", unread.into()))
                })
                .sync_create()
                .build(),
        ]);
    }

    /// Lets the room go.
    pub(crate) fn unbind(&self) {
        for binding in self.imp().bindings.take() {
            binding.unbind();
        }
    }
}
