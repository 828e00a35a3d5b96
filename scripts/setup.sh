# Sourced: what has to be on the machine before anything is built.
# shellcheck shell=bash disable=SC2034

set -euo pipefail
# What make tells its children is not for cargo: it would look for a jobserver that it can't reach.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." >/dev/null

BUILD_PACKAGES=(build-essential)
WINDOW_PACKAGES=(
    build-essential pkg-config libgtk-4-dev libadwaita-1-dev gettext
    librsvg2-common adwaita-icon-theme
)
TEST_PACKAGES=(
    "${WINDOW_PACKAGES[@]}" xvfb dbus at-spi2-core libglib2.0-bin xdotool imagemagick openbox
    python3-gi python3-venv gir1.2-atspi-2.0 locales fonts-cantarell fonts-noto-color-emoji openssl
    desktop-file-utils appstream strace iproute2
)
CHECK_PACKAGES=("${WINDOW_PACKAGES[@]}" shellcheck)

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# Rust as new as Cargo.toml asks for, or the words that say how to get it.
need_rust() {
    local bin=${CARGO_HOME:-${HOME:-/nowhere}/.cargo}/bin
    # A terminal that was open before Rust was installed does not have it on its PATH.
    case ":$PATH:" in
        *":$bin:"*) ;;
        *) [ ! -x "$bin/cargo" ] || PATH=$bin:$PATH ;;
    esac
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    found=$(rustc --version 2>/dev/null | cut -d' ' -f2) || found=
    if [ -n "$found" ] && command -v cargo >/dev/null; then
        [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ] || return 0
        say "Tertulia needs Rust $wanted or newer; here is $found."
    else
        say "Tertulia needs Rust $wanted or newer; here is none."
    fi
    if command -v rustup >/dev/null; then
        fail "Type this, then try again:

    rustup update stable && rustup default stable"
    fi
    fail "Type this, then try again (the first line only where curl is missing):

    sudo apt-get install -y curl
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y
    . \"\$HOME/.cargo/env\""
}

# Installs those of the packages that are missing; silent where none is.
need_packages() {
    command -v dpkg-query >/dev/null || return 0
    local package missing=()
    for package in "$@"; do
        case " $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null)" in
            *" installed "*) ;;
            *) missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    say "Missing on this system: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "Have them installed, then try again. As root:

    apt-get update && apt-get install -y ${missing[*]}"
        as_root=(sudo)
        say "Installing them with sudo, which may ask for your password."
    else
        say "Installing them."
    fi
    "${as_root[@]}" apt-get update >&2 || say "The package lists could not be renewed; going on."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}" >&2 ||
        fail "They could not be installed: apt-get says why, above."
}

# The libraries of the window, new enough.
need_toolkit() {
    need_packages "${WINDOW_PACKAGES[@]}"
    local tool
    for tool in cc pkg-config msgfmt; do
        command -v "$tool" >/dev/null ||
            fail "The window needs $tool, GTK 4 and libadwaita with their headers, and gettext:
install them as your system does it, then try again. \`make server\` needs a C compiler only."
    done
    pkg-config 'gtk4 >= 4.8' 'libadwaita-1 >= 1.2' ||
        fail "The window needs GTK 4.8 and libadwaita 1.2 with their headers (Debian 12, Ubuntu 24.04
or newer); here are GTK $(pkg-config --modversion gtk4 2>/dev/null || echo none) and libadwaita $(
            pkg-config --modversion libadwaita-1 2>/dev/null || echo none
        ). \`make server\` needs neither."
}

# build ARGUMENT...: cargo build. The programs are found by `binary` from then on.
build() {
    # Locks that the caller holds (8, 9) are not for what cargo may leave running.
    BUILT=$(cargo build --locked --message-format=json-render-diagnostics "$@" 8>&- 9>&- |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
}

# binary NAME: where the last `build` put it.
binary() {
    grep -- "/$1\$" <<<"$BUILT" || fail "cargo built no $1"
}
