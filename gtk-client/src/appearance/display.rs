//! Shows what was chosen on the default display: light or dark, colours, sizes.

use std::{
    cell::{OnceCell, RefCell},
    mem,
    rc::Rc,
};

use gtk::{gdk, prelude::*};

use super::{Appearance, Looks, Scheme, TextSize, actions, authors, load};
use crate::theme::{self, Found, Theme};

const COMPACT: &str = include_str!("../../data/compact.css");
const LARGE: &str = include_str!("../../data/large.css");
const LINES: &str = include_str!("../../data/lines.css");
const HIGH_CONTRAST: &str = include_str!("../../data/high-contrast.css");

/// To be called once, when the application starts.
pub(crate) fn start(application: &gtk::Application) {
    actions::add(application);
    apply(&load());
    let style = adw::StyleManager::default();
    style.connect_dark_notify(|_| show_style());
    style.connect_high_contrast_notify(|_| show_style());
    if let Some(settings) = gtk::Settings::default() {
        settings.connect_gtk_font_name_notify(|_| Looks::shared().rows_changed());
        settings.connect_gtk_xft_dpi_notify(|_| Looks::shared().rows_changed());
    }
}

/// Shows a choice.
pub(crate) fn apply(appearance: &Appearance) {
    let theme = find_theme(appearance);
    let scheme = theme.as_ref().and_then(|theme| theme.only_scheme()).unwrap_or(appearance.scheme);
    let before = SHOWN.with_borrow_mut(|shown| {
        shown.theme = theme;
        mem::replace(&mut shown.appearance, appearance.clone())
    });
    adw::StyleManager::default().set_color_scheme(match scheme {
        Scheme::System => adw::ColorScheme::Default,
        Scheme::Light => adw::ColorScheme::ForceLight,
        Scheme::Dark => adw::ColorScheme::ForceDark,
    });
    if before.text_size != appearance.text_size {
        show_text_size(appearance.text_size);
    }
    show_style();
    Looks::shared().show(appearance);
    Looks::shared().themes_changed();
    actions::show(appearance.text_size);
}

/// What shows now.
pub(crate) fn shown() -> Appearance {
    SHOWN.with_borrow(|shown| shown.appearance.clone())
}

/// The theme that shows now: also one whose file was good once and is broken since.
pub(crate) fn shown_theme() -> Option<Rc<Theme>> {
    SHOWN.with_borrow(|shown| shown.theme.clone())
}

/// Looks at the files again: they may have changed.
pub(crate) fn themes_changed() {
    let appearance = shown();
    if appearance.theme.is_some() {
        apply(&appearance);
    } else {
        Looks::shared().themes_changed();
    }
}

/// What a style sheet's named colour stands for now.
#[cfg(test)]
pub(crate) fn named_colour(widget: &impl IsA<gtk::Widget>, name: &str) -> Option<super::Rgb> {
    let colour = widget.style_context().lookup_color(name)?;
    let channel = |value: f32| (value * 255.0).round() as u8;
    Some(super::Rgb([channel(colour.red()), channel(colour.green()), channel(colour.blue())]))
}

/// What shows, so that it can be shown anew when the desktop goes dark.
#[derive(Default)]
struct Shown {
    appearance: Appearance,
    theme: Option<Rc<Theme>>,
}

thread_local! {
    static SHOWN: RefCell<Shown> = RefCell::default();
    static PROVIDER: OnceCell<gtk::CssProvider> = const { OnceCell::new() };
}

fn find_theme(appearance: &Appearance) -> Option<Rc<Theme>> {
    let id = appearance.theme.as_deref()?;
    match theme::find(id) {
        Some(Found { theme: Ok(theme), is_own, .. }) => {
            if is_own {
                theme::watch();
            }
            Some(theme)
        }
        Some(Found { theme: Err(problem), .. }) => {
            eprintln!("tertulia: the theme “{id}”: {problem}");
            theme::watch();
            // Somebody is at work on it: what it was stays until it can be read again.
            SHOWN.with_borrow(|shown| {
                let same = shown.appearance.theme.as_deref() == Some(id);
                shown.theme.clone().filter(|_| same)
            })
        }
        None => {
            eprintln!("tertulia: there is no theme “{id}”; the usual colours it is");
            None
        }
    }
}

/// Text as large as the desktop's, times the wish.
fn show_text_size(size: TextSize) {
    let Some(settings) = gtk::Settings::default() else {
        return;
    };
    // One change, not two: each lays all text out.
    let _told_once = settings.freeze_notify();
    settings.reset_property("gtk-xft-dpi");
    let desktop = settings.gtk_xft_dpi();
    // Without settings there is no desktop's size: GTK takes 96 dots per inch, in 1024ths.
    let desktop = if desktop > 0 { desktop } else { 96 * 1_024 };
    if size != TextSize::default() {
        settings.set_gtk_xft_dpi(desktop * i32::from(size.percent()) / 100);
    }
}

/// The style sheet of what was chosen, as it is in light or in dark, whichever there is now.
fn show_style() {
    let Some(display) = gdk::Display::default() else {
        return;
    };
    let style = adw::StyleManager::default();
    let css = SHOWN.with_borrow(|shown| css(shown, style.is_dark(), style.is_high_contrast()));
    PROVIDER.with(|provider| {
        let provider = provider.get_or_init(|| {
            let provider = gtk::CssProvider::new();
            // Over the theme and style.css, under a person's own ~/.config/gtk-4.0.
            let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION + 1;
            gtk::style_context_add_provider_for_display(&display, &provider, priority);
            provider
        });
        provider.load_from_data(&css);
    });
}

fn css(shown: &Shown, dark: bool, high_contrast: bool) -> String {
    let (appearance, theme) = (&shown.appearance, shown.theme.as_deref());
    let mut css = appearance.accent.css(dark);
    if appearance.density == super::Density::Compact {
        css += COMPACT;
    }
    if appearance.text_size.is_large() {
        css += LARGE;
    }
    if let Some(theme) = theme {
        css += &theme.css(dark);
    }
    let high_contrast = high_contrast || theme.is_some_and(Theme::is_high_contrast);
    let palette = theme.and_then(|theme| theme.palette(dark));
    css += &authors::css(palette, appearance.accent.ground(), dark, high_contrast);
    if appearance.messages == super::Messages::Lines {
        css += LINES;
    }
    if high_contrast {
        css += HIGH_CONTRAST;
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::{Density, Messages};

    #[test]
    fn each_wish_adds_its_sheet_and_high_contrast_is_over_all() {
        let plain = css(&Shown::default(), false, false);
        for sheet in [COMPACT, LARGE, LINES, HIGH_CONTRAST] {
            assert!(!plain.contains(sheet));
        }
        let appearance = Appearance {
            density: Density::Compact,
            messages: Messages::Lines,
            text_size: TextSize::from(200),
            ..Appearance::default()
        };
        let all = css(&Shown { appearance, theme: None }, true, true);
        for sheet in [COMPACT, LARGE, LINES] {
            assert!(all.contains(sheet));
        }
        assert!(all.ends_with(HIGH_CONTRAST), "the desktop's wish too");
    }

    #[test]
    fn a_themes_accent_is_over_the_chosen_one() {
        let theme = Theme::parse("[dark]\naccent_bg = \"#123456\"\n").unwrap();
        let shown = Shown { theme: Some(Rc::new(theme)), ..Shown::default() };
        let sheet = css(&shown, true, false);
        let (chosen, own) = (sheet.find("accent_bg_color #0f7681"), sheet.find("#123456"));
        assert!(chosen.unwrap() < own.unwrap());
    }
}
