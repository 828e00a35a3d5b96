//! A person as a list item.

use std::cell::OnceCell;

use gtk::{glib, subclass::prelude::*};
use tertulia_client::proto::Person;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct PersonObject {
        pub(super) person: OnceCell<(Person, bool)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PersonObject {
        const NAME: &'static str = "TertuliaPerson";
        type Type = super::PersonObject;
    }

    impl ObjectImpl for PersonObject {}
}

glib::wrapper! {
    /// Never changed; who changes is replaced.
    pub struct PersonObject(ObjectSubclass<imp::PersonObject>);
}

impl PersonObject {
    /// Wraps a person; `me`: it is oneself.
    pub(crate) fn new(person: Person, me: bool) -> Self {
        let object: Self = glib::Object::new();
        // Just made, so the cell is empty and the person goes in.
        let _ = object.imp().person.set((person, me));
        object
    }

    /// Who.
    pub(crate) fn person(&self) -> &Person {
        &self.fields().0
    }

    /// Whether it is oneself.
    pub(crate) fn is_me(&self) -> bool {
        self.fields().1
    }

    fn fields(&self) -> &(Person, bool) {
        self.imp().person.get().expect("`new` is the only constructor and sets it")
    }
}
