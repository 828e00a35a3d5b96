//! `report`: pictures of what `loss` found.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use tertulia_netsim::report::{Run, page, picture};

use crate::args;

pub(crate) fn run(args: &args::Report) -> Result<ExitCode> {
    let runs = args.results.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    write(&args.html, &page(&runs))?;
    if let Some((path, run)) = args.picture.as_ref().zip(runs.first()) {
        write(path, &picture(run))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Run> {
    let json = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    Run::from_json(&json).with_context(|| path.display().to_string())
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}
