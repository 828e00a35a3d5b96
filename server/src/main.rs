//! `tertulia-server`: arguments in, exit code out.

#![forbid(unsafe_code)]

mod args;
mod greeting;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use tertulia_proto::Role;
use tertulia_server::{
    AdminError, CertificateFiles, InviteRequest, Server, ServerConfig, StartError, SystemEnv,
    default_data_dir, request_invite,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use args::{Cli, Command, LogFormat, Serve, Switch};

const FAILED: u8 = 1;
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(data) = cli.data.or_else(default_data_dir) else {
        return fail(WRONG, "there is no home directory: give --data DIR");
    };
    // All network work is one thread's; the database has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(FAILED, &format!("no runtime: {error}")),
    };
    match cli.command {
        None => runtime.block_on(serve(cli.serve, data)),
        Some(Command::Invite { role, uses, expires }) => {
            let request = InviteRequest { role: Role::from(role), uses, expires_s: expires };
            match runtime.block_on(request_invite(&data, Arc::new(SystemEnv), request)) {
                Ok(link) => print(&link.to_string()),
                Err(AdminError::Start(error)) => fail(code(&error), &error.to_string()),
                Err(error) => fail(FAILED, &error.to_string()),
            }
        }
    }
}

async fn serve(args: Serve, data: std::path::PathBuf) -> ExitCode {
    start_log(args.log_format);
    let mut config = ServerConfig::new(data);
    config.listen = args.listen;
    config.advertise = args.advertise;
    config.registration = args.registration.into();
    config.certificate = args.cert.zip(args.key).map(|(certificate, key)| CertificateFiles {
        certificate,
        key,
        passphrase: args.key_passphrase_file,
    });
    if let Some(nearby) = args.nearby {
        config.nearby.enabled = nearby == Switch::On;
    }
    let registration = config.registration;
    // Before anything is begun, so that a signal during the start is not lost.
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return fail(FAILED, "signals can't be listened for");
    };
    let mut server = match Server::bind(config, Arc::new(SystemEnv)).await {
        Ok(server) => server,
        Err(error) => return fail(code(&error), &error.to_string()),
    };
    if let Some(warning) = server.warning() {
        tracing::warn!("{warning}");
    }
    if io::stderr().is_terminal() {
        eprintln!("{}", greeting::text(&server, registration, greeting::is_spanish()));
    }
    // A reader that went away does not stop a server.
    let _ = print(&format!("listening on udp {}", server.local_addr()));
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = server.failed() => return fail(FAILED, "the database's writer was lost; start it again"),
    }
    server.shutdown().await;
    ExitCode::SUCCESS
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,tertulia_server=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

/// What the operator can mend by other arguments or files is 2, the rest 1.
fn code(error: &StartError) -> u8 {
    match error {
        StartError::Identity(_) | StartError::Tls(_) => WRONG,
        _ => FAILED,
    }
}

/// A result on standard output; a closed one ends quietly.
fn print(line: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            fail(FAILED, &format!("standard output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

fn fail(code: u8, text: &str) -> ExitCode {
    eprintln!("tertulia-server: {text}");
    ExitCode::from(code)
}
