//! The subcommands: each turns its arguments into the text for stdout.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use tertulia_certs::server_cert::{SERVER_CERT_FILE, SERVER_KEY_FILE};
use tertulia_certs::{
    CertificateError, CertificateInfo, IdentityError, KeyFingerprint, ServerIdentity, files,
    read_certificates, read_passphrase,
};

/// Makes and reads the certificates of Tertulia servers.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Prints one JSON object per line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new key and certificate: server-key.key and server-cert.pem.
    New {
        /// The folder to put them in; made if missing, nothing in it is overwritten.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// A host name or address the certificate is for; may be repeated.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
    },
    /// Shows each certificate in a PEM file: subject, names, dates, key, fingerprint, its words.
    Show {
        /// A certificate or a chain in PEM form.
        file: PathBuf,
    },
    /// Prints the KEY of links to the server with this certificate.
    Fingerprint {
        /// A certificate or a chain in PEM form; the first one counts.
        file: PathBuf,
    },
    /// Checks that a server can use this certificate with this key.
    Check {
        /// A certificate or a chain in PEM form.
        cert: PathBuf,
        /// The private key in PEM form.
        key: PathBuf,
        /// A file with the passphrase of an encrypted key; one line end after it is ignored.
        #[arg(long, value_name = "FILE")]
        key_passphrase_file: Option<PathBuf>,
    },
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{}: {error}", path.display())]
    Certificate { path: PathBuf, error: CertificateError },
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// 2 where a flag, certificate or key is wrong, 1 where the work could not be done.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Output(_)
            | Self::Identity(
                IdentityError::Write { .. } | IdentityError::Exists { .. } | IdentityError::Make(_),
            ) => 1,
            Self::Identity(_) | Self::Certificate { .. } => 2,
        }
    }
}

/// Carries out a command and returns what belongs on stdout.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    match &args.command {
        Command::New { out, hosts } => new(out, hosts, args.json),
        Command::Show { file } => show(file, args.json),
        Command::Fingerprint { file } => {
            let fingerprint = fingerprint(file)?;
            Ok(match args.json {
                true => line(&json!({ "fingerprint": fingerprint.to_string() })),
                false => line(&fingerprint),
            })
        }
        Command::Check { cert, key, key_passphrase_file } => {
            check(cert, key, key_passphrase_file.as_deref(), args.json)
        }
    }
}

fn new(out: &Path, hosts: &[String], json: bool) -> Result<String, Failure> {
    let identity = ServerIdentity::create(out, hosts)?;
    Ok(pair(&out.join(SERVER_CERT_FILE), &out.join(SERVER_KEY_FILE), identity.fingerprint(), json))
}

fn show(file: &Path, json: bool) -> Result<String, Failure> {
    let mut text = String::new();
    for (i, certificate) in read_certificates(file)?.iter().enumerate() {
        let info = info(file, certificate)?;
        if json {
            text += &line(&json!({
                "subject": info.subject,
                "names": info.names,
                "not_before": info.not_before,
                "not_after": info.not_after,
                "key": info.key,
                "version": info.version,
                "fingerprint": info.fingerprint.to_string(),
                "words": info.fingerprint.phrase(),
            }));
            continue;
        }
        if i > 0 {
            text.push('\n');
        }
        text += &format!("subject      {}\n", info.subject);
        if !info.names.is_empty() {
            text += &format!("names        {}\n", info.names.join(", "));
        }
        text += &format!("not before   {}\n", info.not_before);
        text += &format!("not after    {}\n", info.not_after);
        text += &format!("key          {}\n", info.key);
        text += &format!("version      {}\n", info.version);
        text += &format!("fingerprint  {}\n", info.fingerprint);
        text += &format!("words        {}\n", info.fingerprint.phrase());
    }
    Ok(text)
}

fn check(
    cert: &Path,
    key: &Path,
    passphrase_file: Option<&Path>,
    json: bool,
) -> Result<String, Failure> {
    let passphrase = passphrase_file.map(read_passphrase).transpose()?;
    let identity = ServerIdentity::load(cert, key, passphrase.as_deref())?;
    if matches!(files::readable_by_others(key), Ok(true)) {
        let key = key.display();
        let _ = writeln!(io::stderr(), "warning: others can read {key}; run: chmod go-r '{key}'");
    }
    Ok(pair(cert, key, identity.fingerprint(), json))
}

/// Of the server's own certificate: the others of a chain may be anything.
fn fingerprint(file: &Path) -> Result<KeyFingerprint, Failure> {
    let own = &read_certificates(file)?[0];
    Ok(info(file, own)?.fingerprint)
}

fn info(file: &Path, certificate: &CertificateDer<'_>) -> Result<CertificateInfo, Failure> {
    CertificateInfo::from_der(certificate)
        .map_err(|error| Failure::Certificate { path: file.to_owned(), error })
}

/// A certificate and a key that belong together.
fn pair(cert: &Path, key: &Path, fingerprint: KeyFingerprint, json: bool) -> String {
    let (cert, key) = (cert.display(), key.display());
    match json {
        true => line(&json!({
            "certificate": cert.to_string(),
            "key": key.to_string(),
            "fingerprint": fingerprint.to_string(),
        })),
        false => format!("certificate  {cert}\nkey          {key}\nfingerprint  {fingerprint}\n"),
    }
}

fn line(value: &impl ToString) -> String {
    value.to_string() + "\n"
}
