//! Light or dark, and the accent colour. A choice shows at once and is kept.

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use crate::appearance::{self, Accent, Appearance, Scheme};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/appearance_window.ui")]
    pub struct AppearanceWindow {
        #[template_child]
        pub(super) system: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) light: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) dark: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) teal: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) blue: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) violet: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) rose: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) amber: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) green: TemplateChild<gtk::ToggleButton>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AppearanceWindow {
        const NAME: &'static str = "TertuliaAppearanceWindow";
        type Type = super::AppearanceWindow;
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

    impl ObjectImpl for AppearanceWindow {
        fn constructed(&self) {
            self.parent_constructed();
            let chosen = appearance::load();
            let schemes = [
                (&*self.system, Scheme::System),
                (&*self.light, Scheme::Light),
                (&*self.dark, Scheme::Dark),
            ];
            for (button, scheme) in schemes {
                button.set_active(chosen.scheme == scheme);
                follow(button, move |appearance| appearance.scheme = scheme);
            }
            let accents = [
                (&*self.teal, Accent::Teal),
                (&*self.blue, Accent::Blue),
                (&*self.violet, Accent::Violet),
                (&*self.rose, Accent::Rose),
                (&*self.amber, Accent::Amber),
                (&*self.green, Accent::Green),
            ];
            for (button, accent) in accents {
                button.set_active(chosen.accent == accent);
                follow(button, move |appearance| appearance.accent = accent);
            }
        }
    }

    impl WidgetImpl for AppearanceWindow {}
    impl WindowImpl for AppearanceWindow {}
    impl AdwWindowImpl for AppearanceWindow {}
}

glib::wrapper! {
    /// Changes what is on the display and in the file.
    pub struct AppearanceWindow(ObjectSubclass<imp::AppearanceWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl AppearanceWindow {
    /// A window over `parent`.
    pub(crate) fn new(parent: &impl IsA<gtk::Window>) -> Self {
        glib::Object::builder().property("transient-for", parent).build()
    }
}

fn follow(button: &gtk::ToggleButton, choose: impl Fn(&mut Appearance) + 'static) {
    button.connect_active_notify(move |button| {
        if !button.is_active() {
            return;
        }
        let mut appearance = appearance::load();
        choose(&mut appearance);
        appearance::apply(appearance);
        if let Err(error) = appearance::save(appearance) {
            eprintln!("tertulia: the appearance can't be kept: {error}");
        }
    });
}
