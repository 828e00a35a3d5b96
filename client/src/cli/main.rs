//! `tertulia-cli`: Tertulia for scripts and terminals.
//!
//! Standard output carries results only. Exit codes: 0 done, 1 refused or failed, 2 wrong flags or
//! a broken profile, 3 no answer in time.

#![forbid(unsafe_code)]

mod args;
mod chat;
mod event;
mod failure;
mod history;
mod join;
mod outbox;
mod output;
mod rooms;
mod send;
mod session;
mod status;
mod stdin_lines;
mod tail;
mod users;

use std::{future::Future, process::ExitCode, time::Duration};

use clap::Parser;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Cli, Command},
    failure::Failure,
    output::Output,
    session::Session,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("TERTULIA_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::failed(format!("the program can't start: {error}")).tell();
        }
    };
    let result = runtime.block_on(run(cli));
    // A read of standard input can't be cut short; it must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let is_live = matches!(cli.command, Command::Tail(_) | Command::Chat(_));
    let session = Session::open(&cli.global, is_live).await?;
    let output = Output::new(cli.global.json);
    let result = tokio::select! {
        biased;
        signal = stop => Err(Failure::signalled(signal)),
        result = execute(cli.command, &session, &output) => result,
    };
    session.client.close(Duration::ZERO).await;
    result
}

async fn execute(command: Command, session: &Session, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Join(args) => session.in_time(join::run(args, session, output)).await,
        Command::Rooms => session.in_time(rooms::list(session, output)).await,
        Command::Create(args) => session.in_time(rooms::create(args, session, output)).await,
        Command::Enter(args) => session.in_time(rooms::enter(args, session, output)).await,
        Command::Leave(args) => session.in_time(rooms::leave(args, session, output)).await,
        Command::Users(args) => session.in_time(users::run(args, session, output)).await,
        Command::Send(args) => session.in_time(send::run(args, session, output)).await,
        Command::Tail(args) => tail::run(args, session, output).await,
        Command::History(args) => session.in_time(history::run(args, session, output)).await,
        Command::Outbox(args) => session.in_time(outbox::run(args, session, output)).await,
        Command::Status => status::run(session, output).await,
        Command::Chat(args) => chat::run(args, session, output).await,
    }
}

/// The number of a signal that asks the process to end, so that others see one leave at once.
fn stop_signal() -> Result<impl Future<Output = u8>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::failed(format!("no signals can be had: {error}")))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
            _ = hangup.recv() => 1,
        }
    })
}
