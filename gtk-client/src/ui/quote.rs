//! The message that another one answers, in a line over it.

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::{Content, Item, proto::Seq};

use crate::{
    i18n::{fill, tr},
    model::Answered,
};

/// Characters of a text that can be in sight.
const SHOWN_CHARS: usize = 120;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/quote.ui")]
    pub struct Quote {
        #[template_child]
        pub(super) spoken: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Quote {
        const NAME: &'static str = "TertuliaQuote";
        type Type = super::Quote;
        type ParentType = gtk::Button;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Quote {}
    impl WidgetImpl for Quote {}
    impl ButtonImpl for Quote {}
}

glib::wrapper! {
    /// Pressed, it asks for `chat.show-message` with the number of what it quotes.
    pub struct Quote(ObjectSubclass<imp::Quote>)
        @extends gtk::Button, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for Quote {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Quote {
    /// Shows what a message answers.
    pub(super) fn set(&self, answered: &Answered) {
        let imp = self.imp();
        let (seq, name, text) = match answered {
            Answered::Message(item) => {
                (item.seq, item.author.display.as_str(), in_one_line(&item.content))
            }
            Answered::Unknown(seq) => (Some(*seq), "", tr("An earlier message").to_owned()),
            Answered::Withheld(seq) => {
                (Some(*seq), "", tr("A message that you can’t see").to_owned())
            }
        };
        imp.name.set_label(name);
        imp.name.set_visible(!name.is_empty());
        imp.text.set_label(&text);
        imp.spoken.set_label(&if name.is_empty() {
            fill(tr("Reply to: {text}"), &[("text", &text)])
        } else {
            fill(tr("Reply to {name}: {text}"), &[("name", name), ("text", &text)])
        });
        // The target first: an action with a target of the wrong type is complained about.
        self.set_action_target_value(seq.map(|Seq(seq)| seq.to_variant()).as_ref());
        self.set_action_name(seq.map(|_| "chat.show-message"));
        // There is nowhere to go, and it is to be read all the same.
        let leads = !matches!(answered, Answered::Withheld(_));
        self.set_can_target(leads);
        self.set_focusable(leads);
    }
}

/// What a message says, as far as a line shows it.
pub(super) fn in_one_line(content: &Content) -> String {
    match content {
        Content::Text(text) => {
            let beginning: String = text.as_str().chars().take(SHOWN_CHARS).collect();
            beginning.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        Content::Redacted => tr("This message was deleted.").to_owned(),
        _ => tr("This version of Tertulia can’t read this message.").to_owned(),
    }
}

/// The same of a whole item, with who said it.
pub(super) fn said(item: &Item) -> (String, String) {
    (item.author.display.to_string(), in_one_line(&item.content))
}
