//! The list of themes: what there is, what is wrong with a file, import and export.

use std::path::Path;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::certs::files::create_private_dir;

use super::AppearanceWindow;
use crate::{
    appearance::{self, Looks, Rgb},
    i18n::{figure, fill, tr},
    theme::{self, Found, Theme},
};

/// A picture of a theme: bands of its colours, in pixels.
const SWATCH: (i32, i32) = (60, 24);
const BANDS: [&str; 4] = ["window_bg", "sidebar_bg", "bubble_bg", "own_bubble_bg"];

impl AppearanceWindow {
    pub(super) fn follow_themes(&self) {
        let imp = self.imp();
        // There from now on, so that a file can be put into it, and is seen when it is.
        let folder = theme::folder();
        let parents = folder.parent().map_or(Ok(()), create_private_dir);
        if let Err(error) = parents.and_then(|()| create_private_dir(&folder)) {
            eprintln!("tertulia: {} can't be made: {error}", folder.display());
        }
        theme::watch();
        self.list_themes();
        let window = self.clone();
        Looks::shared().connect_closure(
            "notify::themes",
            false,
            glib::closure_local!(
                #[watch]
                window,
                move |_: Looks, _: glib::ParamSpec| window.list_themes()
            ),
        );
        imp.import.connect_clicked(clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.ask_import()
        ));
        imp.export.connect_clicked(clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.ask_export()
        ));
    }

    /// Puts a file into the person's folder, and shows it.
    pub(crate) fn import(&self, path: &Path) {
        match theme::import(path) {
            Ok(id) => {
                self.tell(None);
                appearance::change(|appearance| appearance.theme = Some(id));
            }
            Err(problem) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let words = [("file", &*name), ("problem", &problem.to_string())];
                self.tell(Some(&fill(tr("{file} was not taken. {problem}"), &words)));
            }
        }
    }

    /// Writes what is shown into a file.
    pub(crate) fn export(&self, path: &Path) {
        let theme = appearance::shown_theme();
        let written = match &theme {
            Some(theme) => theme::export(theme, path),
            None => theme::export(&Theme::of_accent(appearance::shown().accent), path),
        };
        self.tell(written.err().map(|error| error.to_string()).as_deref());
    }

    fn list_themes(&self) {
        let list = &self.imp().themes;
        let focused = self.focused_theme();
        while let Some(row) = list.first_child() {
            list.remove(&row);
        }
        let chosen = appearance::shown().theme;
        let found = theme::list();
        let chosen = found.iter().find(|found| Some(&found.id) == chosen.as_ref());
        let usual = choice();
        let row = adw::ActionRow::builder().title(tr("Usual")).build();
        follow(&usual, &row, None, chosen.is_none());
        list.append(&row);
        for theme in &found {
            let check = choice();
            check.set_group(Some(&usual));
            let row = theme_row(theme);
            let is_chosen = chosen.is_some_and(|chosen| chosen.id == theme.id);
            follow(&check, &row, Some(theme.id.clone()), is_chosen);
            // What can't be read can't be chosen; what was chosen before can be left.
            row.set_sensitive(theme.theme.is_ok() || is_chosen);
            list.append(&row);
        }
        if let Some(row) = focused.and_then(|at| list.row_at_index(at)) {
            row.grab_focus();
        }
    }

    /// Which row has the focus.
    fn focused_theme(&self) -> Option<i32> {
        let focus = GtkWindowExt::focus(self)?;
        let row = focus.ancestor(gtk::ListBoxRow::static_type()).and_downcast::<gtk::ListBoxRow>();
        row.filter(|row| row.is_ancestor(&*self.imp().themes)).map(|row| row.index())
    }

    fn tell(&self, text: Option<&str>) {
        let told = &self.imp().told;
        told.set_visible(text.is_some());
        told.set_label(text.unwrap_or_default());
    }

    fn ask_import(&self) {
        let chooser = gtk::FileChooserNative::new(
            Some(tr("Import a theme")),
            Some(self),
            gtk::FileChooserAction::Open,
            Some(tr("Import")),
            None,
        );
        let filter = gtk::FileFilter::new();
        filter.set_name(Some(tr("Themes")));
        filter.add_suffix("toml");
        chooser.add_filter(&filter);
        self.ask(chooser, |window, path| window.import(path));
    }

    fn ask_export(&self) {
        let chooser = gtk::FileChooserNative::new(
            Some(tr("Export the theme")),
            Some(self),
            gtk::FileChooserAction::Save,
            Some(tr("Export")),
            None,
        );
        let id = appearance::shown().theme;
        chooser.set_current_name(&format!("{}.toml", id.as_deref().unwrap_or("tertulia")));
        self.ask(chooser, |window, path| window.export(path));
    }

    fn ask(&self, chooser: gtk::FileChooserNative, take: fn(&Self, &Path)) {
        chooser.set_modal(true);
        chooser.connect_response(clone!(
            #[weak(rename_to = window)]
            self,
            // Nothing else holds it while it is open.
            #[strong]
            chooser,
            move |_, response| {
                chooser.destroy();
                let path = chooser.file().and_then(|file| file.path());
                if let (gtk::ResponseType::Accept, Some(path)) = (response, path) {
                    take(&window, &path);
                }
            }
        ));
        chooser.show();
    }
}

fn theme_row(found: &Found) -> adw::ActionRow {
    // A file says its name: it is no markup.
    let row = adw::ActionRow::builder().use_markup(false).title(&found.title).build();
    row.set_title_lines(2);
    row.set_subtitle_lines(4);
    match &found.theme {
        Ok(theme) => {
            row.add_suffix(&swatch(theme));
            if let Some((name, contrast)) = theme.hard_to_read() {
                let words = [("name", name), ("n", &figure(&format!("{contrast:.1}")))];
                row.set_subtitle(&fill(tr("Hard to read: {name} ({n}:1)"), &words));
            }
        }
        Err(problem) => {
            row.set_subtitle(&problem.to_string());
            let icon = gtk::Image::from_icon_name("dialog-warning-symbolic");
            icon.add_css_class("error");
            row.add_suffix(&icon);
        }
    }
    row
}

/// As a radio button, but one that assistive technology can press in GTK 4.8.
fn choice() -> gtk::ToggleButton {
    gtk::ToggleButton::builder()
        .icon_name("object-select-symbolic")
        .css_classes(["circular", "theme-choice"])
        .build()
}

fn follow(check: &gtk::ToggleButton, row: &adw::ActionRow, id: Option<String>, is_chosen: bool) {
    check.set_valign(gtk::Align::Center);
    check.set_active(is_chosen);
    row.add_prefix(check);
    row.set_activatable_widget(Some(check));
    check.connect_toggled(move |check| {
        if check.is_active() {
            let id = id.clone();
            // Later: it lists the themes anew, this row among them.
            glib::idle_add_local_once(|| {
                appearance::change(|appearance| appearance.theme = id);
            });
        }
    });
}

/// Its colours as they are shown now, dark or light.
fn swatch(theme: &Theme) -> gtk::DrawingArea {
    let dark = adw::StyleManager::default().is_dark();
    let palette = theme.palette(dark).or_else(|| theme.palette(!dark));
    let colour = |name| palette.and_then(|palette| palette.colour(name));
    let usual = if dark { Rgb([0x24; 3]) } else { Rgb([0xfa; 3]) };
    let ground = colour("window_bg").unwrap_or(usual);
    let bands = BANDS.map(|name| colour(name).or_else(|| colour("accent_bg")).unwrap_or(ground));
    let (width, height) = SWATCH;
    let area = gtk::DrawingArea::builder()
        .content_width(width)
        .content_height(height)
        .valign(gtk::Align::Center)
        .overflow(gtk::Overflow::Hidden)
        .css_classes(["swatch"])
        .build();
    area.set_draw_func(move |_, context, width, height| {
        let wide = f64::from(width) / bands.len() as f64;
        for (at, Rgb(channels)) in bands.iter().enumerate() {
            let [red, green, blue] = channels.map(|channel| f64::from(channel) / 255.0);
            context.set_source_rgb(red, green, blue);
            context.rectangle(at as f64 * wide, 0.0, wide, height.into());
            // A drawing that fails shows less.
            let _ = context.fill();
        }
    });
    area
}
