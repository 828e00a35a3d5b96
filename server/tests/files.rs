//! Files, up and down, spoken by hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::PathBuf};

use common::{
    PATIENCE, RawClient, TestServer, create,
    file_stream::{FileStream, content, told, upload},
    hello, message, text_of,
};
use tertulia_proto::{
    Change, Event, Features, FileHash, Handle, Hello, History, HistoryPolicy, Refusal, RoomId,
    RoomKind, Seq, ServerMessage, SetMember, Span, StreamKind, close, limits,
};
use tertulia_server::FileLimits;
use tokio::time::{Instant, sleep};

const LOBBY: RoomId = RoomId(1);
/// More than the server writes at once.
const LARGE: usize = 700_000;

/// Files that lie there, with their lengths.
fn stored(server: &TestServer, partial: bool) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let Ok(shelves) = fs::read_dir(server.dir.path().join("data/files")) else { return found };
    for shelf in shelves.map(|shelf| shelf.unwrap().path()) {
        if shelf.ends_with("partial") == partial {
            found.extend(fs::read_dir(shelf).unwrap().map(|entry| {
                let entry = entry.unwrap();
                (entry.path(), entry.metadata().unwrap().len())
            }));
        }
    }
    found
}

/// Waits for what the server does on its disk.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(std::time::Duration::from_millis(2)).await;
    }
}

async fn posted(client: &mut RawClient) -> Event {
    loop {
        let event = client.event(LOBBY).await;
        if matches!(event.change, Change::Posted(_)) {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_whole_is_a_message_and_can_be_had_by_everyone_who_reads_it() {
    let server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let mut beto = server.welcome("beto").await;
    beto.live().await;
    let content = content(LARGE);
    let receipt = ana.upload(upload(1, LOBBY, &content), &content).await;
    assert!(!receipt.duplicate);
    let event = posted(&mut beto).await;
    assert_eq!(event.head.seq, receipt.seq);
    let Change::Posted(message) = &event.change else { unreachable!() };
    assert_eq!(message.file, Some(told("informe.pdf", &content)));
    assert_eq!(text_of(&event), Some("📎 informe.pdf (700.0 kB)"));

    let mut whole = beto.download(LOBBY, receipt.seq, 0).await;
    assert_eq!(whole.head().await, told("informe.pdf", &content));
    assert!(whole.rest().await == content);
    let mut rest = beto.download(LOBBY, receipt.seq, 600_000).await;
    rest.head().await;
    assert!(rest.rest().await == content[600_000..]);
    let mut nothing = beto.download(LOBBY, receipt.seq, LARGE as u64).await;
    nothing.head().await;
    assert_eq!(nothing.rest().await, b"");
    let mut beyond = beto.download(LOBBY, receipt.seq, LARGE as u64 + 1).await;
    assert_eq!(beyond.refusal().await, Refusal::INVALID);
}

#[tokio::test(flavor = "multi_thread")]
async fn to_one_who_knows_no_files_it_is_a_message_that_says_what_it_was() {
    let server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let device = server.device("old");
    let mut old = server.connect(&device).await;
    let features = Features(Features::OURS.0 & !Features::FILES.0);
    let welcome = old.greet("old", Hello { features, ..hello(4) }).await;
    assert!(!welcome.features.has(Features::FILES));
    old.live().await;
    let content = content(1_500);
    ana.upload(upload(1, LOBBY, &content), &content).await;
    let live = posted(&mut old).await;
    assert_eq!((live.kind(), text_of(&live)), (256, Some("📎 informe.pdf (1.5 kB)")));
    old.request(History { room: LOBBY, span: Span::Newest, limit: 1 }).await;
    let (_, page, _) = old.page().await;
    assert_eq!(page, [live], "in history too");
    let mut stream = FileStream::open(&old, upload(2, LOBBY, b"x")).await;
    assert_eq!(stream.reset_code().await, u64::from(close::STREAM_UNKNOWN_KIND));
    old.post(7, "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_an_interruption_is_not_asked_for_again() {
    let mut server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let content = content(LARGE);
    let mut stream = FileStream::open(&ana, upload(1, LOBBY, &content)).await;
    assert_eq!(stream.offset().await, 0);
    stream.write(&content[..400_000]).await;
    until("some of it is stored", || stored(&server, true).iter().any(|(_, bytes)| *bytes > 0))
        .await;
    ana.connection.close(0u32.into(), b"");
    server.restart().await;
    let ana = server.welcome("ana").await;
    let mut stream = FileStream::open(&ana, upload(1, LOBBY, &content)).await;
    let offset = stream.offset().await;
    assert!((1..=400_000).contains(&offset), "{offset}");
    stream.write(&content[offset as usize..]).await;
    stream.send.finish().unwrap();
    let receipt = stream.receipt().await;
    let mut whole = ana.download(LOBBY, receipt.seq, 0).await;
    whole.head().await;
    assert!(whole.rest().await == content);
    assert_eq!(stored(&server, true), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_comes_back_takes_the_place_of_a_connection_that_is_not_known_to_be_lost() {
    let server = TestServer::start().await;
    let content = content(LARGE);
    let lost = server.welcome("ana").await;
    let mut first = FileStream::open(&lost, upload(1, LOBBY, &content)).await;
    first.offset().await;
    first.write(&content[..300_000]).await;
    until("some of it is stored", || stored(&server, true).iter().any(|(_, bytes)| *bytes > 0))
        .await;
    let back = server.welcome("ana").await;
    let mut second = FileStream::open(&back, upload(1, LOBBY, &content)).await;
    let offset = second.offset().await;
    second.write(&content[offset as usize..]).await;
    second.send.finish().unwrap();
    let receipt = second.receipt().await;
    assert!(!receipt.duplicate);
    assert!(first.recv.read_chunk(10, true).await.is_ok_and(|chunk| chunk.is_none()), "it ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_again_is_the_same_message() {
    let server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let content = content(5_000);
    let receipt = ana.upload(upload(1, LOBBY, &content), &content).await;
    for again in [upload(1, LOBBY, &content), upload(1, LOBBY, b"something else")] {
        let mut stream = FileStream::open(&ana, again).await;
        let repeated = stream.receipt().await;
        assert!(repeated.duplicate);
        assert_eq!((repeated.seq, repeated.time), (receipt.seq, receipt.time));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_is_stored_once_and_nobody_is_told_that_it_was_there() {
    let server = TestServer::start().await;
    let [ana, beto] = [server.welcome("ana").await, server.welcome("beto").await];
    let content = content(LARGE);
    let first = ana.upload(upload(1, LOBBY, &content), &content).await;
    // Asserts that all of it is asked for.
    let second = beto.upload(upload(2, LOBBY, &content), &content).await;
    assert_eq!(second.seq, first.seq.next());
    assert_eq!(stored(&server, false).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_announced_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let content = content(LARGE);
    let mut other = content.clone();
    other[LARGE / 2] ^= 1;
    let longer = [&content[..], b"x"].concat();
    for (id, sent) in [(1, &other), (2, &longer)] {
        let mut stream = FileStream::open(&ana, upload(id, LOBBY, &content)).await;
        stream.offset().await;
        stream.write(sent).await;
        // It may have been stopped already.
        let _ = stream.send.finish();
        assert_eq!(stream.refusal().await, Refusal::FILE_DIFFERS);
    }
    until("all of it is gone", || stored(&server, true).is_empty()).await;
    assert_eq!(stored(&server, false), []);
    assert_eq!(ana.post(7, "the next one").await.seq, Seq(2), "nothing was posted");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_taken_back_is_thrown_away() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let content = content(LARGE);
    let mut stream = FileStream::open(&ana, upload(1, LOBBY, &content)).await;
    stream.offset().await;
    stream.write(&content[..300_000]).await;
    until("some of it is stored", || stored(&server, true).iter().any(|(_, bytes)| *bytes > 0))
        .await;
    stream.reset(close::STREAM_CANCELLED);
    until("it is gone", || stored(&server, true).is_empty()).await;
    ana.post(7, "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_keep_to_what_the_operator_allows() {
    let limits = FileLimits { largest: 1_000, account: 2_500, total: 3_500 };
    let server = TestServer::start_with(|config| config.files = limits).await;
    let [ana, beto] = [server.welcome("ana").await, server.welcome("beto").await];
    let refusal = async |client: &RawClient, id, content: &[u8]| {
        FileStream::open(client, upload(id, LOBBY, content)).await.refusal().await
    };
    assert_eq!(refusal(&ana, 1, &content(1_001)).await, Refusal::FILE_TOO_LARGE);
    for id in [2u8, 3] {
        let content = vec![id; 1_000];
        ana.upload(upload(id, LOBBY, &content), &content).await;
    }
    assert_eq!(refusal(&ana, 4, &[4; 501]).await, Refusal::QUOTA, "hers is used up");
    let mut open = FileStream::open(&beto, upload(5, LOBBY, &[5; 1_000])).await;
    assert_eq!(open.offset().await, 0);
    assert_eq!(refusal(&beto, 6, &[6; 501]).await, Refusal::QUOTA, "all is, with what is begun");
    ana.upload(upload(7, LOBBY, &[7; 500]), &[7; 500]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_than_eight_that_were_left_the_oldest_goes() {
    let server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let begin = async |id: u8| {
        let mut stream = FileStream::open(&ana, upload(id, LOBBY, &[id; 10])).await;
        let offset = stream.offset().await;
        if offset == 0 {
            stream.write(&[id; 5]).await;
        }
        stream.send.finish().unwrap();
        assert_eq!(stream.rest().await, b"");
        offset
    };
    for id in 1..=9 {
        assert_eq!(begin(id).await, 0);
    }
    assert_eq!(stored(&server, true).len(), 8);
    assert_eq!(begin(9).await, 5);
    assert_eq!(begin(1).await, 0, "it was the oldest");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_sends_no_file_and_a_name_that_is_a_path_is_none() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let beto = server.welcome("beto").await;
    let room = ana.room(create("garden", RoomKind::Public)).await.room;
    let handle = Handle::new("beto").unwrap();
    ana.done(SetMember { room, handle, role: Some(tertulia_proto::Role::Guest) }).await;
    let mut stream = FileStream::open(&beto, upload(1, room, b"x")).await;
    assert_eq!(stream.refusal().await, Refusal::FORBIDDEN);
    let mut stream = FileStream::open(&beto, upload(1, RoomId(99), b"x")).await;
    assert_eq!(stream.refusal().await, Refusal::NO_SUCH_ROOM);
    // As no honest client writes it.
    let name = "../x".to_owned();
    let path = tertulia_proto::frame::encode(
        4,
        &([1u8; 16], LOBBY, None::<Seq>, (name, 1u64, FileHash([0; 32]))),
    );
    let first = [&StreamKind::File.encode()[..], &path[..]].concat();
    let mut stream = FileStream::open_raw(&ana, &first).await;
    assert_eq!(stream.refusal().await, Refusal::INVALID);
    assert_eq!(stored(&server, true), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_one_may_not_read_has_no_file() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    let room = tertulia_proto::CreateRoom {
        history: HistoryPolicy::SinceJoined,
        ..create("garden", RoomKind::Private)
    };
    let room = ana.room(room).await.room;
    let content = content(100);
    let before = ana.upload(upload(1, room, &content), &content).await.seq;
    let beto = server.welcome("beto").await;
    let handle = Handle::new("beto").unwrap();
    ana.done(SetMember { room, handle, role: None }).await;
    let after = ana.upload(upload(2, room, &content), &content).await.seq;
    let ServerMessage::Receipt(text) = ana.ask(message(7, room, "no file")).await else { panic!() };
    assert_eq!(beto.download(room, after, 0).await.head().await.size, 100);
    for seq in [before, text.seq, Seq(0), Seq(99), Seq(u64::MAX)] {
        assert_eq!(beto.download(room, seq, 0).await.refusal().await, Refusal::NO_SUCH_FILE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_a_files_stream_harms_nothing() {
    let server = TestServer::start().await;
    let mut ana = server.welcome("ana").await;
    for first in [&b"\x02\x03\x04\x01\x01"[..], b"\x02\x00", b"\x02\xff\xff\x03", b"\x02\x01\x05"] {
        let mut stream = FileStream::open_raw(&ana, first).await;
        stream.send.finish().unwrap();
        assert_eq!(stream.refusal().await, Refusal::INVALID, "{first:02x?}");
    }
    for first in [&b"\x01"[..], b"\x10\x00", b"\x7f", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"] {
        let mut stream = FileStream::open_raw(&ana, first).await;
        let code = stream.reset_code().await;
        assert_eq!(code, u64::from(close::STREAM_UNKNOWN_KIND), "{first:02x?}");
    }
    // Cut off before it said anything, one after the other: each gives its place back.
    for _ in 0..3 * limits::FILES_AT_ONCE {
        FileStream::open_raw(&ana, b"\x02").await.send.finish().unwrap();
    }
    let content = content(10);
    ana.upload(upload(1, LOBBY, &content), &content).await;
    ana.post(7, "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_message_tells_of_is_swept_away_at_the_start_and_the_rest_stays() {
    let mut server = TestServer::start().await;
    let ana = server.welcome("ana").await;
    let content = content(LARGE);
    let receipt = ana.upload(upload(1, LOBBY, &content), &content).await;
    // As a crash leaves it between the file and its message.
    let shelf = server.dir.path().join("data/files/ab");
    fs::create_dir(&shelf).unwrap();
    let orphan = shelf.join("cd".repeat(31));
    fs::write(&orphan, "nobody's").unwrap();
    server.restart().await;
    until("the orphan is gone", || !orphan.exists()).await;
    let ana = server.welcome("ana").await;
    let mut whole = ana.download(LOBBY, receipt.seq, 0).await;
    whole.head().await;
    assert!(whole.rest().await == content);
}
