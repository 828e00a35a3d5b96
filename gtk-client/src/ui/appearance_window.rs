//! The look: style, colour, messages, sizes, themes. A choice shows at once and is kept.

mod themes;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};

use crate::{
    appearance::{self, Accent, Appearance, Density, Looks, Messages, Scheme},
    i18n::{fill, tr},
    theme,
};

/// The size it takes beside a large window, and over a small one the least.
const WIDTHS: (i32, i32) = (340, 440);
const HEIGHTS: (i32, i32) = (340, 760);

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/appearance_window.ui")]
    pub struct AppearanceWindow {
        #[template_child]
        pub(super) style_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(super) schemes: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) system: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) light: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) dark: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) colour_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(super) accents: TemplateChild<gtk::FlowBox>,
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
        #[template_child]
        pub(super) arrangements: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) densities: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) files: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) bubbles: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) lines: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) comfortable: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) compact: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) size: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) theme_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(in crate::ui) themes: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) import: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) export: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) told: TemplateChild<gtk::Label>,
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
            follow(&self.system, Scheme::System, chosen.scheme, |look| &mut look.scheme);
            follow(&self.light, Scheme::Light, chosen.scheme, |look| &mut look.scheme);
            follow(&self.dark, Scheme::Dark, chosen.scheme, |look| &mut look.scheme);
            for (button, accent) in [
                (&*self.teal, Accent::Teal),
                (&*self.blue, Accent::Blue),
                (&*self.violet, Accent::Violet),
                (&*self.rose, Accent::Rose),
                (&*self.amber, Accent::Amber),
                (&*self.green, Accent::Green),
            ] {
                follow(button, accent, chosen.accent, |look| &mut look.accent);
            }
            follow(&self.bubbles, Messages::Bubbles, chosen.messages, |look| &mut look.messages);
            follow(&self.lines, Messages::Lines, chosen.messages, |look| &mut look.messages);
            let comfortable = Density::Comfortable;
            follow(&self.comfortable, comfortable, chosen.density, |look| &mut look.density);
            follow(&self.compact, Density::Compact, chosen.density, |look| &mut look.density);
            self.obj().follow_looks();
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
        let window: Self = glib::Object::builder()
            .property("transient-for", parent)
            // Its buttons use the application's actions.
            .property("application", parent.application())
            .build();
        let (width, height) = (parent.as_ref().width(), parent.as_ref().height());
        window
            .set_default_size(width.clamp(WIDTHS.0, WIDTHS.1), height.clamp(HEIGHTS.0, HEIGHTS.1));
        window
    }

    fn follow_looks(&self) {
        let imp = self.imp();
        let folder = theme::folder();
        let folder = folder.to_string_lossy();
        let home = glib::home_dir();
        // As it is usually written.
        let folder = match folder.strip_prefix(&*home.to_string_lossy()) {
            Some(within) => format!("~{within}"),
            None => folder.into_owned(),
        };
        imp.theme_group.set_description(Some(&glib::markup_escape_text(&fill(
            tr("Your own are files in {folder}. What you save there shows at once."),
            &[("folder", &folder)],
        ))));
        for choices in [&imp.schemes, &imp.arrangements, &imp.densities, &imp.files] {
            Looks::shared().turn(choices);
        }
        self.follow_themes();
        self.show_looks();
        for property in ["revision", "themes"] {
            let window = self.clone();
            Looks::shared().connect_closure(
                &format!("notify::{property}"),
                false,
                glib::closure_local!(
                    #[watch]
                    window,
                    move |_: Looks, _: glib::ParamSpec| window.show_looks()
                ),
            );
        }
    }

    /// What is not chosen by a button: the text's size, and what a theme decides.
    fn show_looks(&self) {
        let imp = self.imp();
        let percent = appearance::shown().text_size.percent().to_string();
        // A number and its sign stay in their order whichever way the words run.
        imp.size.set_direction(gtk::TextDirection::Ltr);
        imp.size.set_label(&fill(tr("{n} %"), &[("n", &percent)]));
        let theme = appearance::shown_theme();
        let only = theme.as_ref().and_then(|theme| theme.only_scheme());
        imp.schemes.set_sensitive(only.is_none());
        imp.style_group.set_description(match only {
            Some(Scheme::Dark) => Some(tr("This theme is dark only.")),
            Some(_) => Some(tr("This theme is light only.")),
            None => None,
        });
        let has_accent = theme.is_some_and(|theme| theme.has_accent());
        imp.accents.set_sensitive(!has_accent);
        imp.colour_group.set_description(has_accent.then(|| tr("The theme brings its own.")));
    }
}

/// Chooses a value by a button, which is down if that is what is chosen.
fn follow<T: Copy + PartialEq + 'static>(
    button: &gtk::ToggleButton,
    value: T,
    chosen: T,
    place: fn(&mut Appearance) -> &mut T,
) {
    button.set_active(value == chosen);
    button.connect_active_notify(clone!(move |button: &gtk::ToggleButton| {
        if button.is_active() {
            appearance::change(|appearance| *place(appearance) = value);
        }
    }));
}
