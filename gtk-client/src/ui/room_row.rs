//! A room in the list of rooms.

use std::cell::RefCell;

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::proto::RoomKind;

use crate::{
    appearance::Looks,
    i18n::{tr, trn},
    model::Room,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/room_row.ui")]
    pub struct RoomRow {
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) here: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) spoken: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) lock: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) muted: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) time: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) preview: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) mentions: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) mentions_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread_text: TemplateChild<gtk::Label>,
        pub(super) shown: RefCell<Option<(Room, [glib::SignalHandlerId; 6])>>,
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

    impl ObjectImpl for RoomRow {
        fn constructed(&self) {
            self.parent_constructed();
            Looks::shared()
                .bind_property("room-avatar", &*self.avatar, "size")
                .sync_create()
                .build();
        }
    }
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
        self.unbind();
        let show = clone!(
            #[weak(rename_to = row)]
            self,
            move |room: &Room| row.show(room)
        );
        show(room);
        let handlers = [
            room.connect_changed(show.clone()),
            room.connect_unread_notify(show.clone()),
            room.connect_online_notify(show.clone()),
            room.connect_muted_notify(show.clone()),
            room.connect_loud_notify(show.clone()),
            room.connect_draft_notify(show),
        ];
        self.imp().shown.replace(Some((room.clone(), handlers)));
    }

    /// The room shown.
    pub(super) fn room(&self) -> Option<Room> {
        self.imp().shown.borrow().as_ref().map(|(room, _)| room.clone())
    }

    /// Lets the room go.
    pub(crate) fn unbind(&self) {
        if let Some((room, handlers)) = self.imp().shown.take() {
            handlers.into_iter().for_each(|handler| room.disconnect(handler));
        }
    }

    fn show(&self, room: &Room) {
        let imp = self.imp();
        let is_direct = room.kind() == RoomKind::Direct;
        let title = room.title();
        // Initials without the hash.
        imp.avatar.set_text(Some(title.trim_start_matches('#')));
        imp.title.set_label(&title);
        imp.lock.set_visible(room.kind() == RoomKind::Private);
        imp.muted.set_visible(room.muted());
        imp.here.set_visible(is_direct && room.online());
        imp.time.set_label(&room.time());
        let draft = room.draft_line();
        imp.preview.set_label(draft.as_deref().unwrap_or(&room.preview()));
        let (unread, mentions) = (room.unread(), room.mentions());
        // In a room of two everything is said to the reader.
        let tells_mentions = mentions > 0 && !is_direct;
        imp.mentions.set_visible(tells_mentions);
        imp.mentions.set_label(&format!("@{}", short_count(mentions)));
        imp.unread.set_visible(unread > 0);
        imp.unread.set_label(&short_count(unread));
        // As loud as one wishes to be told.
        let quiet = !room.loud();
        imp.unread.set_css_classes(if quiet { &["badge", "quiet-badge"] } else { &["badge"] });
        let unread_text = trn("one unread message", "{n} unread messages", unread.into());
        let mentions_text = trn("one names you", "{n} name you", mentions.into());
        imp.unread_text.set_label(&unread_text);
        imp.mentions_text.set_label(&mentions_text);
        let words = [
            Some(title.as_str()),
            (room.kind() == RoomKind::Private).then(|| tr("private")),
            is_direct.then(|| if room.online() { tr("here") } else { tr("direct message") }),
            room.archived().then(|| tr("archived")),
            room.muted().then(|| tr("without notifications")),
            draft.as_ref().map(|_| tr("with a draft")),
            (unread > 0).then_some(&*unread_text),
            tells_mentions.then_some(&*mentions_text),
        ];
        imp.spoken.set_label(&words.into_iter().flatten().collect::<Vec<_>>().join(", "));
        if room.archived() {
            self.add_css_class("archived");
        } else {
            self.remove_css_class("archived");
        }
    }
}

/// As a badge shows it.
pub(super) fn short_count(count: u32) -> String {
    if count > 999 { "999+".to_owned() } else { count.to_string() }
}
