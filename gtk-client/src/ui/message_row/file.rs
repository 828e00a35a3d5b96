//! The file that a message brought, in place of the words that say so.

use gtk::{prelude::*, subclass::prelude::*};
use tertulia_client::Item;

use super::{MessageRow, set_class};
use crate::{
    model::{Carried, Stage, has_file},
    ui::file_card::FileCard,
};

impl MessageRow {
    /// Comes after the text and its delivery.
    pub(crate) fn bind_file(&self, item: &Item, carried: Option<&Carried>) {
        let imp = self.imp();
        let file = item.file.as_ref().filter(|_| has_file(item));
        imp.body_bin.set_visible(file.is_none());
        imp.card.get().iter().for_each(|card| card.set_visible(file.is_some()));
        let Some(file) = file else { return };
        let card = imp.card.get_or_init(|| {
            let card = FileCard::default();
            imp.content.insert_child_after(&card, Some(&*imp.body_bin));
            card
        });
        card.set(item, file, carried);
        imp.content.set_orientation(gtk::Orientation::Vertical);
        imp.content.set_spacing(1);
        let Some(Carried { parcel, stage: Stage::Failed(reason) }) = carried else { return };
        set_class(&*imp.bubble, "failed", item.mine);
        if let Some(tick) = imp.tick.get().filter(|_| item.mine) {
            tick.set_failed();
        }
        let failure = self.failure();
        failure.set_of_file(reason, parcel.id());
        failure.set_halign(if item.mine { gtk::Align::End } else { gtk::Align::Start });
        failure.set_visible(true);
    }
}
