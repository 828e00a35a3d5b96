//! Where the parts of a message stand: in a bubble, or in a line as on IRC.

use gtk::{glib, pango, prelude::*, subclass::prelude::*};

use super::{MessageRow, set_class};
use crate::appearance::{AUTHOR_CLASSES, Looks, author_class};

/// Space over a row in pixels, for the first of a group and for the others.
const BUBBLES: (i32, i32) = (10, 2);
const COMPACT_BUBBLES: (i32, i32) = (5, 1);
const LINES: (i32, i32) = (6, 0);
const COMPACT_LINES: (i32, i32) = (2, 0);

/// Before one's own bubbles, before lines, and behind the bubbles of others, in pixels: there the
/// button of a message comes up, over no text.
const OWN_MARGIN: i32 = 40;
pub(in crate::ui) const LINE_MARGIN: i32 = 32;
const OTHERS_MARGIN: i32 = 28;
/// The width of the names before lines.
const NICK_CHARS: i32 = 11;

/// Whether the time stands beside the text.
pub(super) fn in_a_row(short: bool, folded: bool) -> bool {
    // In lines it does, but for what has a button below.
    if Looks::shared().lines() { !folded } else { short }
}

impl MessageRow {
    /// As the reader likes it now. Comes before the text, which is measured accordingly.
    pub(super) fn arrange(&self, mine: bool, first: bool, last: bool) {
        let imp = self.imp();
        let looks = Looks::shared();
        let lines = looks.lines();
        let (over_first, over_others) = match (lines, looks.compact()) {
            (false, false) => BUBBLES,
            (false, true) => COMPACT_BUBBLES,
            (true, false) => LINES,
            (true, true) => COMPACT_LINES,
        };
        self.set_margin_top(if first { over_first } else { over_others });
        // Room for what stands before the messages of others, and for the check of a selection.
        self.set_margin_start(match (lines, mine) {
            (true, _) => LINE_MARGIN,
            (false, true) => OWN_MARGIN,
            (false, false) => 0,
        });
        // The largest text needs all there is.
        self.set_margin_end(if lines || mine || looks.large() { 0 } else { OTHERS_MARGIN });
        self.set_halign(match (lines, mine) {
            (true, _) => gtk::Align::Fill,
            (false, true) => gtk::Align::End,
            (false, false) => gtk::Align::Start,
        });
        imp.column.set_hexpand(lines);
        imp.body_bin.set_fills(lines);
        imp.stamp.set_valign(if lines { gtk::Align::Start } else { gtk::Align::End });
        self.show_avatar(looks.message_avatar(), !mine && !lines, last);
        // In lines the name stands beside the first of a group, and its place stays free beside
        // the others; where text is large or the window narrow there is no room for it.
        let beside = lines && !looks.large() && !looks.narrow();
        self.show_nick(beside, if first { imp.name.label() } else { "".into() });
        let colour = (!mine).then_some(author_class(&imp.name.label()));
        dress(&imp.name, colour);
        if let Some(nick) = imp.nick.get() {
            set_class(nick, "mine", mine);
            nick.set_tooltip_text(imp.name.tooltip_text().as_deref());
            dress(nick, colour);
        }
        imp.name.set_visible(first && !beside && (lines || !mine));
    }

    /// Under the last of a group; before the others its place stays free.
    fn show_avatar(&self, size: i32, has_place: bool, shows: bool) {
        let imp = self.imp();
        let free = if has_place && !shows { size + self.spacing() } else { 0 };
        imp.column.set_margin_start(free);
        if has_place && shows {
            let avatar = imp.avatar.get_or_init(|| {
                let avatar = adw::Avatar::new(size, None, true);
                avatar.set_valign(gtk::Align::End);
                self.prepend(&avatar);
                avatar
            });
            avatar.set_text(Some(&imp.name.label()));
            avatar.set_size(size);
        }
        imp.avatar.get().iter().for_each(|avatar| avatar.set_visible(has_place && shows));
    }

    fn show_nick(&self, shows: bool, text: glib::GString) {
        let imp = self.imp();
        if shows {
            let nick = imp.nick.get_or_init(|| {
                let nick = gtk::Label::builder()
                    .xalign(1.0)
                    .valign(gtk::Align::Start)
                    .ellipsize(pango::EllipsizeMode::End)
                    .width_chars(NICK_CHARS)
                    .max_width_chars(NICK_CHARS)
                    .css_classes(["nick"])
                    .build();
                nick.insert_before(self, Some(&*imp.column));
                self.tell_handle(&nick);
                nick
            });
            nick.set_label(&text);
        }
        imp.nick.get().iter().for_each(|nick| nick.set_visible(shows));
    }
}

/// Gives a name its author's colour, or none.
pub(in crate::ui) fn dress(label: &gtk::Label, class: Option<&'static str>) {
    for other in AUTHOR_CLASSES {
        set_class(label, other, Some(other) == class);
    }
}
