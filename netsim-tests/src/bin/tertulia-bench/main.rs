//! `tertulia-bench`: bad networks for everybody.
//!
//! Standard output carries results only. Exit codes: 0 done, 1 failed, 2 wrong use.

#![forbid(unsafe_code)]

mod args;
mod baseline;
mod conditions;
mod fanout;
mod file;
mod growth;
mod idle;
mod kills;
mod link;
mod loss;
mod netsim;
mod outage;
mod output;
mod power;
mod programs;
mod report;
mod rerun;
mod roam;
mod setup;
mod soak;
mod stage;
mod virtual_time;
mod writer;

use std::{pin::Pin, process::ExitCode};

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, error::ErrorKind};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use args::{Cli, Command};
use output::fail;

fn main() -> ExitCode {
    let Cli { json, command } = Cli::parse();
    let json = json.as_deref();
    let ended = match command {
        Command::Link(args) => {
            if let Err(error) = args.conditions.profile() {
                Cli::command().error(ErrorKind::ValueValidation, error).exit();
            }
            in_real_time(|stop| link::run(*args, json, stop))
        }
        Command::Netsim(args) => in_real_time(|stop| netsim::run(args, json, stop)),
        Command::Growth(args) => {
            if !args.messages.is_sorted() {
                let error = "--messages: from few to many";
                Cli::command().error(ErrorKind::ValueValidation, error).exit();
            }
            in_real_time(|stop| growth::run(args, json, stop))
        }
        Command::Fanout(args) => in_real_time(|stop| fanout::run(args, json, stop)),
        Command::Baseline(args) => in_real_time(|stop| baseline::run(args, stop)),
        Command::Bound(args) => fanout::bound(&args),
        Command::Memory(args) => in_real_time(|stop| fanout::memory(args, json, stop)),
        Command::Idle(args) => in_real_time(|stop| idle::run(args, json, stop)),
        Command::Connect(args) => in_real_time(|stop| fanout::connect(args, json, stop)),
        Command::Client(args) => in_real_time(|stop| fanout::client(args, json, stop)),
        Command::Soak(args) => soak::run(&args, json),
        Command::Loss(args) => loss::run(&args, json),
        Command::File(args) => file::run(&args, json),
        Command::Setup(args) => setup::run(&args, json),
        Command::Roam(args) => roam::run(&args, json),
        Command::Outage(args) => outage::run(&args, json),
        Command::Report(args) => report::run(&args),
        Command::Power(args) => in_real_time(|_| power::run(args, json)),
        Command::Kills(args) => in_real_time(|stop| kills::run(args, json, stop)),
        Command::Writer(args) => in_real_time(|_| writer::run(args)),
    };
    ended.unwrap_or_else(|error| fail(&format!("{error:#}")))
}

/// Becomes ready when the program is to stop: the signal's number.
type Stop = Pin<Box<dyn Future<Output = u8>>>;

fn in_real_time<F>(work: impl FnOnce(Stop) -> F) -> Result<ExitCode>
where
    F: Future<Output = Result<ExitCode>>,
{
    // One thread: what arrives late here arrives late for a reason outside.
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("no runtime")?;
    let ended = runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        work(Box::pin(async move {
            tokio::select! {
                biased;
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
            }
        }))
        .await
    });
    // A program that does not start must not keep this one.
    runtime.shutdown_background();
    ended
}
