//! A person as a list item.

use std::cell::OnceCell;

use gtk::{glib, subclass::prelude::*};
use tertulia_client::proto::Person;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct PersonObject {
        pub(super) person: OnceCell<(Person, bool, bool)>,
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
    /// Wraps a person; `me`: it is oneself; `current`: whether they are here is known as of now.
    pub(crate) fn new(person: Person, me: bool, current: bool) -> Self {
        let object: Self = glib::Object::new();
        // Just made, so the cell is empty and the person goes in.
        let _ = object.imp().person.set((person, me, current));
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

    /// Whether they are here; `None`: nobody knows, as there is no connection.
    pub(crate) fn is_here(&self) -> Option<bool> {
        let (person, _, current) = self.fields();
        current.then_some(person.online)
    }

    fn fields(&self) -> &(Person, bool, bool) {
        self.imp().person.get().expect("`new` is the only constructor and sets it")
    }
}
