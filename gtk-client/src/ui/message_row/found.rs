//! What of a message's text is looked for.

use gtk::{pango, subclass::prelude::*};
use tertulia_client::Pattern;

use super::MessageRow;
use crate::ui::message_text;

impl MessageRow {
    /// These words stand out in its text; `None`: none do.
    pub(crate) fn set_found(&self, pattern: Option<&Pattern>) {
        let imp = self.imp();
        if imp.found.borrow().as_ref() == pattern {
            return;
        }
        imp.found.replace(pattern.cloned());
        self.mark_found();
    }

    /// The text is another one: what of it is looked for stands out.
    pub(super) fn mark_found(&self) {
        let imp = self.imp();
        let usual = imp.attributes.borrow();
        let found = imp.found.borrow();
        let text = imp.body.label();
        let places = found.as_ref().and_then(|pattern| pattern.places(&text));
        let Some(places) = places else { return imp.body.set_attributes(usual.as_ref()) };
        let marked = pango::AttrList::new();
        for attribute in usual.iter().flat_map(pango::AttrList::attributes) {
            marked.insert(attribute);
        }
        message_text::mark_found(&marked, &places);
        imp.body.set_attributes(Some(&marked));
    }
}
