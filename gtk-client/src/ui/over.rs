//! Windows over another one: no larger than it, so that they fit where it does.

use gtk::prelude::*;

/// Gives a window that was not shown yet the size that it wishes, as far as its parent has room.
pub(super) fn fit(window: &impl IsA<gtk::Window>) {
    let Some(parent) = window.transient_for() else { return };
    let (width, height) = window.default_size();
    let within = |wished: i32, room: i32| if room > 0 { wished.min(room) } else { wished };
    window.set_default_size(within(width, parent.width()), within(height, parent.height()));
}
