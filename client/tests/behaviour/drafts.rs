//! What was typed and not sent.

use std::time::Duration;

use crate::{
    Person,
    fake_server::{FakeServer, LOBBY},
    soon,
};

#[tokio::test]
async fn drafts_are_there_again_after_a_close() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    assert!(person.client.draft(LOBBY).is_none());
    person.client.set_draft(LOBBY, "half a th".to_owned());
    person.client.set_draft(LOBBY, "half a thought".to_owned());
    person.client.close(Duration::ZERO).await;
    let again = Person::open(dir.path()).await;
    assert_eq!(again.client.draft(LOBBY).as_deref(), Some("half a thought"));
    again.client.set_draft(LOBBY, String::new());
    again.client.close(Duration::ZERO).await;
    let third = Person::open(dir.path()).await;
    assert!(third.client.draft(LOBBY).is_none(), "it was sent");
}

#[tokio::test]
async fn a_draft_is_on_disk_without_a_close() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (person, _peer) = Person::joined(dir.path(), &server).await;
    person.client.set_draft(LOBBY, "half a thought".to_owned());
    let file = dir.path().join("drafts.json");
    let written = async {
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("half a thought")) {
            tokio::task::yield_now().await;
        }
    };
    soon(written).await;
}

#[tokio::test]
async fn only_who_has_the_timelines_has_the_drafts() {
    let (server, dir) = (FakeServer::start(), tempfile::tempdir().unwrap());
    let (window, _peer) = Person::joined(dir.path(), &server).await;
    window.client.set_draft(LOBBY, "half a thought".to_owned());
    let script = Person::with(dir.path(), false, false).await;
    script.client.set_draft(LOBBY, "something else".to_owned());
    script.client.close(Duration::ZERO).await;
    window.client.close(Duration::ZERO).await;
    let again = Person::open(dir.path()).await;
    assert_eq!(again.client.draft(LOBBY).as_deref(), Some("half a thought"));
}
