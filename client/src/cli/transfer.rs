//! Waiting for a file: what is shown meanwhile, and when it is given up.

use std::io::{self, IsTerminal, Write};

use tertulia_client::{
    Progress, Transfer, TransferError,
    proto::{Refusal, size_in_words},
};
use tokio::time::{self, Instant};

use crate::{failure::Failure, session::Session};

/// Waits for its end. `--timeout` counts only while nothing moves. `explain`: what the caller can say
/// better.
pub(crate) async fn ended<T: Send + 'static>(
    transfer: &mut Transfer<T>,
    session: &Session,
    explain: impl FnOnce(&TransferError) -> Option<Failure>,
) -> Result<T, Failure> {
    let mut progress = transfer.progress();
    let mut shown = Shown::new();
    let mut deadline = session.deadline();
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = transfer.outcome() => break Ok(outcome),
            changed = progress.changed() => match changed {
                Ok(()) => {
                    shown.show(*progress.borrow_and_update());
                    deadline = Instant::now() + session.timeout();
                }
                // Its end is about to come.
                Err(_) => break Ok(transfer.outcome().await),
            },
            trouble = session.client.stopped() => break Err(Failure::stopped(trouble.as_ref())),
            () = time::sleep_until(deadline) => break Err(session.late()),
        }
    };
    shown.end();
    outcome?.map_err(|error| explain(&error).unwrap_or_else(|| explained(error)))
}

fn explained(error: TransferError) -> Failure {
    Failure::failed(match error {
        TransferError::Refused(Refusal::NO_SUCH_ROOM | Refusal::NO_SUCH_FILE) => {
            "there is no such file that you can see".to_owned()
        }
        TransferError::Refused(Refusal::FILE_TOO_LARGE) => {
            "the file is larger than this server takes; its owner can allow more".to_owned()
        }
        TransferError::Refused(Refusal::QUOTA) => {
            "the server's space for files, or yours on it, is used up; talk to its owner".to_owned()
        }
        TransferError::Refused(Refusal::FILE_DIFFERS) => {
            "the file changed while it was sent; send it again".to_owned()
        }
        TransferError::Exists(path) => format!(
            "{} is there already; name another place with --output, or replace it with --overwrite",
            path.display()
        ),
        error => error.to_string(),
    })
}

/// A line of standard error that is written over, where that is a terminal.
struct Shown {
    is_terminal: bool,
    line: String,
}

impl Shown {
    fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), line: String::new() }
    }

    fn show(&mut self, progress: Progress) {
        if !self.is_terminal || progress.total == 0 {
            return;
        }
        let Progress { done, total } = progress;
        let percent = u128::from(done) * 100 / u128::from(total);
        let line = format!("{percent:3} %  {} of {}", size_in_words(done), size_in_words(total));
        if line != self.line {
            self.line = line;
            write(&format!("\r{}\x1b[K", self.line));
        }
    }

    fn end(&self) {
        if !self.line.is_empty() {
            write("\r\x1b[K");
        }
    }
}

/// What can't be shown is not.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
