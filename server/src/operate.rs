//! The commands beside serving.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde::Serialize;
use tertulia_proto::Role;
use tertulia_server::{
    AdminError, InviteRequest, SystemEnv, accounts, audit, backup, check, recover, request_invite,
    restore, stats,
};

use crate::{
    args::Command,
    ending::{FAILED, NO_ANSWER, code, fail, print, say},
};

/// Does it; results go to standard output.
pub(crate) async fn run(command: Command, data: &Path) -> ExitCode {
    let done = match command {
        Command::Invite { role, uses, expires } => {
            let request = InviteRequest { role: Role::from(role), uses, expires_s: expires };
            let link = request_invite(data, Arc::new(SystemEnv), request).await;
            link.map(|link| print(&link.to_string()))
        }
        Command::Backup { file } => backup(data, &file).map(|done| {
            let (file, entries, bytes) = (file.display(), done.entries, done.bytes);
            say("It holds the server's key: whoever has it can be this server.");
            if done.files_missing > 0 {
                let missing = done.files_missing;
                say(&format!("{missing} files of messages are damaged or missing: they are not in it"));
            }
            print(&format!("{file}: {entries} entries, {bytes} bytes"))
        }),
        Command::Restore { file } => restore(data, &file, &SystemEnv).map(|done| {
            if !done.has_key {
                say("There was no server's key in it: links of before may lead nowhere.");
            }
            tell_set_aside(done.set_aside.as_ref());
            print(&format!("restored {} entries to {}", done.entries, data.display()))
        }),
        Command::Check => check(data).map(|report| {
            let entries = report.entries;
            if report.problems.is_empty() {
                return print(&format!("ok: {entries} entries"));
            }
            for problem in &report.problems {
                let _ = print(problem);
            }
            let found = report.problems.len();
            fail(
                FAILED,
                &format!(
                    "{found} problems in {entries} entries: restore a backup, or stop the server \
                     and save what can be read with `tertulia-server recover`"
                ),
            )
        }),
        Command::Recover { file } => recover(data, &file, &SystemEnv).map(|done| {
            tell_set_aside(done.set_aside.as_ref());
            let (entries, lost, remade) = (done.entries, done.lost, done.remade);
            let behind = match done.knows_end {
                true => "",
                false => " and an unknown number behind them",
            };
            print(&format!(
                "recovered {entries} entries to {}; lost {lost}{behind}; made again {remade} accounts and \
                 rooms",
                data.display()
            ))
        }),
        Command::Stats => stats(data).await.and_then(|stats| listed(|out| out.print(&stats))),
        Command::Accounts => listed(|out| accounts(data, |line| out.write(line))),
        Command::Audit => listed(|out| audit(data, |line| out.write(line))),
    };
    done.unwrap_or_else(|error| match error {
        AdminError::Start(error) => fail(code(&error), &error.to_string()),
        AdminError::NoAnswer => fail(NO_ANSWER, &error.to_string()),
        // Whoever reads has enough.
        AdminError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        error => fail(FAILED, &error.to_string()),
    })
}

fn tell_set_aside(folder: Option<&PathBuf>) {
    if let Some(folder) = folder {
        say(&format!("What was there is in {}", folder.display()));
    }
}

/// Standard output, one JSON object a line.
struct Objects(BufWriter<io::Stdout>);

impl Objects {
    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, object)?;
        self.0.write_all(b"\n")
    }

    fn print(&mut self, object: &impl Serialize) -> Result<(), AdminError> {
        self.write(object).map_err(AdminError::Output)
    }
}

fn listed(
    list: impl FnOnce(&mut Objects) -> Result<(), AdminError>,
) -> Result<ExitCode, AdminError> {
    let mut out = Objects(BufWriter::new(io::stdout()));
    list(&mut out)?;
    out.0.flush().map_err(AdminError::Output)?;
    Ok(ExitCode::SUCCESS)
}
