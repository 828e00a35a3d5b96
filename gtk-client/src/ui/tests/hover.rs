//! The button that comes up beside a message.

use adw::prelude::*;
use gtk::{graphene, subclass::prelude::*};

use super::stage::{Stage, find, garden};
use crate::{
    appearance::{self, Appearance, Density, Messages, TextSize},
    ui::{message_row::MessageRow, row_finder::cells, timeline_cell::TimelineCell},
};

#[gtk::test]
fn the_button_of_a_message_is_whole_and_over_no_text() {
    for width in [360, 800] {
        let stage = Stage::new(width, 640);
        garden(&stage);
        for (messages, density, percent, least) in [
            (Messages::Bubbles, Density::Comfortable, 100, 4),
            (Messages::Bubbles, Density::Compact, 100, 4),
            (Messages::Lines, Density::Comfortable, 100, 4),
            (Messages::Lines, Density::Compact, 100, 4),
            (Messages::Bubbles, Density::Comfortable, 200, 2),
            (Messages::Lines, Density::Compact, 200, 2),
        ] {
            let text_size = TextSize::from(percent);
            appearance::apply(&Appearance {
                messages,
                density,
                text_size,
                ..Appearance::default()
            });
            stage.rest();
            let looked_at = look_at_each(&stage);
            assert!(looked_at >= least, "{looked_at} messages at {width}, {percent}");
            stage.shot(&format!("hover-{messages:?}-{density:?}-{percent}-{width}").to_lowercase());
        }
    }
}

/// How many messages the pointer was over.
fn look_at_each(stage: &Stage) -> u32 {
    let chat = stage.chat();
    let imp = chat.imp();
    let over = imp.more.parent().unwrap();
    let mut count = 0;
    for cell in cells(&imp.list).into_iter().filter(TimelineCell::is_mapped) {
        let row = cell.first_child().and_downcast::<MessageRow>();
        let Some(bubble) = row.as_ref().and_then(|row| row.bubble_bounds(&over)) else { continue };
        if bubble.y() < 0.0 || bubble.y() + bubble.height() > over.height() as f32 {
            continue;
        }
        imp.hide_more();
        imp.hovered(bubble.center().x().into(), bubble.center().y().into());
        // At once: a real pointer may be over another message.
        assert!(imp.more.is_visible());
        let (start, down) = (imp.more.margin_start(), imp.more.margin_top());
        // What is measured has the margins.
        let (_, width, ..) = imp.more.measure(gtk::Orientation::Horizontal, -1);
        let (_, height, ..) = imp.more.measure(gtk::Orientation::Vertical, -1);
        let (width, height) = ((width - start) as f32, (height - down) as f32);
        assert!(width >= 24.0 && height >= 24.0, "{width} {height}");
        let button = graphene::Rect::new(start as f32, down as f32, width, height);
        let fits = button.x() >= 0.0 && button.x() + button.width() <= over.width() as f32;
        assert!(fits, "{button:?} {bubble:?} in {}", over.width());
        find(row.unwrap().upcast_ref(), &|widget| {
            if widget.is::<gtk::Label>() && widget.is_mapped() && widget.width() > 0 {
                let text = widget.compute_bounds(&over).unwrap();
                let said = widget.downcast_ref::<gtk::Label>().unwrap().label();
                assert!(
                    text.intersection(&button).is_none(),
                    "{said:?} {text:?} {button:?} {bubble:?}"
                );
            }
            false
        });
        count += 1;
    }
    count
}
