//! `growth`: what `make bench` prints of large histories.

use std::{future::Future, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use tertulia_netsim::growth::{self, Plan, Told, table};

use crate::{
    args::Growth,
    output::{print, say, write_json},
    programs::find_programs,
};

pub(crate) async fn run(
    args: Growth,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    // Deleted at the end, whatever that is.
    let dir = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let dir = dir.context("no folder for the history")?;
    let plan = Plan { sizes: args.messages, repeats: args.repeats.into() };
    let told = |told: Told<'_>| {
        if let Told::Doing(what) = told {
            say(&format!("{what}\n"));
        }
    };
    let rows = tokio::select! {
        biased;
        signal = stop => return Ok(ExitCode::from(128 + signal)),
        rows = growth::run(&plan, dir.path(), told) => rows?,
    };
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&table(&rows)),
        false => print(&table(&rows))?,
    }
    Ok(ExitCode::SUCCESS)
}
