//! `download FILE_ID [--output PATH]`

use std::path::{Path, PathBuf};

use serde::Serialize;
use tertulia_client::{
    Client, RequestError,
    proto::{Attachment, Refusal},
};

use crate::{
    args, failure::Failure, file_id::FileId, output::Output, session::Session, terminal::one_line,
    transfer,
};

#[derive(Serialize)]
struct DownloadObject<'a> {
    file: String,
    path: String,
    name: &'a str,
    size: u64,
    sha256: String,
}

pub(crate) async fn run(
    args: args::Download,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let id: FileId = args.file.parse().map_err(|()| no_such_file())?;
    let file = session.in_time(find(id, session)).await?;
    let target = place(args.output, &file);
    let mut fetching =
        session.client.download((id.room, id.seq), file.clone(), target, args.overwrite);
    let path = transfer::ended(&mut fetching, session, |_| None).await?;
    let object = DownloadObject {
        file: id.to_string(),
        path: path.display().to_string(),
        name: file.name.as_str(),
        size: file.size,
        sha256: file.hash.to_string(),
    };
    output.print(&object, || one_line(&object.path)).await?;
    Ok(())
}

/// What the message tells of it.
async fn find(id: FileId, session: &Session) -> Result<Attachment, Failure> {
    let asked = session.ask_raw(|client| async move { client.file(id.room, id.seq).await }).await?;
    match asked {
        Ok(Some(file)) => Ok(file),
        Ok(None) | Err(RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. }) => {
            Err(no_such_file())
        }
        Err(error) => Err(error.into()),
    }
}

/// Where it is to be: as it is called, here or in the folder that was named; or as was said.
fn place(output: Option<PathBuf>, file: &Attachment) -> PathBuf {
    match output {
        Some(path) if path.is_dir() => Client::place_in(&path, file),
        Some(path) => path,
        None => Client::place_in(Path::new(""), file),
    }
}

/// One and the same, whyever.
fn no_such_file() -> Failure {
    Failure::failed("there is no such file that you can see")
}
