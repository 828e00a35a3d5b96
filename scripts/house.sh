# Sourced after setup.sh: the server and the windows of `make run`, all in one directory.
# shellcheck shell=bash disable=SC2034
#
#   server/        data of the server     server.lock   held while one runs, or is being built
#   profiles/NAME  one person's window    windows.lock  shared by open windows
#   port           where the server listens; there only while it accepts
#   last-port      where it listened last, and will again if it can
#   last-profile   who `make run` without a name is

case ${XDG_DATA_HOME:-} in
    /*) HOUSE=$XDG_DATA_HOME/tertulia/run ;;
    *) HOUSE=${HOME:?is not set: where should the data be?}/.local/share/tertulia/run ;;
esac
(umask 077 && mkdir -p "$HOUSE/profiles") || fail "$HOUSE can't be made."

SERVER_PID=
# What this script waits for, and ends when it is ended.
WAITED_PID=

# Takes the server's place; false where another script has it. The lock ends with this process.
take_server_lock() {
    exec 9>"$HOUSE/server.lock"
    # Others look at the lock by taking it for an instant.
    flock --timeout 0.3 9 || return 1
    rm -f "$HOUSE/port"
}

# Fails where no server of `make run` or `make server` is there or on its way.
join_house() {
    exec 8>"$HOUSE/windows.lock"
    # From here on the server stays until this process ends.
    flock --shared --nonblock 8 || fail "The server of \`make run\` is just ending: once more, please."
    if flock --shared --nonblock "$HOUSE/server.lock" true; then
        fail "No server runs here yet. Start one in another terminal: make run"
    fi
}

# Waits until the server accepts; PORT says where.
await_server() {
    local told=
    until PORT=$(cat "$HOUSE/port" 2>/dev/null) && [ -n "$PORT" ]; do
        ! flock --shared --nonblock "$HOUSE/server.lock" true || fail "The server did not start."
        [ -n "$told" ] || say "Waiting for the server to start."
        told=yes
        sleep 0.2
    done
}

# start_server FD: returns when it accepts; PORT says where. FD takes what it has to say. It ends
# with this script.
start_server() {
    local line host='[::]' port status=0
    [ -e /proc/net/if_inet6 ] || host=0.0.0.0
    port=$(cat "$HOUSE/last-port" 2>/dev/null || echo 7575)
    if is_taken "$port"; then
        say "UDP port $port is taken: another one will do."
        port=0
    fi
    rm -f "$HOUSE/ready"
    mkfifo -m 600 "$HOUSE/ready" || return
    # In a session of its own: Ctrl+C is this script's to pass on, after the window has gone.
    setsid setpriv --pdeathsig TERM "$(binary tertulia-server)" --data "$HOUSE/server" \
        --listen "$host:$port" --registration invite \
        >"$HOUSE/ready" 2>&"$1" 8>&- 9>&- &
    SERVER_PID=$!
    exec 7<"$HOUSE/ready"
    rm -f "$HOUSE/ready"
    if ! read -r line <&7; then
        wait "$SERVER_PID" || status=$?
        SERVER_PID=
        return "$((status > 0 ? status : 1))"
    fi
    PORT=${line##*:}
    echo "$PORT" >"$HOUSE/last-port"
    echo "$PORT" >"$HOUSE/port.new"
    mv "$HOUSE/port.new" "$HOUSE/port"
    SERVER_LINE=$line
}

# From here on the end of this script, by Ctrl+C too, is the end of all it started.
end_house_at_exit() {
    trap end_house EXIT
    trap 'exit 0' INT TERM HUP
}

end_house() {
    trap '' INT TERM HUP
    end "$WAITED_PID"
    if [ -n "$SERVER_PID" ]; then
        rm -f "$HOUSE/port"
        end "$SERVER_PID"
    fi
}

# open_window NAME PROFILE WHO: one window, from its opening to its end, whose status it returns.
# WHO is `owner` where this is the person to whom a server without owner belongs.
open_window() {
    local name=$1 who=$3 status=0 folder link arguments
    folder=$HOUSE/profiles/$(folder "$2")
    arguments=("--profile=$folder")
    if needs_link "$folder"; then
        link=$(link "$who")
        arguments+=("$link")
        [ -z "$name" ] || arguments+=("--name=$name")
    fi
    "$(binary tertulia)" "${arguments[@]}" 7<&- 8>&- 9>&- &
    WAITED_PID=$!
    wait "$WAITED_PID" || status=$?
    WAITED_PID=
    return "$status"
}

# Fails before minutes of building where no window could open.
need_display() {
    [ -n "${WAYLAND_DISPLAY:-}${DISPLAY:-}${GDK_BACKEND:-}" ] ||
        [ -S "${XDG_RUNTIME_DIR:-/nowhere}/wayland-0" ] ||
        fail "There is no screen here to open a window on. \`make server\` needs none."
}

# A profile that has not joined, or joined where the server no longer is.
needs_link() {
    ! grep -qsF "tertulia://127.0.0.1:$PORT," "$1/profile.json"
}

# A link that lets one person in. This machine is its first address: others change with the
# network one is in.
link() {
    local link rest
    if [ "$1" = owner ] && [ -s "$HOUSE/server/owner-invite" ]; then
        link=$(cat "$HOUSE/server/owner-invite")
    else
        link=$("$(binary tertulia-server)" invite --data "$HOUSE/server" --uses 1)
    fi
    rest=${link#tertulia://}
    printf 'tertulia://127.0.0.1:%s,%s/%s\n' "$PORT" "$(cut -d, -f1-3 <<<"${rest%%/*}")" "${rest#*/}"
}

# folder NAME: a file name, another one for each name.
folder() {
    local name=$1
    name=${name//%/%25}
    name=${name//\//%2F}
    case $name in .*) name=%2E${name#.} ;; esac
    if [ "$(printf %s "$name" | wc -c)" -gt 200 ]; then
        name=$(printf %s "$name" | sha256sum | cut -d' ' -f1)
    fi
    printf '%s\n' "$name"
}

say_how_to_invite() {
    say "A link for people elsewhere: $(printf '%q ' "$(binary tertulia-server)" invite --data "$HOUSE/server")"
}

# Whether anybody has that UDP port.
is_taken() {
    grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") " /proc/net/udp /proc/net/udp6 2>/dev/null
}

# Ends a child: it has 10 s to do so by itself.
end() {
    local tries=100
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    while [ "$tries" -gt 0 ] && kill -0 "$1" 2>/dev/null; do
        tries=$((tries - 1))
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}
