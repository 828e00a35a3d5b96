//! The command line.

use std::path::PathBuf;

use clap::Parser;
use gtk::glib;

/// Group chat that a bad network can't break.
#[derive(Debug, Clone, Default, PartialEq, Eq, Parser)]
#[command(name = "tertulia", version)]
pub(crate) struct Args {
    /// The invite link of a server: tertulia://HOST:PORT/KEY/INVITE
    pub(crate) link: Option<String>,
    /// The folder that holds who you are on one server; another folder is another person
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// Your name; together with LINK joins without asking
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Started by the session bus: waits to be told what for
    #[arg(long, hide = true, conflicts_with_all = ["link", "name"])]
    pub(crate) gapplication_service: bool,
}

impl Args {
    /// Nothing but a link.
    pub(crate) fn of_link(link: Option<String>) -> Self {
        Self { link, ..Self::default() }
    }

    /// The profile's folder, absolute: it names the instance, whatever folder one starts in.
    pub(crate) fn profile(&self) -> PathBuf {
        let folder = self.profile.clone().unwrap_or_else(default_profile);
        std::path::absolute(&folder).unwrap_or(folder)
    }
}

fn default_profile() -> PathBuf {
    glib::user_data_dir().join("tertulia/profiles/default")
}

/// The application id: one instance per profile.
pub(crate) fn application_id(profile: &std::path::Path) -> String {
    // A profile reached by another path is still the same one.
    let profile = profile.canonicalize().unwrap_or_else(|_| profile.to_owned());
    let default = default_profile();
    if profile == default.canonicalize().unwrap_or(default) {
        return crate::APPLICATION_ID.to_owned();
    }
    let path = profile.into_os_string();
    let digest =
        glib::compute_checksum_for_data(glib::ChecksumType::Sha256, path.as_encoded_bytes())
            // GLib gives none only for a type it does not know.
            .unwrap_or_default();
    format!("{}.p{}", crate::APPLICATION_ID, &digest[..digest.len().min(16)])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn another_profile_is_another_application() {
        let ana = application_id(Path::new("/somewhere/ana"));
        assert!(ana.starts_with("org.tertulia.Tertulia.p"));
        assert_ne!(ana, application_id(Path::new("/somewhere/beto")));
        assert_eq!(application_id(&default_profile()), crate::APPLICATION_ID);
        assert!(gtk::gio::Application::id_is_valid(&ana));
    }

    #[test]
    fn link_name_and_profile_are_read() {
        let args = Args::parse_from(["tertulia", "tertulia://x", "--name", "Ana María"]);
        assert_eq!(args.link.as_deref(), Some("tertulia://x"));
        assert_eq!(args.name.as_deref(), Some("Ana María"));
        assert!(args.profile().ends_with("tertulia/profiles/default"));
        assert!(Args::try_parse_from(["tertulia", "--nonsense"]).is_err());
    }
}
