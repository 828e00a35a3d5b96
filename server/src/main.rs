//! `tertulia-server`: arguments in, exit code out.

#![forbid(unsafe_code)]

mod args;
mod ending;
mod greeting;
mod operate;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use tertulia_server::{
    ConfigError, ConfigFile, LogFormat, Server, ServerConfig, SystemEnv, default_data_dir,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use args::{Cli, Serve};
use ending::{FAILED, WRONG, code, fail, print, say};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // All network work is one thread's; the database has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(FAILED, &format!("no runtime: {error}")),
    };
    match cli.command {
        None => runtime.block_on(serve(cli.serve, cli.data)),
        Some(command) => match data_of(cli.data, &cli.serve) {
            Ok(data) => runtime.block_on(operate::run(command, &data)),
            Err(ending) => ending,
        },
    }
}

/// The data directory of a command: by flag, by configuration, or the default.
fn data_of(flag: Option<PathBuf>, serve: &Serve) -> Result<PathBuf, ExitCode> {
    if let Some(data) = flag {
        return Ok(data);
    }
    let file = configured(serve).map_err(|error| fail(WRONG, &error.to_string()))?;
    let data = file.data().map(PathBuf::from).or_else(default_data_dir);
    data.ok_or_else(|| fail(WRONG, "there is no home directory: give --data DIR"))
}

fn configured(serve: &Serve) -> Result<ConfigFile, ConfigError> {
    serve.config.as_deref().map_or_else(|| Ok(ConfigFile::default()), ConfigFile::read)
}

/// Flags over the file over the defaults.
fn config(file: &ConfigFile, serve: &Serve, data: PathBuf) -> ServerConfig {
    let mut config = ServerConfig::new(data);
    file.apply(&mut config);
    serve.apply(&mut config);
    config
}

async fn serve(args: Serve, data: Option<PathBuf>) -> ExitCode {
    let data = match data_of(data, &args) {
        Ok(data) => data,
        Err(ending) => return ending,
    };
    let file = match configured(&args) {
        Ok(file) => file,
        Err(error) => return fail(WRONG, &error.to_string()),
    };
    let format = args.log_format.map(LogFormat::from).or_else(|| file.log_format());
    start_log(format.unwrap_or_default());
    let config_now = config(&file, &args, data.clone());
    let registration = config_now.registration;
    // Before anything is begun, so that a signal during the start is not lost.
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        return fail(FAILED, "signals can't be listened for");
    };
    let mut server = match Server::bind(config_now, Arc::new(SystemEnv)).await {
        Ok(server) => server,
        Err(error) => return fail(code(&error), &error.to_string()),
    };
    if let Some(warning) = server.warning() {
        tracing::warn!("{warning}");
    }
    if io::stderr().is_terminal() {
        say(&greeting::text(&server, registration, greeting::is_spanish()));
    }
    // A reader that went away does not stop a server.
    let _ = print(&format!("listening on udp {}", server.local_addr()));
    loop {
        tokio::select! {
            biased;
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = server.failed() => {
                return fail(FAILED, "the database's writer was lost; start it again");
            }
            Some(()) = hangup.recv() => match configured(&args) {
                Ok(file) => server.reload(config(&file, &args, data.clone())).await,
                Err(error) => tracing::warn!(%error, "nothing was reloaded"),
            },
        }
    }
    server.shutdown().await;
    ExitCode::SUCCESS
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,tertulia_server=info"));
    // A line that standard error does not take is lost: telling so there would end the server.
    let log = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    let log = log.with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
