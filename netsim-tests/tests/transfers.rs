//! Files over connections that are lost on the way: in virtual time, so that the bytes can be counted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, future::Future, path::Path, sync::Arc, time::Duration};

use tertulia_client::{Progress, Transfer, TransferError};
use tertulia_netsim::{
    link::{Conditions, Loss, Profile, Rate},
    sim::{
        preset::Preset,
        process::Process,
        server_host::ServerHost,
        world::{PATIENCE, World},
    },
};
use tertulia_proto::{DisplayName, RoomId};
use tokio::{runtime, task::JoinSet, time};

const SIZE: usize = 3_000_000;

/// 4 Mbit/s that lose two packets of a hundred.
fn link() -> Profile {
    Profile::symmetric(Conditions {
        delay: Duration::from_millis(40),
        loss: Loss::Random { share: 0.02 },
        rate: Some(Rate { bits_per_second: 4_000_000, queue_bytes: 64_000 }),
        ..Conditions::default()
    })
}

struct Scene {
    world: Arc<World>,
    host: ServerHost,
    person: Process,
    _carrier: JoinSet<()>,
    content: Vec<u8>,
}

impl Scene {
    /// Plays a story in which one person has a file to send.
    fn play<F: Future<Output = ()>>(story: impl FnOnce(Self, std::path::PathBuf) -> F) {
        let dir = tempfile::tempdir().unwrap();
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scene = Self::set(dir.path()).await;
            story(scene, dir.path().to_owned()).await;
        });
    }

    async fn set(root: &Path) -> Self {
        let world = Arc::new(World::new(7, Preset::Links, 1, root));
        let mut carrier = JoinSet::new();
        carrier.spawn(Arc::clone(&world.net).carry());
        let host = ServerHost::start(&world, 0).await.unwrap();
        world.net.set_link(0, link(), 1);
        let (person, _) = Process::open(&world, 0, 0, false).await.unwrap();
        person.client.join(&host.link(), &DisplayName::new("Ana").unwrap()).await.unwrap();
        let content: Vec<u8> = (0..SIZE).map(|n| (n * 31 + n / 251) as u8).collect();
        fs::write(root.join("file"), &content).unwrap();
        Self { world, host, person, _carrier: carrier, content }
    }

    /// Waits until about half of it is through, then the link is down for so long.
    async fn cut_halfway<T: Send + 'static>(&self, transfer: &Transfer<T>, down: Duration) {
        let mut progress = transfer.progress();
        let is_half = |progress: &Progress| progress.done > SIZE as u64 / 2;
        time::timeout(PATIENCE, progress.wait_for(is_half)).await.unwrap().unwrap();
        self.world.net.set_cut(0, true, true);
        time::sleep(down).await;
        self.world.net.set_cut(0, false, false);
    }

    async fn end(self) {
        self.person.close(Duration::ZERO).await;
        self.host.server.shutdown().await;
    }
}

async fn outcome<T: Send + 'static>(mut transfer: Transfer<T>) -> Result<T, TransferError> {
    time::timeout(PATIENCE, transfer.outcome()).await.expect("it never ends")
}

#[test]
fn what_was_sent_before_the_connection_was_lost_is_not_sent_again_and_neither_fetched() {
    Scene::play(|scene, root| async move {
        let client = scene.person.client.clone();
        let upload = client.upload(RoomId::LOBBY, None, root.join("file"));
        // Longer than the client takes for a connection to be lost.
        scene.cut_halfway(&upload, Duration::from_secs(40)).await;
        let sent = outcome(upload).await.unwrap();
        let up = scene.world.net.counts().bytes;
        assert!(up < SIZE as u64 * 4 / 3, "{up} bytes for {SIZE}");

        let file = client.file(sent.room, sent.seq).await.unwrap().unwrap();
        assert_eq!(file, sent.file);
        let target = root.join("fetched");
        let download = client.download((sent.room, sent.seq), file, target.clone(), false);
        scene.cut_halfway(&download, Duration::from_secs(40)).await;
        assert_eq!(outcome(download).await.unwrap(), target);
        assert!(fs::read(&target).unwrap() == scene.content);
        let down = scene.world.net.counts().bytes - up;
        assert!(down < SIZE as u64 * 4 / 3, "{down} bytes for {SIZE}");
        scene.end().await;
    });
}

#[test]
fn one_that_is_taken_back_leaves_nothing_here_and_there() {
    Scene::play(|scene, root| async move {
        let client = scene.person.client.clone();
        let mut upload = client.upload(RoomId::LOBBY, None, root.join("file"));
        let mut progress = upload.progress();
        progress.wait_for(|progress| progress.done > SIZE as u64 / 4).await.unwrap();
        upload.cancel();
        assert!(matches!(outcome(upload).await, Err(TransferError::Cancelled)));
        let partial = scene.host.machine.dir().join("files/partial");
        let is_gone = async {
            while fs::read_dir(&partial).unwrap().next().is_some() {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        time::timeout(PATIENCE, is_gone).await.expect("it is kept");
        let uploads = scene.person.machine.dir().join("uploads");
        assert_eq!(fs::read_dir(uploads).unwrap().count(), 0);

        let sent = outcome(client.upload(RoomId::LOBBY, None, root.join("file"))).await.unwrap();
        assert_eq!(sent.seq.0, 2, "the first message behind her entering");
        let (into, at) = (root.join("into"), (sent.room, sent.seq));
        fs::create_dir(&into).unwrap();
        let mut download = client.download(at, sent.file, into.join("a"), false);
        let mut progress = download.progress();
        progress.wait_for(|progress| progress.done > SIZE as u64 / 4).await.unwrap();
        download.cancel();
        assert!(matches!(outcome(download).await, Err(TransferError::Cancelled)));
        assert_eq!(fs::read_dir(into).unwrap().count(), 0);
        scene.end().await;
    });
}

#[test]
fn one_that_is_dropped_goes_on_with_the_next() {
    Scene::play(|scene, root| async move {
        let client = scene.person.client.clone();
        let upload = client.upload(RoomId::LOBBY, None, root.join("file"));
        let mut progress = upload.progress();
        progress.wait_for(|progress| progress.done > SIZE as u64 / 2).await.unwrap();
        drop(upload);
        let before = scene.world.net.counts().bytes;
        outcome(client.upload(RoomId::LOBBY, None, root.join("file"))).await.unwrap();
        let rest = scene.world.net.counts().bytes - before;
        assert!(rest < SIZE as u64 * 4 / 5, "{rest} bytes for the rest of {SIZE}");
        scene.end().await;
    });
}

#[test]
fn one_that_is_sent_again_is_the_same_message_until_it_is_settled() {
    Scene::play(|scene, root| async move {
        let client = scene.person.client.clone();
        let again = || client.upload(RoomId::LOBBY, None, root.join("file"));
        // Whoever was to be told may have been killed just then.
        let first = outcome(again()).await.unwrap();
        let mut told = again();
        let second = time::timeout(PATIENCE, told.outcome()).await.unwrap().unwrap();
        assert_eq!((second.message_id, second.seq), (first.message_id, first.seq));
        told.settle().await;
        let third = outcome(again()).await.unwrap();
        assert_eq!((third.message_id == first.message_id, third.seq), (false, first.seq.next()));
        scene.end().await;
    });
}
