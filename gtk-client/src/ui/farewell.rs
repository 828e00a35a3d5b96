//! What one sees while Tertulia closes: what is still being sent, and what could not be.

use std::{cell::OnceCell, time::Duration};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};

use crate::{i18n::trn, model::Session};

/// How long waiting messages may take to go out.
pub(crate) const FLUSH: Duration = Duration::from_secs(3);
/// How long a person has to read that some still wait.
const READING: Duration = Duration::from_secs(3);

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/farewell.ui")]
    pub struct Farewell {
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) now: TemplateChild<gtk::Button>,
        pub(super) enough: OnceCell<async_channel::Sender<()>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Farewell {
        const NAME: &'static str = "TertuliaFarewell";
        type Type = super::Farewell;
        type ParentType = adw::Window;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for Farewell {
        fn constructed(&self) {
            self.parent_constructed();
            self.now.connect_clicked(clone!(
                #[weak(rename_to = imp)]
                self,
                move |_| imp.end_wait()
            ));
        }
    }

    impl WidgetImpl for Farewell {}

    impl WindowImpl for Farewell {
        fn close_request(&self) -> glib::Propagation {
            self.end_wait();
            glib::Propagation::Stop
        }
    }

    impl AdwWindowImpl for Farewell {}

    impl Farewell {
        fn end_wait(&self) {
            if let Some(enough) = self.enough.get() {
                // A full or closed channel: the wait is ending already.
                let _ = enough.try_send(());
            }
        }
    }
}

glib::wrapper! {
    /// Shown only where something waits.
    pub struct Farewell(ObjectSubclass<imp::Farewell>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl Farewell {
    /// Sends what waits, for [`FLUSH`] at most, and ends the clients. Says what is under way, and
    /// what still waits at the end; the person may cut both short, and so may whoever holds a sender
    /// of `enough`. Returns what still waits.
    pub(crate) async fn say(
        parent: Option<&gtk::Window>,
        sessions: &[Session],
        (sender, enough): (async_channel::Sender<()>, async_channel::Receiver<()>),
    ) -> usize {
        let queued = queued(sessions);
        let Some(parent) = parent.filter(|_| queued > 0) else {
            return close(sessions).await;
        };
        let window: Self = glib::Object::builder().property("transient-for", parent).build();
        let _ = window.imp().enough.set(sender);
        window.imp().text.set_label(&trn(
            "Sending a message that waits…",
            "Sending {n} messages that wait…",
            queued as u64,
        ));
        window.present();
        let waiting = {
            let close = std::pin::pin!(close(sessions));
            let enough = std::pin::pin!(enough.recv());
            match either(close, enough).await {
                Some(waiting) => waiting,
                None => self::queued(sessions),
            }
        };
        if waiting > 0 {
            window.show_left(waiting);
            let enough = std::pin::pin!(enough.recv());
            either(glib::timeout_future(READING), enough).await;
        }
        window.destroy();
        waiting
    }

    fn show_left(&self, waiting: usize) {
        let imp = self.imp();
        imp.spinner.set_visible(false);
        imp.text.set_label(&trn(
            "One message still waits. It goes out when you open Tertulia again.",
            "{n} messages still wait. They go out when you open Tertulia again.",
            waiting as u64,
        ));
    }
}

fn queued(sessions: &[Session]) -> usize {
    sessions.iter().map(Session::queued).sum()
}

/// Closes all at once; returns what still waits.
async fn close(sessions: &[Session]) -> usize {
    let closing: Vec<_> = sessions
        .iter()
        .cloned()
        .map(|session| glib::spawn_future_local(async move { session.close(FLUSH).await.waiting }))
        .collect();
    let mut waiting = 0;
    for closed in closing {
        // It ends in no other way than by its own end.
        waiting += closed.await.unwrap_or(0);
    }
    waiting
}

/// The first's result, unless the second is done before.
async fn either<T>(
    first: impl Future<Output = T> + Unpin,
    second: impl Future + Unpin,
) -> Option<T> {
    let (mut first, mut second) = (first, second);
    std::future::poll_fn(move |context| {
        use std::{pin::Pin, task::Poll};
        if let Poll::Ready(value) = Pin::new(&mut first).poll(context) {
            return Poll::Ready(Some(value));
        }
        match Pin::new(&mut second).poll(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
