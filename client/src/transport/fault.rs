//! What an end of a connection means, as far as it can be told apart.

use std::time::Duration;

use quinn::{ConnectError, ConnectionError, TransportErrorCode};
use tertulia_certs::{ObservedKey, Trust};
use tertulia_proto::close::CloseCode;

use crate::{core::session::End, model::Trouble};

/// TLS alerts about certificates: bad, unsupported, revoked, expired, unknown, unknown authority,
/// access denied, signed by another key (an authority of the same name), and the two of RFC 8446
/// on missing ones.
const CERTIFICATE_ALERTS: [u8; 10] = [42, 43, 44, 45, 46, 48, 49, 51, 113, 116];
/// TLS alert no_application_protocol: the other end speaks another major version.
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// How an established connection ended.
pub(crate) fn end_of(error: &ConnectionError) -> End {
    let lost = || End::retry(Trouble::Lost(error.to_string()));
    match error {
        ConnectionError::VersionMismatch => End::stop(Trouble::Version),
        ConnectionError::ApplicationClosed(close) => end_by_code(code(close.error_code)),
        ConnectionError::ConnectionClosed(close) => of_alert(close.error_code).unwrap_or_else(lost),
        ConnectionError::TransportError(error) => of_alert(error.code).unwrap_or_else(lost),
        _ => lost(),
    }
}

/// How an attempt at `tried` ended before the handshake was over.
pub(super) fn end_of_attempt(
    error: &ConnectionError,
    tried: &str,
    trust: Option<Trust>,
    observed: &ObservedKey,
) -> End {
    if let (ConnectionError::TransportError(_), Some(Trust::Pinned(pin))) = (error, trust)
        && let Some(changed) = observed.changed_from(pin)
    {
        return End::stop(Trouble::KeyChanged(changed));
    }
    match error {
        ConnectionError::TimedOut => End::retry(Trouble::NoAnswer { tried: tried.to_owned() }),
        _ => end_of(error),
    }
}

/// Why no attempt could begin.
pub(super) fn end_of_connect(error: &ConnectError, tried: &str) -> End {
    match error {
        ConnectError::InvalidRemoteAddress(_) => {
            End::retry(Trouble::Unreachable { tried: tried.to_owned() })
        }
        other => End::retry(Trouble::Lost(other.to_string())),
    }
}

/// Which of several troubles of one race tells most.
pub(super) fn weight(trouble: &Trouble) -> u8 {
    match trouble {
        Trouble::KeyChanged(_) => 7,
        Trouble::Version => 6,
        Trouble::Certificate(_) => 5,
        Trouble::Unregistered | Trouble::Barred | Trouble::GoingAway => 4,
        Trouble::Lost(_) => 3,
        Trouble::NoAnswer { .. } => 2,
        Trouble::Unreachable { .. } => 1,
        Trouble::NameNotFound { .. } => 0,
    }
}

fn end_by_code(code: CloseCode) -> End {
    let trouble = match code {
        CloseCode::GO_AWAY => Trouble::GoingAway,
        CloseCode::REVOKED | CloseCode::BANNED => Trouble::Barred,
        CloseCode::AUTH => Trouble::Unregistered,
        CloseCode::VERSION => Trouble::Version,
        CloseCode::REPLACED => {
            Trouble::Lost("another connection of this device took its place".to_owned())
        }
        other => Trouble::Lost(format!("the server closed the connection: {other}")),
    };
    End { trouble, stops: !code.is_retryable(), retry_after: Duration::ZERO }
}

fn of_alert(code: TransportErrorCode) -> Option<End> {
    let alert = u64::from(code).checked_sub(0x100)?;
    let alert = u8::try_from(alert).ok()?;
    if alert == NO_APPLICATION_PROTOCOL {
        return Some(End::stop(Trouble::Version));
    }
    let text = || match alert {
        44 => "it was revoked".to_owned(),
        45 => "it has expired, or is not valid yet".to_owned(),
        48 => "no authority that this system trusts vouches for it".to_owned(),
        51 => "its signature is not that of an authority that this system trusts".to_owned(),
        _ => format!("TLS alert {alert}"),
    };
    CERTIFICATE_ALERTS.contains(&alert).then(|| End::stop(Trouble::Certificate(text())))
}

fn code(code: quinn::VarInt) -> CloseCode {
    // A code that no version of ours has is shown as the largest.
    CloseCode(u32::try_from(code.into_inner()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_whether_to_come_back() {
        assert_eq!(end_by_code(CloseCode::GO_AWAY), End::retry(Trouble::GoingAway));
        assert_eq!(end_by_code(CloseCode::BANNED), End::stop(Trouble::Barred));
        assert_eq!(end_by_code(CloseCode::VERSION), End::stop(Trouble::Version));
        assert!(end_by_code(CloseCode::REPLACED).stops);
        assert!(!end_by_code(CloseCode::SLOW_CONSUMER).stops);
        assert!(!end_by_code(CloseCode(4_000)).stops);
    }

    #[test]
    fn alerts_tell_versions_from_certificates() {
        assert_eq!(of_alert(TransportErrorCode::crypto(120)), Some(End::stop(Trouble::Version)));
        let expired = of_alert(TransportErrorCode::crypto(45)).unwrap();
        assert!(matches!(expired.trouble, Trouble::Certificate(_)) && expired.stops);
        let forged = of_alert(TransportErrorCode::crypto(51)).unwrap();
        assert!(matches!(forged.trouble, Trouble::Certificate(_)) && forged.stops);
        assert_eq!(of_alert(TransportErrorCode::crypto(80)), None);
        assert_eq!(of_alert(TransportErrorCode::PROTOCOL_VIOLATION), None);
    }
}
