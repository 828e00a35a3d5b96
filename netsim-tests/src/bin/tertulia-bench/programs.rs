//! The programs that are measured.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tertulia_netsim::process::use_programs;

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
