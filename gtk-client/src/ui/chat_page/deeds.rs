//! What is done with single messages.

use gtk::prelude::*;
use tertulia_client::{Content, proto::MessageId};

use super::ChatPage;
use crate::{i18n::tr, sentences, ui::whole_message_window::WholeMessageWindow};

impl ChatPage {
    pub(super) fn retry(&self, id: MessageId) {
        self.request(async move |session| {
            session.retry(id).await.map_err(|error| sentences::send_error(&error))
        });
    }

    pub(super) fn discard(&self, id: MessageId) {
        self.request(async move |session| match session.cancel(id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(tr("It may have been sent already.").to_owned()),
            Err(error) => Err(sentences::send_error(&error)),
        });
    }

    pub(super) fn read_whole(&self, id: MessageId) {
        let item = self.room().and_then(|room| room.item(id));
        if let Some((item, Content::Text(text))) = item.as_ref().map(|item| (item, &item.content)) {
            let window = self.root().and_downcast::<gtk::Window>();
            WholeMessageWindow::new(window.as_ref(), item, text).present();
        }
    }
}
