//! A file on its way, up or down, and what became of that.

use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
    sync::OnceLock,
};

use gtk::{glib, glib::subclass::Signal, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Progress,
    proto::{MessageId, Seq},
};

use crate::bridge::Cancel;

/// How far it is with a file. A row looks another way with each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On its way, or waiting for that.
    #[default]
    Moving,
    /// It is on this computer's disk.
    Here(PathBuf),
    /// It did not get through, and why, in words.
    Failed(String),
}

/// What is to be done once more where it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Errand {
    /// This file is to be a message.
    Send {
        path: PathBuf,
        reply_to: Option<Seq>,
        /// Made for this alone: it goes when it was sent.
        passing: bool,
    },
    /// The file of this message is wanted: in the folder for such, or in this place.
    Fetch { seq: Seq, target: Option<PathBuf> },
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Parcel {
        pub(super) id: Cell<u64>,
        pub(super) errand: RefCell<Option<Errand>>,
        pub(super) stage: RefCell<Stage>,
        pub(super) progress: Cell<Progress>,
        pub(super) held: Cell<bool>,
        pub(super) taken_back: Cell<bool>,
        pub(super) message: Cell<Option<MessageId>>,
        pub(super) cancel: RefCell<Option<Cancel>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Parcel {
        const NAME: &'static str = "TertuliaParcel";
        type Type = super::Parcel;
    }

    impl ObjectImpl for Parcel {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }
}

glib::wrapper! {
    /// Says `changed` when it moved, or waits; its stage is told by the timeline's lines.
    pub struct Parcel(ObjectSubclass<imp::Parcel>);
}

impl Parcel {
    /// One that is about to go.
    pub(crate) fn new(errand: Errand) -> Self {
        thread_local!(static LAST: Cell<u64> = const { Cell::new(0) });
        let parcel: Self = glib::Object::new();
        let id = LAST.get() + 1;
        LAST.set(id);
        parcel.imp().id.set(id);
        parcel.imp().errand.replace(Some(errand));
        parcel
    }

    /// What it is asked for by; no other has it.
    pub(crate) fn id(&self) -> u64 {
        self.imp().id.get()
    }

    /// What it is for.
    pub(crate) fn errand(&self) -> Errand {
        let errand = self.imp().errand.borrow().clone();
        errand.expect("`new` is the only constructor and sets it")
    }

    /// How far it is with it.
    pub(crate) fn stage(&self) -> Stage {
        self.imp().stage.borrow().clone()
    }

    /// Whoever calls this tells the timeline.
    pub(crate) fn set_stage(&self, stage: Stage) {
        self.imp().stage.replace(stage);
    }

    /// Whether it neither arrived nor failed.
    pub(crate) fn is_moving(&self) -> bool {
        *self.imp().stage.borrow() == Stage::Moving
    }

    /// How far it got.
    pub(crate) fn progress(&self) -> Progress {
        self.imp().progress.get()
    }

    /// It got that far.
    pub(crate) fn set_progress(&self, progress: Progress) {
        if self.imp().progress.replace(progress) != progress {
            self.emit_by_name::<()>("changed", &[]);
        }
    }

    /// Whether it waits for a connection.
    pub(crate) fn is_held(&self) -> bool {
        self.imp().held.get()
    }

    /// There is no connection, or there is one again.
    pub(crate) fn set_held(&self, held: bool) {
        if self.imp().held.replace(held) != held {
            self.emit_by_name::<()>("changed", &[]);
        }
    }

    /// The message that it became.
    pub(crate) fn message(&self) -> Option<MessageId> {
        self.imp().message.get()
    }

    /// It is one, also where the room does not tell of it yet.
    pub(crate) fn set_message(&self, id: MessageId) {
        self.imp().message.set(Some(id));
    }

    /// By this it is taken back.
    pub(crate) fn set_cancel(&self, cancel: Cancel) {
        self.imp().cancel.replace(Some(cancel));
    }

    /// Whether that was done.
    pub(crate) fn is_taken_back(&self) -> bool {
        self.imp().taken_back.get()
    }

    /// Takes it back, as far as that is in time.
    pub(crate) fn take_back(&self) {
        self.imp().taken_back.set(true);
        if let Some(cancel) = self.imp().cancel.take() {
            cancel.cancel();
        }
    }

    /// Calls `changed` when it moved, or waits.
    pub(crate) fn connect_changed(
        &self,
        changed: impl Fn(&Self) + 'static,
    ) -> glib::SignalHandlerId {
        self.connect_local("changed", false, move |values| {
            // The emitter is a signal's first value.
            if let Some(Ok(parcel)) = values.first().map(|value| value.get::<Self>()) {
                changed(&parcel);
            }
            None
        })
    }
}
