//! `tertulia-certs`: makes a server's key and certificate, and tells what a certificate file says.
#![forbid(unsafe_code)]

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Args, Failure};

fn main() -> ExitCode {
    let outcome = cli::run(&Args::parse()).and_then(|answer| Ok(print(&answer)?));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn print(answer: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever closed it has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn complain(failure: &Failure) {
    // With stderr closed too there is nobody left to tell.
    let _ = writeln!(io::stderr(), "tertulia-certs: {failure}");
}
