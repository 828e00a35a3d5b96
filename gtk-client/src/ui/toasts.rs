//! Something said in passing.

use adw::prelude::*;
use gtk::pango;

/// What a toast has beside its title, in pixels.
const FRAME: i32 = 110;
/// The longest line, in pixels.
const LINE: i32 = 420;

/// Says it over these widgets. The text is broken into lines where it does not fit: a toast's own
/// title would be cut off, and in a narrow window that is most of what it says.
pub(super) fn say(toasts: &adw::ToastOverlay, text: &str) {
    let title = gtk::Label::builder()
        .label(text)
        .wrap(true)
        .wrap_mode(pango::WrapMode::WordChar)
        .xalign(0.0)
        .build();
    let line = LINE.min(toasts.width() - FRAME);
    let (unbroken, _) = title.create_pango_layout(Some(text)).pixel_size();
    // A bold font is some wider. A toast is as high as its title is at its wished width: that has
    // to be the real one.
    if unbroken * 5 / 4 > line {
        let metrics = title.pango_context().metrics(None, None);
        // GTK counts in the wider of both; bold, as it will be. Too wide a line would fold the window.
        let wide = metrics.approximate_char_width().max(metrics.approximate_digit_width());
        let chars = line * pango::SCALE / (wide * 6 / 5).max(1);
        title.set_width_chars(chars);
        title.set_max_width_chars(chars);
    }
    title.add_css_class("heading");
    let toast = adw::Toast::builder().custom_title(&title).build();
    toasts.add_toast(toast);
}
