//! Power cuts: what people were told is there when the power is back. `make power` does more.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, Write},
    path::Path,
};

use tertulia_netsim::power::{
    client_scene::ClientScene,
    cuts::{Moment, cut},
    record,
    server_scene::ServerScene,
};
use tokio::runtime::Runtime;

const CUTS: u64 = 40;
const SEED: u64 = 1;

/// Shown whether the test fails or not, so not by `eprintln`.
fn say(text: impl std::fmt::Display) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[test]
fn every_receipt_given_before_a_power_cut_is_there_after_it() {
    record::check().unwrap();
    let scene = Runtime::new().unwrap().block_on(ServerScene::record(60)).unwrap();
    assert!(scene.receipts() >= 360);
    let judge = |moment: &Moment<'_>| scene.judge(moment);
    let total = cut(&scene.root, &scene.records, CUTS, SEED, judge, |_| ()).unwrap();
    say(&total);
    assert!(total.failed.is_empty(), "{total}");
    assert!(total.kept.promises > CUTS, "{total}");
}

#[test]
fn every_message_acknowledged_before_a_power_cut_waits_after_it_or_was_sent() {
    record::check().unwrap();
    let bench = Path::new(env!("CARGO_BIN_EXE_tertulia-bench"));
    let scene = Runtime::new().unwrap().block_on(ClientScene::record(bench, 40)).unwrap();
    assert_eq!(scene.messages(), 160);
    let judge = |moment: &Moment<'_>| scene.judge(moment);
    let total = cut(&scene.root, &scene.records, CUTS, SEED, judge, |_| ()).unwrap();
    say(&total);
    assert!(total.failed.is_empty(), "{total}");
    assert!(total.kept.promises > CUTS, "{total}");
}
