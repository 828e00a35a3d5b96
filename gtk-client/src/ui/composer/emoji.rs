//! The emoji chooser, which is GTK's own. In it, Enter takes the first one found.

use std::time::Duration;

use gtk::{glib, glib::clone, prelude::*};

use super::imp;

/// GTK's chooser has its first ones by then.
const FILLED: Duration = Duration::from_millis(50);

impl imp::Composer {
    /// Made when first asked for: it is large.
    pub(super) fn make_emoji_chooser(&self, button: &gtk::MenuButton) {
        if button.popover().is_some() {
            return;
        }
        let chooser = gtk::EmojiChooser::new();
        let text = self.text.downgrade();
        chooser.connect_emoji_picked(move |_, emoji| {
            if let Some(text) = text.upgrade() {
                text.buffer().insert_at_cursor(emoji);
                text.grab_focus();
            }
        });
        let search = descendant(chooser.upcast_ref(), &|widget| widget.is::<gtk::SearchEntry>());
        if let Some(search) = search.and_downcast::<gtk::SearchEntry>() {
            // What is found is there before Enter is pressed.
            search.set_search_delay(0);
            // GTK fills it little by little, and takes it for empty until something is looked for.
            chooser.connect_map(clone!(
                #[weak]
                search,
                move |_| {
                    glib::timeout_add_local_once(FILLED, move || {
                        if search.text().is_empty() {
                            search.emit_by_name::<()>("search-changed", &[]);
                        }
                    });
                }
            ));
            search.connect_activate(clone!(
                #[weak]
                chooser,
                move |search| {
                    let is_asked = !search.text().trim().is_empty();
                    if let Some(found) = first_found(&chooser).filter(|_| is_asked) {
                        found.activate();
                    }
                }
            ));
        }
        button.set_popover(Some(&chooser));
    }
}

/// The first emoji in sight.
fn first_found(chooser: &gtk::EmojiChooser) -> Option<gtk::Widget> {
    descendant(chooser.upcast_ref(), &|widget| {
        widget.is::<gtk::FlowBoxChild>() && widget.is_mapped()
    })
}

fn descendant(widget: &gtk::Widget, wanted: &dyn Fn(&gtk::Widget) -> bool) -> Option<gtk::Widget> {
    if wanted(widget) {
        return Some(widget.clone());
    }
    let children = std::iter::successors(widget.first_child(), WidgetExt::next_sibling);
    children.into_iter().find_map(|child| descendant(&child, wanted))
}
