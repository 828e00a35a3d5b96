//! What can be done with a message. Pure.

use tertulia_client::{Content, Delivery, Item};

use super::{Link, has_file, links};

/// Addresses of one message that its menu offers; the rest are in the text.
const LINKS: usize = 5;

/// One thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Write an answer to it.
    Answer,
    /// Copy its text.
    CopyText,
    /// Copy what is marked in its text.
    CopyMarked,
    /// Choose it, and others with it.
    Choose,
    /// Open an address that is written in it.
    OpenLink { address: String, host: String },
    /// Copy that address.
    CopyLink { address: String, host: String },
    /// Save its file in a place that one says.
    SaveFileAs,
    /// Show its file, which was saved, in its folder.
    ShowFile,
    /// Try to send it now, or again.
    Retry,
    /// Do not send it.
    Cancel,
    /// Take it away; it was refused.
    Discard,
}

/// What can be done with this message, in groups, the likeliest first. `marked`: some of its text
/// is; `may_post`: whether this reader may write in its room.
pub(crate) fn deeds(item: &Item, marked: bool, may_post: bool) -> Vec<Vec<Deed>> {
    let text = match &item.content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let mut first = Vec::new();
    if text.is_some() && item.seq.is_some() && may_post {
        first.push(Deed::Answer);
    }
    let sending = match (item.delivery, item.message_id) {
        (Delivery::Pending, Some(_)) => vec![Deed::Retry, Deed::Cancel],
        (Delivery::Failed(_), Some(_)) => vec![Deed::Retry, Deed::Discard],
        _ => Vec::new(),
    };
    let mut copying = Vec::new();
    if text.is_some() {
        copying.extend(marked.then_some(Deed::CopyMarked));
        copying.push(Deed::CopyText);
        copying.extend(item.message_id.is_some().then_some(Deed::Choose));
    }
    let leading = text.map(leading).unwrap_or_default();
    let groups = [first, sending, copying, leading];
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

/// What can be done with its file. `here`: it was saved.
pub(crate) fn file_deeds(item: &Item, here: bool) -> Vec<Deed> {
    if item.seq.is_none() || !has_file(item) {
        return Vec::new();
    }
    [Some(Deed::SaveFileAs), here.then_some(Deed::ShowFile)].into_iter().flatten().collect()
}

fn leading(text: &str) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for Link { range, host, .. } in links(text).into_iter().take(LINKS) {
        let address = text[range].to_owned();
        deeds.push(Deed::OpenLink { address: address.clone(), host: host.clone() });
        deeds.push(Deed::CopyLink { address, host });
    }
    deeds
}

#[cfg(test)]
mod tests {
    use tertulia_client::proto::Refusal;

    use super::*;
    use crate::model::testing::{my_item, text_item, waiting_item};

    #[test]
    fn a_message_can_be_answered_and_copied() {
        let item = text_item(1, "ana", "who comes?");
        let copying = vec![Deed::CopyText, Deed::Choose];
        assert_eq!(deeds(&item, false, true), [vec![Deed::Answer], copying.clone()]);
        assert_eq!(deeds(&item, false, false), [copying], "a guest answers nothing");
        let marked = vec![Deed::CopyMarked, Deed::CopyText, Deed::Choose];
        assert_eq!(deeds(&my_item(1, 1, "yes"), true, true), [vec![Deed::Answer], marked]);
    }

    #[test]
    fn what_was_not_sent_can_be_tried_again_or_taken_back() {
        let waiting = waiting_item(1, "hello");
        let of = |item: &Item| deeds(item, false, true).remove(0);
        assert_eq!(of(&waiting), [Deed::Retry, Deed::Cancel]);
        let failed = Item { delivery: Delivery::Failed(Refusal::FORBIDDEN), ..waiting.clone() };
        assert_eq!(of(&failed), [Deed::Retry, Deed::Discard]);
        let unstored = Item { message_id: None, ..waiting };
        assert_eq!(deeds(&unstored, false, true), [vec![Deed::CopyText]]);
    }

    #[test]
    fn a_deleted_message_offers_nothing() {
        let item = Item { content: Content::Redacted, ..text_item(1, "ana", "x") };
        assert_eq!(deeds(&item, false, true), [[Deed::Answer; 0]; 0]);
    }

    #[test]
    fn addresses_are_offered_by_their_hosts_and_not_without_end() {
        let text = "https://example.org/x ".repeat(20);
        let groups = deeds(&text_item(1, "ana", &text), false, true);
        let address = "https://example.org/x".to_owned();
        let host = "example.org".to_owned();
        let open = Deed::OpenLink { address: address.clone(), host: host.clone() };
        assert_eq!(groups[2][..2], [open, Deed::CopyLink { address, host }]);
        assert_eq!(groups[2].len(), 2 * LINKS);
    }
}
