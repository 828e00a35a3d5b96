//! A server that breaks the protocol is left, never obeyed, and never the end of the program.

use quinn::VarInt;
use tertulia_client::{
    ClientEvent, Connection, RequestError, Trouble,
    proto::{
        Done, LaneMessage, ReqId, StreamKind,
        close::{CloseCode, STREAM_UNKNOWN_KIND},
        frame, limits,
    },
};

use crate::{
    Person,
    fake_server::{FakeServer, LOBBY, Peer, posted},
    soon,
};

fn lost(event: &ClientEvent) -> Option<String> {
    match event {
        ClientEvent::Connection(Connection::Offline { trouble: Trouble::Lost(why), .. }) => {
            Some(why.clone())
        }
        _ => None,
    }
}

/// What a breach on the control stream leads to: the code, and a client that comes back.
async fn breach(bytes: Vec<u8>) -> CloseCode {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say_bytes(&bytes).await;
    let code = peer.ended().await;
    let why = person.until(lost).await;
    assert!(why.contains("broke the protocol"), "{why}");
    let _peer = server.welcomed().await;
    soon(person.client.welcomed()).await.unwrap();
    code
}

#[tokio::test]
async fn nonsense_on_the_control_stream_ends_the_connection() {
    // A receipt whose body is one byte; an endless length; a second welcome is no answer.
    assert_eq!(breach(frame::encode(128, &7u8).to_vec()).await, CloseCode::PROTOCOL);
    assert_eq!(breach(vec![0xff; 11]).await, CloseCode::PROTOCOL);
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_before_it_comes() {
    let mut header = Vec::new();
    frame::put_varint(&mut header, limits::REPLY_BYTES as u64 + 1);
    assert_eq!(breach(header).await, CloseCode::FRAME_TOO_LARGE);
}

#[tokio::test]
async fn frames_of_unknown_types_are_skipped() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    peer.say_bytes(&frame::encode(250, &"of the future")).await;
    peer.say(Done { req_id: ReqId(77) }).await;
    let mut lane = peer.lane().await;
    lane.open(0, 1).await;
    lane.send.write_all(&frame::encode(499, &"of the future")).await.unwrap();
    lane.events([1]).await;
    lane.live().await;
    soon(person.client.live()).await.unwrap();
    assert_eq!(person.client.snapshot().rooms[0].listing.head.0, 1);
}

#[tokio::test]
async fn a_stream_of_an_unknown_kind_is_refused_and_the_connection_lives() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, peer) = Person::joined(dir.path(), &server).await;
    let mut stream = peer.quic.open_uni().await.unwrap();
    stream.write_all(&[0x30, 1, 2, 3]).await.unwrap();
    let code = soon(stream.stopped()).await.unwrap();
    assert_eq!(code, Some(VarInt::from_u32(STREAM_UNKNOWN_KIND)));
    peer.lane().await.live().await;
    soon(person.client.live()).await.unwrap();
}

/// A page that is asked for and then written by `write`: how the question ends.
async fn page<F: Future<Output = Peer>>(
    write: impl FnOnce(Peer, ReqId) -> F,
) -> Result<usize, RequestError> {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let ask = person.client.history(LOBBY, tertulia_client::proto::Span::Newest, 10);
    let serve = async {
        let (req_id, _) = peer.request().await;
        write(peer, req_id).await
    };
    let (answer, _peer) = soon(async { tokio::join!(ask, serve) }).await;
    answer.map(|events| events.len())
}

#[tokio::test]
async fn a_page_is_checked_before_it_is_believed() {
    let whole = page(async |peer: Peer, req_id| {
        peer.page(req_id, vec![posted(1), posted(2)]).await;
        peer
    });
    assert_eq!(whole.await.unwrap(), 2);

    let descending = page(async |peer: Peer, req_id| {
        peer.page(req_id, vec![posted(2), posted(1)]).await;
        assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
        peer
    });
    assert!(matches!(descending.await, Err(RequestError::Lost)));

    let headless = page(async |peer: Peer, req_id| {
        let mut stream = peer.quic.open_uni().await.unwrap();
        stream.write_all(&StreamKind::Page(req_id).encode()).await.unwrap();
        stream.write_all(&LaneMessage::Event(posted(1)).encode()).await.unwrap();
        assert_eq!(peer.ended().await, CloseCode::PROTOCOL);
        peer
    });
    assert!(matches!(headless.await, Err(RequestError::Lost)));
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_none() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let serve = async {
        let (req_id, _) = peer.request().await;
        peer.say(Done { req_id }).await;
    };
    let (rooms, ()) = soon(async { tokio::join!(person.client.rooms(), serve) }).await;
    assert!(matches!(rooms, Err(RequestError::Lost)), "{rooms:?}");
}

#[tokio::test]
async fn requests_end_with_the_connection() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, mut peer) = Person::joined(dir.path(), &server).await;
    let serve = async {
        peer.request().await;
        peer.cut(CloseCode::INTERNAL);
    };
    let (rooms, ()) = soon(async { tokio::join!(person.client.rooms(), serve) }).await;
    assert!(matches!(rooms, Err(RequestError::Lost)), "{rooms:?}");
    drop(server);
    let offline = person.client.users().await;
    assert!(matches!(offline, Err(RequestError::Offline)), "{offline:?}");
}
