//! Places for accounts in a profile. Pure.

/// One of them: 0 is the profile's own folder, the others are numbered folders within it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// The profile itself.
    pub(crate) const OWN: Self = Self(0);
    /// Accounts of a profile at most.
    pub(crate) const MANY: usize = 32;

    /// A further account's, by the name of its folder.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let slot = Self(name.parse().ok()?);
        (slot != Self::OWN && slot.0.to_string() == name).then_some(slot)
    }

    /// The first one that is free; `None`: there are too many accounts.
    pub(crate) fn free(taken: &[Self]) -> Option<Self> {
        let many = u32::try_from(Self::MANY).unwrap_or(u32::MAX);
        (taken.len() < Self::MANY)
            .then(|| (0..=many).map(Self).find(|slot| !taken.contains(slot)))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_itself_is_taken_first_and_a_gap_is_filled() {
        assert_eq!(Slot::free(&[]), Some(Slot::OWN));
        assert_eq!(Slot::free(&[Slot(0)]), Some(Slot(1)));
        assert_eq!(Slot::free(&[Slot(0), Slot(2), Slot(700)]), Some(Slot(1)));
        let full: Vec<Slot> = (0..32).map(Slot).collect();
        assert_eq!(Slot::free(&full), None);
    }

    #[test]
    fn only_a_number_as_it_is_written_names_a_further_one() {
        let of = Slot::of_name;
        assert_eq!(
            [of("7"), of("0"), of("07"), of("+7"), of("x")],
            [Some(Slot(7)), None, None, None, None]
        );
    }
}
