//! A place for what may be squeezed: what is in it does not decide how wide it would like to be, so
//! that something wide that comes and goes there folds nothing beside it.

use gtk::{glib, prelude::*, subclass::prelude::*};

/// It would like to be at most so wide, in pixels; as wide as it has to be all the same.
const WIDTH: i32 = 480;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Pane {
        pub(super) child: glib::WeakRef<gtk::Widget>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Pane {
        const NAME: &'static str = "TertuliaPane";
        type Type = super::Pane;
        type ParentType = gtk::Widget;
        type Interfaces = (gtk::Buildable,);
    }

    impl ObjectImpl for Pane {
        fn dispose(&self) {
            if let Some(child) = self.child.upgrade() {
                child.unparent();
            }
        }
    }

    impl BuildableImpl for Pane {
        fn add_child(&self, builder: &gtk::Builder, child: &glib::Object, kind: Option<&str>) {
            match child.downcast_ref::<gtk::Widget>() {
                Some(child) => {
                    child.set_parent(&*self.obj());
                    self.child.set(Some(child));
                }
                None => self.parent_add_child(builder, child, kind),
            }
        }
    }

    impl WidgetImpl for Pane {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            let Some(child) = self.child.upgrade() else { return (0, 0, -1, -1) };
            let (least, wished, _, _) = child.measure(orientation, for_size);
            match orientation {
                gtk::Orientation::Horizontal => (least, wished.min(WIDTH).max(least), -1, -1),
                _ => (least, wished, -1, -1),
            }
        }

        fn size_allocate(&self, width: i32, height: i32, baseline: i32) {
            if let Some(child) = self.child.upgrade() {
                child.allocate(width, height, baseline, None);
            }
        }
    }
}

glib::wrapper! {
    /// Has one child, by its template.
    pub struct Pane(ObjectSubclass<imp::Pane>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}
