//! What a person at a terminal reads when the server is up, in their language.

use tertulia_certs::Trust;
use tertulia_proto::Registration;
use tertulia_server::Server;

/// The greeting; scripts read standard output instead.
pub(crate) fn text(server: &Server, registration: Registration, spanish: bool) -> String {
    let address = server.local_addr();
    let port = address.port();
    let mut lines = Vec::new();
    let invite = registration == Registration::Invite;
    if spanish {
        lines.push(format!("[+] Escuchando en udp {address}"));
        lines.push(if invite {
            "[+] Registro: por invitación (tertulia-server invite)".to_owned()
        } else {
            "[+] Registro: abierto a cualquiera".to_owned()
        });
        lines.push(format!("[+] Cortafuegos, si lo hay: sudo ufw allow {port}/udp"));
    } else {
        lines.push(format!("[+] Listening on udp {address}"));
        lines.push(if invite {
            "[+] Registration: by invite (tertulia-server invite)".to_owned()
        } else {
            "[+] Registration: open to anyone".to_owned()
        });
        lines.push(format!("[+] Firewall, if there is one: sudo ufw allow {port}/udp"));
    }
    if let Trust::Pinned(key) = server.link().trust {
        lines.push(if spanish {
            "[+] Quien llega sin enlace compara estas palabras con las tuyas:".to_owned()
        } else {
            "[+] Whoever comes without a link compares these words with yours:".to_owned()
        });
        lines.push(format!("    {}", key.phrase()));
    }
    match (server.owner_link(), spanish) {
        (Some(link), true) => {
            lines.push(
                "[+] Nadie es dueño todavía. Quien entre con este enlace lo será:".to_owned(),
            );
            lines.push(format!("    {link}"));
        }
        (Some(link), false) => {
            lines.push("[+] Nobody owns it yet. Whoever joins by this link does:".to_owned());
            lines.push(format!("    {link}"));
        }
        (None, true) => lines.push(format!("[+] Enlace: {}", server.link())),
        (None, false) => lines.push(format!("[+] Link: {}", server.link())),
    }
    lines.join("\n")
}

/// Whether the reader's language is Spanish, as gettext would see it.
pub(crate) fn is_spanish() -> bool {
    ["LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|value| value.starts_with("es"))
}
