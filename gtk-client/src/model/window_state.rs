//! How the window was left. Pure.

use serde::{Deserialize, Serialize};
use tertulia_client::proto::RoomId;

use super::Slot;

/// Sizes in pixels that a window can have: no smaller than its contents, no larger than X11 knows.
const SIZES: std::ops::RangeInclusive<i32> = 360..=32_767;

/// What is the same again at the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct WindowState {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) maximized: bool,
    /// Whether the members are listed beside the messages, where there is room for both.
    pub(crate) members: bool,
    /// The room in sight.
    pub(crate) room: Option<u64>,
    /// The account in sight; kept with the profile's own.
    pub(crate) account: u32,
}

impl Default for WindowState {
    fn default() -> Self {
        Self { width: 1160, height: 740, maximized: false, members: true, room: None, account: 0 }
    }
}

impl WindowState {
    /// As it was kept; a size that no window has gives way to the usual one.
    pub(crate) fn sound(self) -> Self {
        let usual = Self::default();
        let size = |kept, usual| if SIZES.contains(&kept) { kept } else { usual };
        Self {
            width: size(self.width, usual.width),
            height: size(self.height, usual.height),
            ..self
        }
    }

    /// The room in sight.
    pub(crate) fn room(&self) -> Option<RoomId> {
        self.room.map(RoomId)
    }

    /// The account in sight.
    pub(crate) fn account(&self) -> Slot {
        Slot(self.account)
    }

    /// With another account in sight.
    pub(crate) fn with_account(self, slot: Slot) -> Self {
        Self { account: slot.0, ..self }
    }

    /// With the window's size taken from `other`.
    pub(crate) fn sized_as(self, other: Self) -> Self {
        let Self { width, height, maximized, .. } = other;
        Self { width, height, maximized, ..self }
    }

    /// With another room in sight.
    pub(crate) fn with_room(self, room: Option<RoomId>) -> Self {
        Self { room: room.map(|room| room.0), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_no_window_has_gives_way() {
        let kept: WindowState =
            serde_json::from_str(r#"{"width":-4,"height":800,"maximized":true}"#).unwrap();
        let usual = WindowState::default();
        let sound = WindowState { height: 800, maximized: true, ..usual };
        assert_eq!(kept.sound(), sound);
        assert_eq!(sound.sound(), sound);
    }

    #[test]
    fn the_state_is_read_back() {
        let left = WindowState::default().with_room(Some(RoomId(7)));
        let text = serde_json::to_string(&left).unwrap();
        assert_eq!(serde_json::from_str::<WindowState>(&text).unwrap(), left);
        assert_eq!(left.room(), Some(RoomId(7)));
        let old: WindowState = serde_json::from_str(r#"{"width":800,"room":7}"#).unwrap();
        assert_eq!(old.account(), Slot::OWN, "what was kept before there were several");
    }
}
