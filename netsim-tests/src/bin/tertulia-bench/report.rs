//! `report`: pictures of what was found over bad networks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use tertulia_netsim::report::{Results, page};

use crate::args;

pub(crate) fn run(args: &args::Report) -> Result<ExitCode> {
    let results = args.results.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    write(&args.html, &page(&results))?;
    if let Some(path) = &args.picture {
        let picture = results.iter().find_map(Results::picture);
        write(path, &picture.context("there is no picture without results of `loss`")?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Results> {
    let json = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    Results::from_json(&json).with_context(|| path.display().to_string())
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}
