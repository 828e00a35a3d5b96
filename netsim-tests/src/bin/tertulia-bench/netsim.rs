//! `netsim`: what `make netsim` prints.

use std::{future::Future, path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use tertulia_netsim::{
    link::Preset,
    netsim::{self, Plan, READERS, WRITERS, table},
    process::use_programs,
};
use tokio::time::Duration;

use crate::{
    args::Netsim,
    output::{fail, print, say, write_json},
};

pub(crate) async fn run(
    args: Netsim,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let presets = match args.preset.is_empty() {
        true => Preset::ALL.to_vec(),
        false => args.preset,
    };
    let plan = Plan {
        presets,
        messages: args.messages,
        every: Duration::from_millis(args.every),
        patience: Duration::from_secs(args.patience),
        seed: args.seed,
    };
    say(&introduction(&plan));
    let rows = tokio::select! {
        biased;
        signal = stop => return Ok(ExitCode::from(128 + signal)),
        rows = netsim::run(&plan) => rows,
    };
    let is_json_on_stdout = json.is_some_and(|path| path.as_os_str() == "-");
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match is_json_on_stdout {
        true => say(&table(&rows)),
        false => print(&table(&rows))?,
    }
    for trouble in rows.iter().filter_map(netsim::Row::trouble) {
        say(&format!("{trouble}\n"));
    }
    match rows.iter().all(netsim::Row::is_good) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived once and in order")),
    }
}

fn introduction(plan: &Plan) -> String {
    let mut text = format!(
        "{WRITERS} write {} messages each, {READERS} read, everybody through a link of their own \
         (seed {}):\n",
        plan.messages, plan.seed
    );
    for preset in &plan.presets {
        text.push_str(&format!("  {preset:9}  {}\n", preset.about()));
    }
    text
}

/// The server and the command line are beside this program unless told otherwise.
pub(crate) fn find_programs(folder: Option<&Path>) -> Result<()> {
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => {
            let own = std::env::current_exe().context("this program can't be found")?;
            own.parent().context("this program is in no folder")?.to_owned()
        }
    };
    for name in ["tertulia-server", "tertulia-cli"] {
        ensure!(
            folder.join(name).is_file(),
            "there is no {name} in {}: build it, or say where it is by --programs DIR",
            folder.display()
        );
    }
    ensure!(use_programs(folder), "the programs were chosen already");
    Ok(())
}
