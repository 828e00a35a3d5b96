//! Servers that announce themselves on the local network, to choose one of.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use async_channel::Receiver;
use gtk::{
    glib,
    glib::{clone, subclass::Signal},
};
use tertulia_client::{
    nearby::{NearbyEvent, NearbyServer},
    proto::Registration,
};

use crate::{
    i18n::{fill, tr},
    model::Session,
};

/// Servers shown at most: in a longer list nobody finds the right one.
const SHOWN: usize = 8;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/nearby_list.ui")]
    pub struct NearbyList {
        #[template_child]
        pub(super) group: TemplateChild<adw::PreferencesGroup>,
        pub(super) session: OnceCell<Session>,
        /// While the list is in sight.
        pub(super) search: RefCell<Option<Receiver<NearbyEvent>>>,
        pub(super) servers: RefCell<BTreeMap<String, (NearbyServer, adw::ActionRow)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for NearbyList {
        const NAME: &'static str = "TertuliaNearbyList";
        type Type = super::NearbyList;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for NearbyList {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                let chosen = Signal::builder("chosen").param_types([String::static_type()]);
                vec![chosen.build()]
            })
        }
    }

    impl WidgetImpl for NearbyList {
        fn map(&self) {
            self.parent_map();
            self.obj().begin();
        }

        fn unmap(&self) {
            self.search.take();
            self.obj().clear();
            self.parent_unmap();
        }
    }

    impl BoxImpl for NearbyList {}
}

glib::wrapper! {
    /// Looks around while it is in sight; shows nothing where nothing is found.
    pub struct NearbyList(ObjectSubclass<imp::NearbyList>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl NearbyList {
    /// To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let _ = self.imp().session.set(session.clone());
    }

    /// Calls `chosen` with the server that was chosen.
    pub(crate) fn connect_chosen(&self, chosen: impl Fn(NearbyServer) + 'static) {
        self.connect_local("chosen", false, move |values| {
            let list: Self = values.first()?.get().ok()?;
            let id: String = values.get(1)?.get().ok()?;
            let server = list.imp().servers.borrow().get(&id).map(|(server, _)| server.clone());
            chosen(server?);
            None
        });
    }

    /// Takes in what changed.
    pub(crate) fn apply(&self, event: NearbyEvent) {
        let imp = self.imp();
        match event {
            NearbyEvent::Found(server) => {
                let known = imp.servers.borrow().get(&server.id).map(|(_, row)| row.clone());
                let row = match known {
                    Some(row) => row,
                    None if imp.servers.borrow().len() >= SHOWN => return,
                    None => self.add_row(&server.id),
                };
                row.set_title(&server.name);
                row.set_subtitle(&description(&server));
                imp.servers.borrow_mut().insert(server.id.clone(), (server, row));
            }
            NearbyEvent::Gone { id } => {
                let gone = imp.servers.borrow_mut().remove(&id);
                if let Some((_, row)) = gone {
                    imp.group.remove(&row);
                }
            }
        }
        imp.group.set_visible(!imp.servers.borrow().is_empty());
    }

    fn begin(&self) {
        let imp = self.imp();
        let Some(events) = imp.session.get().and_then(Session::nearby) else {
            return;
        };
        imp.search.replace(Some(events.clone()));
        let list = self.downgrade();
        glib::spawn_future_local(async move {
            while let Ok(event) = events.recv().await {
                let Some(list) = list.upgrade() else { break };
                // What of an earlier search was still on its way is old.
                let current = list.imp().search.borrow().clone();
                if current.is_none_or(|current| !current.same_channel(&events)) {
                    break;
                }
                list.apply(event);
            }
        });
    }

    fn clear(&self) {
        let imp = self.imp();
        for (_, row) in imp.servers.take().into_values() {
            imp.group.remove(&row);
        }
        imp.group.set_visible(false);
    }

    fn add_row(&self, id: &str) -> adw::ActionRow {
        let choose = gtk::Button::builder()
            .label(tr("Choose"))
            .valign(gtk::Align::Center)
            .css_classes(["flat"])
            .build();
        choose.connect_clicked(clone!(
            #[weak(rename_to = list)]
            self,
            #[to_owned]
            id,
            move |_| list.emit_by_name::<()>("chosen", &[&id])
        ));
        // A stranger's name is no markup.
        let row = adw::ActionRow::builder()
            .use_markup(false)
            .title_lines(1)
            .subtitle_lines(2)
            .activatable_widget(&choose)
            .build();
        row.add_suffix(&choose);
        self.imp().group.add(&row);
        row
    }
}

fn description(server: &NearbyServer) -> String {
    let address = server.addresses.first().map(ToString::to_string).unwrap_or_default();
    let registration = match server.registration {
        Registration::Open => tr("open to all"),
        Registration::Invite => tr("by invitation"),
    };
    fill(tr("{address}, {registration}"), &[("address", &address), ("registration", registration)])
}
