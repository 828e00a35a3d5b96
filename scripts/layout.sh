# Sourced after setup.sh: what is installed, and where to.
# shellcheck shell=bash disable=SC2034
#
# PREFIX is where it will be found, DESTDIR a folder to put in front of it while packing. BIN names
# a folder of built programs; without it they are built.

PREFIX=${TERTULIA_PREFIX:-/usr/local}
DESTDIR=${TERTULIA_DESTDIR:-}
BIN=${TERTULIA_BIN:-}
case $PREFIX in /*) ;; *) fail "PREFIX has to begin with a slash: $PREFIX" ;; esac
PREFIX=${PREFIX%/}
ROOT=$DESTDIR$PREFIX

PROGRAMS=(tertulia tertulia-server tertulia-cli tertulia-certs)
ID=org.tertulia.Tertulia
# Below PREFIX.
DESKTOP_ENTRY=share/applications/$ID.desktop
DBUS_SERVICE=share/dbus-1/services/$ID.service
METAINFO=share/metainfo/$ID.metainfo.xml
ICON=share/icons/hicolor/scalable/apps/$ID.svg
SYMBOLIC_ICON=share/icons/hicolor/symbolic/apps/$ID-symbolic.svg
UNIT=lib/systemd/system/tertulia-server.service

# Desktops look things up in caches. While packing, the package's own scripts renew them.
renew_caches() {
    [ -z "$DESTDIR" ] || return 0
    ! command -v update-desktop-database >/dev/null ||
        update-desktop-database -q "$ROOT/share/applications" || true
    # A cache that is there hides what is newer.
    [ ! -e "$ROOT/share/icons/hicolor/icon-theme.cache" ] ||
        gtk4-update-icon-cache -q -t -f "$ROOT/share/icons/hicolor" ||
        gtk-update-icon-cache -q -t -f "$ROOT/share/icons/hicolor" || true
}
