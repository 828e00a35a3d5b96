//! `tertulia-cli`: Tertulia for scripts and terminals.
//!
//! Standard output carries results only. Exit codes: 0 done, 1 refused or failed, 2 wrong flags or
//! a broken profile, a certificate or key that is not the one meant, 3 no answer in time.

#![forbid(unsafe_code)]

mod address;
mod args;
mod chat;
mod doctor;
mod download;
mod event;
mod failure;
mod file_id;
mod history;
mod join;
mod members;
mod nearby;
mod outages;
mod outbox;
mod output;
mod room_settings;
mod rooms;
mod search;
mod send;
mod session;
mod status;
mod stdin_lines;
mod stop;
mod tail;
mod terminal;
mod transfer;
mod upload;
mod users;

use std::{pin::pin, process::ExitCode, time::Duration};

use clap::Parser;
use tokio::{runtime::Runtime, time};
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
    // A line that standard error does not take is lost: telling so there would end the process.
    let log = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    log.with_writer(std::io::stderr).init();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::failed(format!("the program can't start: {error}")).tell();
        }
    };
    let code = match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    };
    // A read of standard input can't be cut short; it must not keep the process.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let mut stop = pin!(stop::asked()?);
    let is_live = matches!(cli.command, Command::Tail(_) | Command::Chat(_));
    let output = Output::new(cli.global.json);
    let begun = tokio::select! {
        biased;
        signal = &mut stop => return Err(Failure::signalled(signal)),
        begun = begin(cli, is_live, &output) => begun?,
    };
    let Some((session, command)) = begun else {
        return Ok(());
    };
    let result = tokio::select! {
        biased;
        signal = &mut stop => Err(Failure::signalled(signal)),
        result = execute(command, &session, &output) => result,
    };
    // A disk that does not answer must not keep the process.
    let _ = time::timeout(stop::GRACE, session.client.close(Duration::ZERO)).await;
    result
}

/// Does what needs no profile; for the rest the profile is opened.
async fn begin(
    cli: Cli,
    is_live: bool,
    output: &Output,
) -> Result<Option<(Session, Command)>, Failure> {
    match cli.command {
        Command::Doctor(args) => doctor::run(args, &cli.global, output).await.map(|()| None),
        Command::Nearby => nearby::run(&cli.global, output).await.map(|()| None),
        command => Ok(Some((Session::open(&cli.global, is_live).await?, command))),
    }
}

async fn execute(command: Command, session: &Session, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Join(args) => session.in_time_aloud(join::run(args, session, output)).await,
        Command::Rooms => session.in_time(rooms::list(session, output)).await,
        Command::Create(args) => session.in_time(rooms::create(args, session, output)).await,
        Command::Enter(args) => session.in_time(rooms::enter(args, session, output)).await,
        Command::Leave(args) => session.in_time(rooms::leave(args, session, output)).await,
        Command::Add(args) => session.in_time(members::add(args, session, output)).await,
        Command::Remove(args) => session.in_time(members::remove(args, session, output)).await,
        Command::Dm(args) => session.in_time(members::direct(args, session, output)).await,
        Command::Topic(args) => session.in_time(room_settings::topic(args, session, output)).await,
        Command::Rename(args) => {
            session.in_time(room_settings::rename(args, session, output)).await
        }
        Command::Archive(args) => {
            session.in_time(room_settings::archive(args, session, output)).await
        }
        Command::Users(args) => session.in_time(users::run(args, session, output)).await,
        Command::Send(args) => session.in_time(send::run(args, session, output)).await,
        Command::Reply(args) => session.in_time(send::reply(args, session, output)).await,
        Command::Tail(args) => tail::run(args, session, output).await,
        Command::History(args) => session.in_time(history::run(args, session, output)).await,
        Command::Search(args) => session.in_time(search::run(args, session, output)).await,
        Command::Upload(args) => upload::run(args, session, output).await,
        Command::Download(args) => download::run(args, session, output).await,
        Command::Outbox(args) => session.in_time(outbox::run(args, session, output)).await,
        Command::Status => status::run(session, output).await,
        Command::Chat(args) => chat::run(args, session, output).await,
        // `begin` has done it.
        Command::Doctor(_) | Command::Nearby => Ok(()),
    }
}
