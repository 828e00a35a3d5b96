//! `power`: what `make power` prints.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_netsim::power::{
    client_scene::ClientScene,
    cuts::{Moment, Total, cut},
    record,
    server_scene::ServerScene,
};

use crate::{
    args::Power,
    output::{fail, print, say, write_json},
    programs::find_programs,
};

#[derive(Serialize)]
struct Row {
    system: &'static str,
    side: &'static str,
    cuts: u64,
    recorded_calls: u64,
    promises: u64,
    lost: u64,
    twice: u64,
    out_of_order: u64,
    cuts_violated: usize,
}

pub(crate) async fn run(args: Power, json: Option<&Path>) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    record::check()?;
    say("recording a server while people write\n");
    let scene = ServerScene::record(args.lines).await?;
    let of_server = look("server", args.cuts, || {
        let judge = |moment: &Moment<'_>| scene.judge(moment);
        cut(&scene.root, &scene.records, args.cuts, args.seed, judge, progress)
    })?;
    say("recording a client that writes, on and off line\n");
    let own = std::env::current_exe().context("this program can't be found")?;
    let scene = ClientScene::record(&own, args.lines.div_ceil(4)).await?;
    let of_client = look("client", args.cuts, || {
        let judge = |moment: &Moment<'_>| scene.judge(moment);
        cut(&scene.root, &scene.records, args.cuts, args.seed, judge, progress)
    })?;
    let all = [("server", &of_server), ("client", &of_client)];
    if let Some(path) = json {
        write_json(path, &all.map(|(side, total)| row(side, total)))?;
    }
    let text: String = all.map(|(side, total)| format!("{side}: {total}")).concat();
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&text),
        false => print(&text)?,
    }
    match of_server.failed.is_empty() && of_client.failed.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("something was not there when the power was back")),
    }
}

/// Cuts on a thread of their own: what they look at starts runtimes itself.
fn look(what: &str, cuts: u64, work: impl FnOnce() -> Result<Total> + Send) -> Result<Total> {
    say(&format!("cutting the {what}'s power {cuts} times\n"));
    std::thread::scope(|scope| {
        let broke_off = |_| Err(anyhow::anyhow!("the cuts broke off"));
        scope.spawn(work).join().unwrap_or_else(broke_off)
    })
}

fn progress(total: &Total) {
    if total.cuts.is_multiple_of(100) {
        say(&format!("{} cuts, {} with violations\n", total.cuts, total.failed.len()));
    }
}

fn row(side: &'static str, total: &Total) -> Row {
    Row {
        system: "tertulia",
        side,
        cuts: total.cuts,
        recorded_calls: total.steps,
        promises: total.kept.promises,
        lost: total.kept.lost,
        twice: total.kept.twice,
        out_of_order: total.kept.out_of_order,
        cuts_violated: total.failed.len(),
    }
}
