//! How the program ends: results on standard output, one clear line on standard error, the code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use tertulia_server::StartError;

pub(crate) const FAILED: u8 = 1;
pub(crate) const WRONG: u8 = 2;
pub(crate) const NO_ANSWER: u8 = 3;

/// What the operator can mend by other arguments or files is 2, the rest 1.
pub(crate) fn code(error: &StartError) -> u8 {
    match error {
        StartError::Identity(_) | StartError::Certificate(_) | StartError::Tls(_) => WRONG,
        _ => FAILED,
    }
}

/// A result on standard output; a closed one ends quietly.
pub(crate) fn print(line: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            fail(FAILED, &format!("standard output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

pub(crate) fn fail(code: u8, text: &str) -> ExitCode {
    say(&format!("tertulia-server: {text}"));
    ExitCode::from(code)
}

/// Text on standard error. Where it can't be said, all goes on as if it were.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
