//! Names of any writing: once parsed they stay what they are.

use proptest::prelude::*;
use tertulia_proto::{DisplayName, Handle, RoomName, limits, skeleton};

use crate::strategies::name_like;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_parsed_handle_parses_to_itself(text in name_like()) {
        if let Ok(handle) = Handle::new(&text) {
            prop_assert!(limits::HANDLE_CHARS.contains(&handle.as_str().chars().count()));
            prop_assert_eq!(Handle::new(handle.as_str()), Ok(handle));
        }
    }

    #[test]
    fn a_parsed_room_name_parses_to_itself(text in name_like()) {
        if let Ok(name) = RoomName::new(&text) {
            prop_assert!(limits::ROOM_NAME_CHARS.contains(&name.as_str().chars().count()));
            prop_assert_eq!(RoomName::new(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn a_parsed_display_name_parses_to_itself_and_has_one_handle(text in name_like()) {
        if let Ok(display) = DisplayName::new(&text) {
            prop_assert_eq!(DisplayName::new(display.as_str()), Ok(display.clone()));
            prop_assert!(display.as_str().len() <= limits::DISPLAY_NAME_BYTES);
            if let Ok(handle) = display.handle() {
                prop_assert_eq!(Handle::new(handle.as_str()), Ok(handle));
            }
        }
    }

    #[test]
    fn a_proposal_is_a_handle_and_another_one(text in name_like(), n in 2..100_000u32) {
        if let Ok(handle) = Handle::new(&text) && let Ok(proposal) = handle.numbered(n) {
            prop_assert_ne!(proposal, handle);
        }
    }

    #[test]
    fn a_skeleton_is_its_own_skeleton(text in name_like()) {
        prop_assert_eq!(skeleton(&skeleton(&text)), skeleton(&text));
    }
}
