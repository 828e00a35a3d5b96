//! How a message's text is drawn: attributes for what it names and where it leads.

use std::ops::Range;

use gtk::pango;
use tertulia_client::proto::{Handle, mention_spans};

use crate::model::Link;

/// Behind one's own name: grey, half seen, so that it is right on light and on dark.
const GREY: u16 = 0x8000;
const HALF_SEEN: u16 = 0x5000;
/// Behind what is looked for: yellow.
const FOUND: (u16, u16, u16) = (0xf9f9, 0xe2e2, 0x5252);

/// Underlines links and makes names bold; the reader's own name is set off too.
pub(super) fn mark(
    attributes: &pango::AttrList,
    text: &str,
    links: &[Link],
    reader: Option<&Handle>,
) {
    for link in links {
        insert(attributes, pango::AttrInt::new_underline(pango::Underline::Single), &link.range);
    }
    for (range, handle) in mention_spans(text) {
        // In an address an `@` names nobody.
        let within = |link: &Link| link.range.contains(&range.start);
        if links.iter().any(within) {
            continue;
        }
        insert(attributes, pango::AttrInt::new_weight(pango::Weight::Bold), &range);
        if Some(&handle) == reader {
            insert(attributes, pango::AttrColor::new_background(GREY, GREY, GREY), &range);
            insert(attributes, pango::AttrInt::new_background_alpha(HALF_SEEN), &range);
        }
    }
}

/// Sets off what is looked for: black on yellow, which can be read on every ground.
pub(super) fn mark_found(attributes: &pango::AttrList, places: &[Range<usize>]) {
    let (red, green, blue) = FOUND;
    for place in places {
        insert(attributes, pango::AttrColor::new_background(red, green, blue), place);
        insert(attributes, pango::AttrInt::new_background_alpha(u16::MAX), place);
        insert(attributes, pango::AttrColor::new_foreground(0, 0, 0), place);
    }
}

fn insert(attributes: &pango::AttrList, attribute: impl Into<pango::Attribute>, at: &Range<usize>) {
    let mut attribute = attribute.into();
    // A message has fewer bytes than an u32 counts.
    attribute.set_start_index(at.start as u32);
    attribute.set_end_index(at.end as u32);
    attributes.insert(attribute);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::links;

    /// Byte ranges and kinds, in order.
    fn marks(text: &str, reader: &str) -> Vec<(String, pango::AttrType)> {
        let list = pango::AttrList::new();
        mark(&list, text, &links(text), Some(&Handle::new(reader).unwrap()));
        let of = |attribute: &pango::Attribute| {
            let range = attribute.start_index() as usize..attribute.end_index() as usize;
            (text[range].to_owned(), attribute.type_())
        };
        list.attributes().iter().map(of).collect()
    }

    #[test]
    fn names_are_bold_and_ones_own_is_set_off() {
        use pango::AttrType::{Background, BackgroundAlpha, Weight};
        assert_eq!(marks("so @beto, yes", "ana"), [("@beto".to_owned(), Weight)]);
        let own = marks("@Ana!", "ana");
        assert_eq!(own.len(), 3);
        for kind in [Weight, Background, BackgroundAlpha] {
            assert!(own.contains(&("@Ana".to_owned(), kind)), "{kind:?}");
        }
    }

    #[test]
    fn a_link_is_underlined_and_names_nobody() {
        let link = "https://example.org/@ana";
        assert_eq!(marks(link, "ana"), [(link.to_owned(), pango::AttrType::Underline)]);
    }
}
