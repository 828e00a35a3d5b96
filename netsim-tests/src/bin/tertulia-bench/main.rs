//! `tertulia-bench`: bad networks for everybody.
//!
//! Standard output carries results only. Exit codes: 0 done, 1 failed, 2 wrong use.

#![forbid(unsafe_code)]

mod args;
mod conditions;
mod link;
mod netsim;
mod output;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use args::{Cli, Command};
use output::fail;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Link(args) = &cli.command
        && let Err(error) = args.conditions.profile()
    {
        Cli::command().error(ErrorKind::ValueValidation, error).exit();
    }
    // One thread: what arrives late here arrives late for a reason outside.
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}")),
    };
    let ended = runtime.block_on(run(cli));
    match ended {
        Ok(code) => code,
        Err(error) => fail(&format!("{error:#}")),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
        }
    };
    match cli.command {
        Command::Link(args) => link::run(*args, cli.json.as_deref(), stop).await,
        Command::Netsim(args) => netsim::run(args, cli.json.as_deref(), stop).await,
    }
}
