//! A message: a bubble with its sender, text, time and how far it got.

pub(super) mod arrangement;
mod failure;
mod file;
mod found;
mod tick;

use std::cell::{OnceCell, RefCell};

use gtk::{glib, glib::clone, graphene, pango, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Content, Delivery, Item, Pattern,
    proto::{Handle, MessageId},
};

use self::{failure::Failure, tick::Tick};
use super::{
    body_bin::BodyBin, file_card::FileCard, fold, message_links::MessageLinks, message_text,
    quote::Quote,
};
use crate::{
    appearance::Looks,
    i18n::tr,
    model::{
        Answered,
        census::{Counted, MESSAGES},
        clock, links,
    },
};

/// A text up to this long has its time beside it, a longer one below.
const SHORT_TEXT_CHARS: usize = 36;
/// A text up to this long is never broken.
const WHOLE_TEXT_CHARS: usize = 12;
/// The label's own minimum is laid out at this many characters, not at one: see `timeline_cell`.
const MIN_WIDTH_CHARS: usize = 20;
/// The same where there is less room: text is large, or names stand beside it.
const TIGHT_MIN_WIDTH_CHARS: usize = 10;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/message_row.ui")]
    pub struct MessageRow {
        #[template_child]
        pub(super) column: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) bubble: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) naming: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) content: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) body_bin: TemplateChild<BodyBin>,
        #[template_child]
        pub(super) body: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) stamp: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) time: TemplateChild<gtk::Label>,
        // What most messages do without is made where it is needed: rows are many.
        pub(super) avatar: OnceCell<adw::Avatar>,
        /// What tells the sender apart from others of that name.
        pub(super) handle: RefCell<String>,
        /// The sender where messages are lines.
        pub(super) nick: OnceCell<gtk::Label>,
        pub(super) whole: OnceCell<gtk::Button>,
        pub(super) tick: OnceCell<Tick>,
        pub(super) failure: OnceCell<Failure>,
        pub(super) links: OnceCell<MessageLinks>,
        pub(super) quote: OnceCell<Quote>,
        pub(super) card: OnceCell<FileCard>,
        /// How its text is drawn, but for what of it is looked for.
        pub(super) attributes: RefCell<Option<pango::AttrList>>,
        pub(super) found: RefCell<Option<Pattern>>,
        pub(super) _counted: Counted<MESSAGES>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MessageRow {
        const NAME: &'static str = "TertuliaMessageRow";
        type Type = super::MessageRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            BodyBin::ensure_type();
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for MessageRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().tell_handle(&self.name);
        }
    }
    impl WidgetImpl for MessageRow {}
    impl BoxImpl for MessageRow {}
}

glib::wrapper! {
    /// Shows one message at a time; rows are used again as the list scrolls.
    pub struct MessageRow(ObjectSubclass<imp::MessageRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for MessageRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl MessageRow {
    /// Shows a message; `first` and `last` of its group; `names_me`: the reader's handle, where it
    /// names them.
    pub(crate) fn bind(&self, item: &Item, first: bool, last: bool, names_me: Option<&Handle>) {
        let imp = self.imp();
        set_class(&*imp.bubble, "mine", item.mine);
        set_class(&*imp.bubble, "first", first);
        set_class(&*imp.bubble, "last", last);
        imp.name.set_label(item.author.display.as_str());
        imp.handle.replace(format!("@{}", item.author.handle));
        self.arrange(item.mine, first, last);
        self.set_names_me(names_me.is_some());
        self.bind_text(item, names_me);
        imp.time.set_label(&clock(item.time));
        self.bind_delivery(item);
    }

    /// What it answers stands over its text.
    pub(crate) fn bind_answered(&self, answered: Option<&Answered>) {
        let imp = self.imp();
        if let (None, Some(quote)) = (answered, imp.quote.get()) {
            quote.set_visible(false);
        }
        if let Some(answered) = answered {
            let quote = imp.quote.get_or_init(|| {
                let quote = Quote::default();
                imp.bubble.insert_child_after(&quote, Some(&*imp.name));
                quote
            });
            quote.set(answered);
            quote.set_visible(true);
        }
    }

    /// Where the message itself is.
    pub(crate) fn bubble_bounds(&self, within: &impl IsA<gtk::Widget>) -> Option<graphene::Rect> {
        self.imp().bubble.compute_bounds(within)
    }

    /// Where its author's name is, if it is shown.
    pub(crate) fn name_bounds(&self, within: &impl IsA<gtk::Widget>) -> Option<graphene::Rect> {
        let imp = self.imp();
        let shown = [imp.nick.get(), Some(&*imp.name)]
            .into_iter()
            .flatten()
            .find(|label| label.is_visible() && !label.label().is_empty())?;
        shown.compute_bounds(within)
    }

    /// What of its text is marked.
    pub(crate) fn marked(&self) -> Option<String> {
        let body = &*self.imp().body;
        let (from, to) = body.selection_bounds()?;
        let text = body.text();
        let from = usize::try_from(from).ok()?;
        let count = usize::try_from(to).ok()?.saturating_sub(from);
        Some(text.chars().skip(from).take(count).collect())
    }

    /// On asking: to set the text of a tooltip is to ask the display where the pointer is.
    fn tell_handle(&self, label: &gtk::Label) {
        label.set_has_tooltip(true);
        label.connect_query_tooltip(clone!(
            #[weak(rename_to = row)]
            self,
            #[upgrade_or]
            false,
            move |_, _, _, _, tooltip| {
                tooltip.set_text(Some(&row.imp().handle.borrow()));
                true
            }
        ));
    }

    fn set_names_me(&self, names_me: bool) {
        let imp = self.imp();
        set_class(&*imp.bubble, "names-me", names_me);
        imp.naming.set_label(if names_me { tr("Names you") } else { "" });
    }

    fn bind_text(&self, item: &Item, names_me: Option<&Handle>) {
        let imp = self.imp();
        let (text, is_text) = match &item.content {
            Content::Text(text) => (text.as_str(), true),
            Content::Redacted => (tr("This message was deleted."), false),
            _ => (tr("This version of Tertulia can’t read this message."), false),
        };
        let beginning = fold::beginning(text);
        let text = beginning.unwrap_or(text);
        self.offer_whole(item.message_id.filter(|_| beginning.is_some()));
        let attributes = pango::AttrList::new();
        // A hyphen at the end of a line would be read as a part of the address it breaks.
        attributes.insert(pango::AttrInt::new_insert_hyphens(false));
        if !is_text {
            attributes.insert(pango::AttrInt::new_style(pango::Style::Italic));
        } else if is_few_emoji(text) {
            attributes.insert(pango::AttrFloat::new_scale(2.0));
        }
        let mut links = if is_text { links(text) } else { Vec::new() };
        if beginning.is_some() {
            // One at the end may go on where the text does not.
            links.retain(|link| link.range.end < text.len());
        }
        if is_text {
            message_text::mark(&attributes, text, &links, names_me);
        }
        if imp.links.get().is_some() || !links.is_empty() {
            imp.links.get_or_init(|| MessageLinks::of(&imp.body)).set(&imp.body, text, &links);
        }
        imp.attributes.replace(Some(attributes));
        set_class(&*imp.body, "faint", !is_text);
        let short = text.chars().take(SHORT_TEXT_CHARS + 1).count() <= SHORT_TEXT_CHARS
            && !text.contains('\n');
        let in_a_row = arrangement::in_a_row(short, beginning.is_some());
        imp.content.set_orientation(if in_a_row {
            gtk::Orientation::Horizontal
        } else {
            gtk::Orientation::Vertical
        });
        imp.content.set_spacing(if in_a_row { 10 } else { 1 });
        // A width in characters is also a minimum, so only for what is longer anyhow.
        let longest = text.lines().map(|line| line.chars().take(2 * MIN_WIDTH_CHARS).count());
        let looks = Looks::shared();
        let tight = looks.large() || looks.lines();
        let least = if tight { TIGHT_MIN_WIDTH_CHARS } else { MIN_WIDTH_CHARS };
        let (wraps, width) = match longest.max().unwrap_or(0) {
            0..=WHOLE_TEXT_CHARS => (false, -1),
            chars if chars < 2 * least => (true, WHOLE_TEXT_CHARS.min(least) as i32),
            _ => (true, least as i32),
        };
        imp.body.set_wrap(wraps);
        imp.body.set_width_chars(width);
        match beginning {
            Some(text) => imp.body.set_label(&format!("{text}…")),
            None => imp.body.set_label(text),
        }
        self.mark_found();
        imp.body_bin.text_changed();
    }

    /// The way to the whole text, where that is longer than what is shown.
    fn offer_whole(&self, id: Option<MessageId>) {
        let imp = self.imp();
        let Some(id) = id else {
            return imp.whole.get().iter().for_each(|whole| whole.set_visible(false));
        };
        let whole = imp.whole.get_or_init(|| {
            let whole = gtk::Button::with_label(tr("Read it all"));
            whole.set_halign(gtk::Align::Start);
            whole.set_css_classes(&["small", "flat", "whole"]);
            imp.content.insert_child_after(&whole, Some(&*imp.body_bin));
            whole
        });
        // The target first: an action with a target of the wrong type is complained about.
        whole.set_action_target_value(Some(&id.to_string().to_variant()));
        whole.set_action_name(Some("chat.read-whole"));
        whole.set_visible(true);
    }

    fn bind_delivery(&self, item: &Item) {
        let imp = self.imp();
        if item.mine {
            let tick = imp.tick.get_or_init(|| {
                let tick = Tick::default();
                imp.stamp.append(&tick);
                tick
            });
            tick.set(item.delivery);
        }
        imp.tick.get().iter().for_each(|tick| tick.set_visible(item.mine));
        let failed = match (item.delivery, item.message_id) {
            (Delivery::Failed(refusal), Some(id)) => Some((refusal, id)),
            _ => None,
        };
        set_class(&*imp.bubble, "failed", matches!(item.delivery, Delivery::Failed(_)));
        if let Some((refusal, id)) = failed {
            let failure = self.failure();
            failure.set(refusal, id);
            failure.set_halign(gtk::Align::End);
        }
        imp.failure.get().iter().for_each(|failure| failure.set_visible(failed.is_some()));
    }

    /// Made when first needed.
    fn failure(&self) -> &Failure {
        let imp = self.imp();
        imp.failure.get_or_init(|| {
            let failure = Failure::default();
            imp.column.append(&failure);
            failure
        })
    }
}

fn set_class(widget: &impl IsA<gtk::Widget>, class: &str, on: bool) {
    if on {
        widget.add_css_class(class);
    } else {
        widget.remove_css_class(class);
    }
}

/// One to three emoji and nothing else: shown large.
fn is_few_emoji(text: &str) -> bool {
    const BYTES_MAX: usize = 60;
    let is_part = |c: char| matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{200d}');
    let is_emoji = |c: &char| !matches!(c, '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}');
    text.len() <= BYTES_MAX
        && text.chars().all(is_part)
        && (1..=3).contains(&text.chars().filter(is_emoji).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_few_emoji_are_large() {
        for text in ["🌱", "👍🏽", "🎉🎉🎉", "❤️"] {
            assert!(is_few_emoji(text), "{text}");
        }
        for text in ["", "ok", "🌱 yes", "🎉🎉🎉🎉", "1"] {
            assert!(!is_few_emoji(text), "{text}");
        }
    }
}
