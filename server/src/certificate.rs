//! The certificate that is served, and what links say of it.

use std::net::SocketAddr;

use rustls::pki_types::CertificateDer;
use tertulia_certs::{
    CertificateInfo, HostPort, ServerIdentity, ServerLink, Trust, invite_link::ADDRESSES_MAX,
};
use tertulia_proto::Timestamp;

use crate::{
    addresses,
    config::{ServerConfig, TrustBy},
    start_error::StartError,
};

/// Refuses what no certificate could mend.
pub(crate) fn check(config: &ServerConfig) -> Result<(), StartError> {
    if config.trust == TrustBy::Ca && config.certificate.is_none() {
        let why = "trust by CA takes a certificate of yours: give --cert and --key";
        return Err(StartError::Certificate(why.to_owned()));
    }
    if config.advertise.len() > ADDRESSES_MAX {
        let why = format!("a link has at most {ADDRESSES_MAX} addresses: advertise fewer");
        return Err(StartError::Certificate(why));
    }
    Ok(())
}

/// The link to a server that shows this identity.
pub(crate) fn link(
    config: &ServerConfig,
    identity: &ServerIdentity,
    listening: SocketAddr,
) -> Result<ServerLink, StartError> {
    check(config)?;
    let (addresses, trust) = match config.trust {
        TrustBy::Pinned => {
            let addresses = addresses::of_link(&config.advertise, listening);
            (addresses, Trust::Pinned(identity.fingerprint()))
        }
        TrustBy::Ca => (vouched_for(config, identity, listening.port())?, Trust::Roots),
    };
    Ok(ServerLink { addresses, trust, invite: None })
}

/// When the certificate that is shown ends.
pub(crate) fn end(shown: &[CertificateDer<'_>]) -> Option<Timestamp> {
    let info = CertificateInfo::from_der(shown.first()?).ok()?;
    let end: jiff::Timestamp = info.not_after.parse().ok()?;
    Some(Timestamp(u64::try_from(end.as_millisecond()).unwrap_or_default()))
}

/// The addresses by which clients can dial a server that a CA vouches for: all of them must be
/// names of its certificate.
fn vouched_for(
    config: &ServerConfig,
    identity: &ServerIdentity,
    port: u16,
) -> Result<Vec<HostPort>, StartError> {
    let path = config.certificate.as_ref().map(|files| files.certificate.display().to_string());
    let path = path.unwrap_or_default();
    let shown = identity.certified_key().cert.first();
    let info = shown.and_then(|der| CertificateInfo::from_der(der).ok());
    let names = info.map(|info| info.names).unwrap_or_default();
    if names.is_empty() {
        return Err(StartError::Certificate(format!(
            "{path} names no host (or is X.509 v1), so no system's roots can vouch for it: have \
             it made for the server's name, or leave out --trust ca"
        )));
    }
    if config.advertise.is_empty() {
        let own = names.iter().filter(|name| !name.starts_with("*."));
        let own = own.map(|host| HostPort { host: host.to_lowercase(), port });
        let own: Vec<_> = own.take(ADDRESSES_MAX).collect();
        return match own.is_empty() {
            false => Ok(own),
            true => Err(StartError::Certificate(format!(
                "{path} is for {} only: say which host clients dial, --advertise HOST:PORT",
                names.join(", ")
            ))),
        };
    }
    match config.advertise.iter().find(|address| !covers(&names, &address.host)) {
        None => Ok(config.advertise.clone()),
        Some(other) => Err(StartError::Certificate(format!(
            "{path} is for {}, not for {}: clients would refuse it; give an --advertise that it \
             names",
            names.join(", "),
            other.host
        ))),
    }
}

/// Whether a certificate's names cover a host (RFC 6125): a star is one label.
fn covers(names: &[String], host: &str) -> bool {
    names.iter().any(|name| match name.strip_prefix("*.") {
        Some(domain) => {
            host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain))
        }
        None => name.eq_ignore_ascii_case(host),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        let names = ["chat.example".to_owned(), "*.chat.example".to_owned()];
        for (host, covered) in [
            ("chat.example", true),
            ("CHAT.example", true),
            ("a.chat.example", true),
            ("a.b.chat.example", false),
            ("example", false),
            ("192.0.2.7", false),
        ] {
            assert_eq!(covers(&names, host), covered, "{host}");
        }
    }
}
