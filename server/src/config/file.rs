//! The configuration file: TOML, each key as documented in `tertulia.example.toml`.

use std::{
    fmt,
    fs::File,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de::Error as _};
use tertulia_certs::{HostPort, files, invite_link::ADDRESSES_MAX};
use tertulia_proto::Registration;

use super::{CertificateFiles, ServerConfig, TrustBy};

/// No configuration is longer; what is was named by mistake.
const BYTES: u64 = 256 << 10;
/// The most that a burst or a rate can be set to.
const RATE_MAX: u32 = 1_000_000;
/// The most that a size can be set to: a petabyte.
const MEGABYTES_MAX: u64 = 1_000_000_000;
/// The longest name that is announced, in bytes: one label of DNS (RFC 6763, 4.1.1).
const NAME_BYTES: usize = 63;

/// What a configuration file says; what it does not say is left as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    data: Option<PathBuf>,
    #[serde(deserialize_with = "parsed")]
    listen: Option<SocketAddr>,
    advertise: Option<Advertise>,
    registration: Option<RegistrationKey>,
    #[serde(deserialize_with = "parsed")]
    metrics: Option<SocketAddr>,
    certificate: Option<CertificateTable>,
    log: LogTable,
    limits: LimitsTable,
    files: FilesTable,
    nearby: NearbyTable,
}

/// A configuration file can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    reason: String,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

#[derive(Debug, Clone)]
struct Advertise(Vec<HostPort>);

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RegistrationKey {
    Invite,
    Open,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TrustKey {
    Pinned,
    Ca,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateTable {
    cert: PathBuf,
    key: PathBuf,
    key_passphrase_file: Option<PathBuf>,
    trust: Option<TrustKey>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LogTable {
    format: Option<LogFormat>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    #[serde(deserialize_with = "rate")]
    send_burst: Option<u32>,
    #[serde(deserialize_with = "rate")]
    send_rate: Option<u32>,
    #[serde(deserialize_with = "rate")]
    request_burst: Option<u32>,
    #[serde(deserialize_with = "rate")]
    request_rate: Option<u32>,
    #[serde(deserialize_with = "rate")]
    register_burst: Option<u32>,
    #[serde(deserialize_with = "rate")]
    register_rate: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FilesTable {
    #[serde(deserialize_with = "megabytes")]
    largest_mb: Option<u64>,
    #[serde(deserialize_with = "megabytes")]
    account_mb: Option<u64>,
    #[serde(deserialize_with = "megabytes")]
    total_mb: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NearbyTable {
    enabled: Option<bool>,
    #[serde(deserialize_with = "name")]
    name: Option<String>,
}

impl ConfigFile {
    /// Reads a file. Relative paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |line, reason: String| ConfigError { path: path.to_owned(), line, reason };
        let text = text(path).map_err(|error| wrong(None, error.to_string()))?;
        let mut file: Self = toml::from_str(&text).map_err(|error| {
            let start = error.span().map(|span| span.start.min(text.len()));
            let line = start.map(|start| 1 + text[..start].matches('\n').count());
            wrong(line, error.message().lines().collect::<Vec<_>>().join(" "))
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let rebase = |path: &mut PathBuf| *path = folder.join(&*path);
        file.data.as_mut().map(rebase);
        if let Some(certificate) = &mut file.certificate {
            rebase(&mut certificate.cert);
            rebase(&mut certificate.key);
            certificate.key_passphrase_file.as_mut().map(rebase);
        }
        Ok(file)
    }

    /// The data directory.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// The form of the log.
    pub fn log_format(&self) -> Option<LogFormat> {
        self.log.format
    }

    /// Sets what the file says, all but the data directory.
    pub fn apply(&self, config: &mut ServerConfig) {
        fn set<T: Clone>(to: &mut T, from: Option<T>) {
            if let Some(from) = from {
                *to = from;
            }
        }
        set(&mut config.listen, self.listen);
        set(&mut config.advertise, self.advertise.clone().map(|list| list.0));
        set(
            &mut config.registration,
            self.registration.map(|key| match key {
                RegistrationKey::Invite => Registration::Invite,
                RegistrationKey::Open => Registration::Open,
            }),
        );
        if self.metrics.is_some() {
            config.metrics = self.metrics;
        }
        if let Some(table) = &self.certificate {
            config.certificate = Some(CertificateFiles {
                certificate: table.cert.clone(),
                key: table.key.clone(),
                passphrase: table.key_passphrase_file.clone(),
            });
            set(
                &mut config.trust,
                table.trust.map(|key| match key {
                    TrustKey::Pinned => TrustBy::Pinned,
                    TrustKey::Ca => TrustBy::Ca,
                }),
            );
        }
        let (rates, limits) = (&mut config.rates, &self.limits);
        set(&mut rates.send_burst, limits.send_burst);
        set(&mut rates.send_rate, limits.send_rate);
        set(&mut rates.request_burst, limits.request_burst);
        set(&mut rates.request_rate, limits.request_rate);
        set(&mut rates.register_burst, limits.register_burst);
        set(&mut rates.register_rate, limits.register_rate);
        set(&mut config.files.largest, self.files.largest_mb);
        set(&mut config.files.account, self.files.account_mb);
        set(&mut config.files.total, self.files.total_mb);
        set(&mut config.nearby.enabled, self.nearby.enabled);
        if self.nearby.name.is_some() {
            config.nearby.name.clone_from(&self.nearby.name);
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ConfigError {}

fn text(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind};
    // Whoever may write it decides whose key is served.
    files::check_not_world_writable(path)?;
    let mut text = String::new();
    File::open(path)?.take(BYTES + 1).read_to_string(&mut text).map_err(|error| {
        match error.kind() {
            ErrorKind::InvalidData => Error::new(ErrorKind::InvalidData, "it is no UTF-8 text"),
            _ => error,
        }
    })?;
    if text.len() as u64 > BYTES {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than any configuration"));
    }
    Ok(text)
}

fn parsed<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
}

fn rate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = i64::deserialize(from)?;
    let rate = u32::try_from(value).ok().filter(|rate| (1..=RATE_MAX).contains(rate));
    rate.map(Some).ok_or_else(|| D::Error::custom(format!("{value} is not from 1 to {RATE_MAX}")))
}

/// In bytes.
fn megabytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = i64::deserialize(from)?;
    let megabytes = u64::try_from(value).ok().filter(|megabytes| *megabytes <= MEGABYTES_MAX);
    megabytes
        .map(|megabytes| Some(megabytes * 1_000_000))
        .ok_or_else(|| D::Error::custom(format!("{value} is not from 0 to {MEGABYTES_MAX}")))
}

fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(from)?;
    if name.is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        let wrong = format!("a name has 1 to {NAME_BYTES} bytes and no control characters");
        return Err(D::Error::custom(wrong));
    }
    Ok(Some(name))
}

impl<'de> Deserialize<'de> for Advertise {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let list = Vec::<String>::deserialize(from)?;
        if list.is_empty() || list.len() > ADDRESSES_MAX {
            return Err(D::Error::custom(format!("a link has 1 to {ADDRESSES_MAX} addresses")));
        }
        list.iter()
            .map(|text| text.parse().map_err(D::Error::custom))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../tertulia.example.toml");

    fn read(text: &str) -> Result<ConfigFile, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.toml");
        std::fs::write(&path, text).unwrap();
        let dir = dir.path().display().to_string();
        ConfigFile::read(&path).map_err(|error| error.to_string().replace(&dir, ""))
    }

    fn config(text: &str) -> ServerConfig {
        let mut config = ServerConfig::new("/data");
        read(text).unwrap().apply(&mut config);
        config
    }

    #[test]
    fn the_example_says_what_holds_without_it() {
        assert_eq!(config(EXAMPLE), ServerConfig::new("/data"));
        assert_eq!(config(""), ServerConfig::new("/data"));
        let file = read(EXAMPLE).unwrap();
        assert_eq!((file.data(), file.log_format()), (None, Some(LogFormat::default())));
    }

    /// What is commented out is `#key = value`, prose is `# Prose`.
    #[test]
    fn what_the_example_only_shows_can_be_used_too() {
        let all: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(shown) if !shown.is_empty() && !shown.starts_with(' ') => shown,
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        let config = config(&all);
        assert!(config.certificate.is_some() && config.metrics.is_some());
        assert_eq!(config.trust, TrustBy::Ca);
        assert_eq!(config.advertise.len(), 2);
        assert!(config.nearby.name.is_some());
        assert!(read(&all).unwrap().data().is_some());
        // Every key that there is: a new one must be shown as well.
        let shown = |key: &str| all.lines().any(|line| line.starts_with(&format!("{key} = ")));
        for key in [
            "data",
            "listen",
            "advertise",
            "registration",
            "metrics",
            "cert",
            "key",
            "key_passphrase_file",
            "trust",
            "format",
            "send_burst",
            "send_rate",
            "request_burst",
            "request_rate",
            "register_burst",
            "register_rate",
            "largest_mb",
            "account_mb",
            "total_mb",
            "enabled",
            "name",
        ] {
            assert!(shown(key), "{key} is not in the example");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, word) in [
            ("# one\nlisten = \"here\"\n", 2, "here"),
            ("listen = 7575", 1, "string"),
            ("\n\nlisten_on = \"[::]:1\"", 3, "listen_on"),
            ("[limits]\nsend_rate = 0", 2, "from 1 to"),
            ("[limits]\nsend_rate = -1", 2, "from 1 to"),
            ("[limits]\nsend_bust = 5", 2, "send_bust"),
            ("advertise = [\"chat.example\"]", 1, "HOST:PORT"),
            ("advertise = []", 1, "1 to 16"),
            ("registration = \"closed\"", 1, "closed"),
            ("data = \"/x\"\n[certificate]\ncert = \"c.pem\"", 2, "key"),
            ("[certificate]\ncert = \"c\"\nkey = \"k\"\ntrust = \"me\"", 4, "me"),
            ("[files]\nlargest_mb = -1", 2, "from 0 to"),
            ("[nearby]\nname = \"\"", 2, "1 to 63"),
            ("[log]\nformat = \"xml\"", 2, "xml"),
            ("listen = \"[::]:1\"\nlisten = \"[::]:2\"", 2, "duplicate"),
            ("what is this", 1, ""),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.starts_with(&format!("/tertulia.toml:{line}: ")), "{text:?}: {told}");
            assert!(told.contains(word) && !told.contains('\n'), "{text:?}: {told}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.toml");
        let text = "data = \"data\"\n[certificate]\ncert = \"c.pem\"\nkey = \"/k.pem\"\n";
        std::fs::write(&path, text).unwrap();
        let file = ConfigFile::read(&path).unwrap();
        assert_eq!(file.data(), Some(&*dir.path().join("data")));
        let mut config = ServerConfig::new("/data");
        file.apply(&mut config);
        let files = config.certificate.unwrap();
        assert_eq!(files.certificate, dir.path().join("c.pem"));
        assert_eq!(files.key, Path::new("/k.pem"));
    }

    #[test]
    fn a_file_that_anybody_may_write_or_that_is_none_is_refused() {
        use std::{fs, os::unix::fs::PermissionsExt};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.toml");
        let told = |path: &Path| ConfigFile::read(path).unwrap_err().to_string();
        assert!(told(&path).contains("tertulia.toml: "));
        assert!(told(dir.path()).contains("irectory"));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(told(&path).contains("UTF-8"));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(told(&path).contains("chmod o-w"));
    }
}
