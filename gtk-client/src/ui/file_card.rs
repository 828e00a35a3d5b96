//! The file of a message: what it is, how far it is on its way, and what can be done with it.

use std::cell::RefCell;

use gtk::{gio, glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Item, Progress,
    proto::{Attachment, FileName, size_in_words},
};

use crate::{
    i18n::{figure, fill, tr},
    model::{Carried, Errand, Parcel, Stage},
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/file_card.ui")]
    pub struct FileCard {
        #[template_child]
        pub(super) spoken: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) detail: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) save: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) open: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) cancel: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) bar: TemplateChild<gtk::ProgressBar>,
        pub(super) followed: RefCell<Option<(Parcel, glib::SignalHandlerId)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FileCard {
        const NAME: &'static str = "TertuliaFileCard";
        type Type = super::FileCard;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for FileCard {
        fn dispose(&self) {
            self.unfollow();
        }
    }
    impl WidgetImpl for FileCard {}
    impl BoxImpl for FileCard {}

    impl FileCard {
        pub(super) fn unfollow(&self) {
            if let Some((parcel, handler)) = self.followed.take() {
                parcel.disconnect(handler);
            }
        }
    }
}

glib::wrapper! {
    /// Asks for `chat.save-file` and `chat.open-file` with the message's id, for
    /// `chat.cancel-file` with the parcel's.
    pub struct FileCard(ObjectSubclass<imp::FileCard>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for FileCard {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl FileCard {
    /// Shows the file of a message, and how far it is with it.
    pub(super) fn set(&self, item: &Item, file: &Attachment, carried: Option<&Carried>) {
        let imp = self.imp();
        imp.unfollow();
        imp.icon.set_from_gicon(&icon_of(&file.name));
        // It is a stranger's, and may be written to look like another one.
        let name = FileName::tamed(file.name.as_str());
        imp.name.set_label(name.as_str());
        imp.name.set_tooltip_text(Some(name.as_str()));
        // Of what is sent nobody knows before it was looked at.
        let size = match carried.filter(|_| item.seq.is_none()) {
            Some(carried) => carried.parcel.progress().total,
            None => file.size,
        };
        let size = figure(&size_in_words(size));
        imp.spoken.set_label(&fill(
            tr("File {name}, {size}"),
            &[("name", name.as_str()), ("size", &size)],
        ));
        let stage = carried.map(|carried| &carried.stage);
        let is_placed = item.seq.is_some();
        let is_moving = matches!(stage, Some(Stage::Moving));
        let is_here = matches!(stage, Some(Stage::Here(_)));
        imp.save.set_visible(is_placed && stage.is_none());
        imp.open.set_visible(is_here);
        imp.cancel.set_visible(is_moving);
        imp.bar.set_visible(is_moving);
        imp.detail.set_label(&size);
        let is_own = |carried: &Carried| matches!(carried.parcel.errand(), Errand::Send { .. });
        if is_here && !carried.is_some_and(is_own) {
            imp.detail.set_label(&fill(tr("{size} · saved"), &[("size", &size)]));
        }
        let id = item.message_id.map(|id| id.to_string().to_variant());
        act(&imp.save, "chat.save-file", id.as_ref());
        act(&imp.open, "chat.open-file", id.as_ref());
        let Some(Carried { parcel, .. }) = carried.filter(|_| is_moving) else { return };
        act(&imp.cancel, "chat.cancel-file", Some(&parcel.id().to_variant()));
        let handler = parcel.connect_changed(clone!(
            #[weak(rename_to = card)]
            self,
            move |parcel| card.show_progress(parcel)
        ));
        imp.followed.replace(Some((parcel.clone(), handler)));
        self.show_progress(parcel);
    }

    fn show_progress(&self, parcel: &Parcel) {
        let imp = self.imp();
        let Progress { done, total } = parcel.progress();
        let part = if total == 0 { 0.0 } else { done as f64 / total as f64 };
        imp.bar.set_fraction(part.clamp(0.0, 1.0));
        let [done, total] = [done, total].map(|bytes| figure(&size_in_words(bytes)));
        imp.detail.set_label(&match (parcel.is_held(), parcel.progress().total) {
            (true, _) => tr("Waits for the connection").to_owned(),
            (false, 0) => tr("Waiting…").to_owned(),
            (false, _) => fill(tr("{done} of {total}"), &[("done", &done), ("total", &total)]),
        });
    }
}

/// By what the name says of it; what is in it is nobody's business yet.
fn icon_of(name: &FileName) -> gio::Icon {
    let (kind, _) = gio::content_type_guess(Some(name.as_str()), None::<&[u8]>);
    gio::content_type_get_symbolic_icon(&kind)
}

fn act(button: &gtk::Button, action: &str, target: Option<&glib::Variant>) {
    // The target first: an action with a target of the wrong type is complained about.
    button.set_action_target_value(target);
    button.set_action_name(target.map(|_| action));
}
