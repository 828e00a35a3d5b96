//! A message too long for its row.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use tertulia_client::{Item, proto::MessageText};

use super::over;
use crate::model::{clock, day_of, day_title};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/whole_message_window.ui")]
    pub struct WholeMessageWindow {
        #[template_child]
        pub(super) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::TextView>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for WholeMessageWindow {
        const NAME: &'static str = "TertuliaWholeMessageWindow";
        type Type = super::WholeMessageWindow;
        type ParentType = adw::Window;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
            klass.add_binding_action(
                gtk::gdk::Key::Escape,
                gtk::gdk::ModifierType::empty(),
                "window.close",
            );
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for WholeMessageWindow {}
    impl WidgetImpl for WholeMessageWindow {}
    impl WindowImpl for WholeMessageWindow {}
    impl AdwWindowImpl for WholeMessageWindow {}
}

glib::wrapper! {
    /// To be read and copied from.
    pub struct WholeMessageWindow(ObjectSubclass<imp::WholeMessageWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl WholeMessageWindow {
    /// A window over `parent`.
    pub(crate) fn new(parent: Option<&gtk::Window>, item: &Item, text: &MessageText) -> Self {
        let author = item.author.display.as_str();
        let window: Self = glib::Object::builder()
            .property("transient-for", parent)
            .property("title", author)
            .build();
        over::fit(&window);
        let imp = window.imp();
        imp.title.set_title(author);
        let day = day_title(day_of(item.time));
        imp.title.set_subtitle(&format!("{day} · {}", clock(item.time)));
        let buffer = imp.text.buffer();
        buffer.set_text(text.as_str());
        buffer.place_cursor(&buffer.start_iter());
        window
    }

    /// What it shows.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        let buffer = self.imp().text.buffer();
        let (begin, end) = buffer.bounds();
        buffer.text(&begin, &end, true).into()
    }
}
