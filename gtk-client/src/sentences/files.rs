//! Why a file did not get through.

use tertulia_client::{TransferError, proto::Refusal};

use super::refusal;
use crate::i18n::{fill, tr};

/// In words.
pub(crate) fn transfer_error(error: &TransferError) -> String {
    match error {
        TransferError::Local(error) => {
            return fill(tr("The file can’t be read or written: {error}"), &[("error", error)]);
        }
        TransferError::Exists(_) => tr("Files of that name are there already."),
        TransferError::Refused(Refusal::FILE_TOO_LARGE) => {
            tr("The file is larger than this server takes. Its owner can allow more.")
        }
        TransferError::Refused(Refusal::QUOTA) => {
            tr("The server’s space for files, or yours on it, is used up. Talk to its owner.")
        }
        TransferError::Refused(Refusal::FILE_DIFFERS) => tr("The file changed while it was sent."),
        TransferError::Refused(Refusal::NO_SUCH_FILE) => tr("The server has this file no more."),
        TransferError::Refused(other) => return refusal(*other),
        TransferError::Unsupported => tr("The server is too old for this."),
        TransferError::Differs => tr("What came is not the file that the message tells of."),
        TransferError::Stuck => tr("The server is there, but the file does not move."),
        TransferError::Cancelled | TransferError::Closed => tr("It was cut short."),
    }
    .to_owned()
}
