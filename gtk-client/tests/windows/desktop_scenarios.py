"""Scenarios of the desktop around the window: what it is told, what it keeps, what it asks for."""

import contextlib
import json
import os
import subprocess
import sys
import time

import screen
from room_scenarios import make_room
from scenarios import scenario

HERE = os.path.dirname(os.path.abspath(__file__))


class Desk:
    """What a desktop that shows notifications was told."""

    def __init__(self, world, *words):
        self.path = world.path("notifications")
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "notification_service.py"), self.path, *words],
            stdin=subprocess.PIPE, text=True)
        screen.wait("a notification service", lambda: self.lines())

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def shown(self):
        """What is there now, by number."""
        there = {}
        for line in self.lines():
            if "shown" in line:
                there[line["shown"]] = line
            there.pop(line.get("gone"), None)
        return there

    def sees(self, title, text):
        """The number of a notification that says this."""
        try:
            return screen.wait(f"a notification {title!r}, {text!r}", lambda: next(
                (number for number, line in self.shown().items()
                 if (line["title"], line["text"]) == (title, text)), None))
        except screen.Failure as failure:
            raise screen.Failure(f"{failure}: {self.lines()}") from failure

    def sees_nothing(self):
        try:
            screen.wait("the notifications to go", lambda: not self.shown())
        except screen.Failure as failure:
            raise screen.Failure(f"{failure}: {self.lines()}") from failure

    def click(self, number):
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()

    def reply(self, number, text):
        self.click(f"{number} {text}")

    def sees_badge(self, count):
        def badge():
            told = [line for line in self.lines() if "badge" in line]
            return told and (told[-1]["badge"], told[-1]["entry"])
        wanted = (count, "application://org.tertulia.Tertulia.desktop")
        screen.wait(f"{count} on the icon", lambda: badge() == wanted)

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


@scenario()
def one_is_told_of_what_names_one_while_looking_elsewhere(world):
    world.start_server()
    with contextlib.closing(Desk(world)) as desk:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        ana = world.join("ana", world.invite())
        make_room(ana, "garden")
        world.type_alone("beto", "send", "lobby", "nothing that concerns her")
        world.type_alone("beto", "send", "lobby", "@ana <b>come</b> & see")
        number = desk.sees("Beto in #lobby", "@ana &lt;b&gt;come&lt;/b&gt; &amp; see")
        assert len(desk.lines()) == 2, "one notification, and the service's own line"
        desk.click(number)
        ana.sees("@ana <b>come</b> & see")
        ana.key("Shift_L")  # She looks at it.
        desk.sees_nothing()
        # What comes while she looks at the room is no news.
        world.type_alone("beto", "send", "lobby", "@ana are you there?")
        ana.sees("@ana are you there?")
        world.type_alone("beto", "dm", "ana", "two alone")
        desk.sees("Beto", "two alone")
        told = [line["text"] for line in desk.lines() if "shown" in line]
        assert "@ana are you there?" not in told, told
        # Read on another device of hers.
        world.type_alone("ana", "send", "@beto", "yes")
        desk.sees_nothing()


@scenario()
def a_room_can_be_loud_or_silent(world):
    world.start_server()
    with contextlib.closing(Desk(world, "plain")) as desk:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        ana = world.join("ana", world.invite())
        open_details(ana)
        world.picture("details")
        ana.press("All")
        wished(world, '"all"')
        ana.key("Escape")
        make_room(ana, "garden")
        world.type_alone("beto", "send", "lobby", "good <b>morning</b>")
        desk.sees("Beto in #lobby", "good <b>morning</b>")
        ana.key("alt+shift+Down")
        ana.sees("good <b>morning</b>")
        desk.sees_nothing()
        open_details(ana)
        ana.press("Nothing")
        wished(world, '"none"')
        ana.key("Escape")
        ana.key("alt+Down")
        ana.sees("You entered the room")
        world.type_alone("beto", "send", "lobby", "@ana one")
        ana.sees("#lobby, without notifications, one unread message, one names you")
        ana.press("Main menu")
        world.picture("menu")
        ana.press("Do Not Disturb")
        wished(world, '"do_not_disturb": true')
        world.type_alone("beto", "dm", "ana", "two")
        ana.sees("Beto, direct message, one unread message")
        ana.press("Main menu")
        ana.press("Do Not Disturb")
        wished(world, '"do_not_disturb": false')
        world.type_alone("beto", "dm", "ana", "three")
        desk.sees("Beto", "three")
        told = [line["text"] for line in desk.lines() if "shown" in line]
        assert told == ["good <b>morning</b>", "three"], told


@scenario()
def a_closed_window_goes_on_if_that_is_wished(world):
    world.start_server()
    with contextlib.closing(Desk(world)) as desk:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        ana = world.join("ana", world.invite())
        ana.press("Main menu")
        ana.press("Keep Running When Closed")
        wished(world, '"keep_running": true')
        ana.key("ctrl+w")
        screen.wait("the window to go", lambda: not ana.find("Message"))
        world.type_alone("beto", "send", "lobby", "@ana still there?")
        desk.click(desk.sees("Beto in #lobby", "@ana still there?"))
        ana.sees("@ana still there?")
        ana.key("ctrl+w")
        screen.wait("the window to go", lambda: not ana.find("Message"))
        # Starting it once more brings the same one back.
        again = world.open("ana")
        assert again.ends() == 0
        ana.sees("@ana still there?")
        ana.key("ctrl+q")
        assert ana.ends() == 0
        desk.sees_nothing()
        ana = world.open("ana")
        ana.sees("@ana still there?")
        ana.press("Main menu")
        ana.press("Keep Running When Closed")
        wished(world, '"keep_running": false')
        ana.key("ctrl+w")
        assert ana.ends() == 0, "it was kept, and can be taken back"


@scenario()
def the_window_comes_back_as_it_was_left(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
    ana = world.join("ana", world.invite())
    make_room(ana, "garden")
    screen.wait("the members", lambda: lists_members(ana))
    ana.key("F9")
    screen.wait("the members to go", lambda: not lists_members(ana))
    usual = size(ana)
    screen.xdotool("windowsize", "--sync", windows(ana)[-1], "1200", "600")
    screen.wait("another size", lambda: size(ana) != usual)
    before = size(ana)
    ana.key("ctrl+q")
    assert ana.ends() == 0
    # The lobby is livelier by now.
    world.type_alone("beto", "send", "lobby", "good morning")
    ana = world.open("ana")
    ana.sees("#lobby, one unread message")
    ana.sees("You entered the room")
    assert not lists_members(ana), "the members are still away"
    assert size(ana) == before, (size(ana), before)
    world.picture("back")
    ana.key("F9")
    screen.wait("the members", lambda: lists_members(ana))


@scenario()
def the_keys_are_listed(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.key("ctrl+question")
    ana.sees("Next news")
    world.picture("keys")
    ana.key("Escape")
    ana.sees_no_more("Next news")
    ana.key("F10")
    ana.sees("About Tertulia")
    ana.press("About Tertulia")
    ana.sees("The Tertulia founders")
    world.picture("about")
    ana.key("Escape")
    ana.key("alt+Return")
    ana.sees("Notify me of")
    ana.key("Escape")
    ana.key("ctrl+n")
    ana.sees("Name of the room")
    ana.key("Escape")
    ana.key("ctrl+comma")
    ana.sees("Appearance")


@scenario()
def the_connection_is_told_in_figures(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.press("The connection")
    ana.sees("Connected, encrypted")
    ana.sees(world.words())
    ana.sees(f"127.0.0.1:{world.port}")
    ana.sees(" ms")
    ana.sees("none")
    world.picture("live")
    world.stop_server()
    ana.sees("Not connected: ")
    world.picture("gone")
    ana.press("Try now")
    world.start_server()
    ana.sees("Connected, encrypted")


@scenario(size="360x640")
def the_connection_fits_a_narrow_window(world):
    world.start_server()
    ana = world.join("ana", world.owner_link(), ADW_DEBUG_COLOR_SCHEME="prefer-dark")
    ana.press("Back to the rooms")
    ana.press("The connection")
    ana.sees(world.words())
    world.picture("figures")
    ana.key("Escape")
    ana.sees_no_more("Key in words")
    ana.key("ctrl+question")
    ana.sees("Next room")
    world.picture("keys")
    ana.key("Escape")
    ana.sees_no_more("Next room")
    ana.close()
    ana = world.open("ana")
    ana.sees("Write a message")
    open_details(ana)
    world.picture("details")


class Started(screen.Window):
    """A `tertulia` that the session bus started."""

    def __init__(self, pid):
        self.name, self.pid = "the started", pid


@scenario()
def what_is_installed_is_found_by_the_desktop(world):
    programs, root, home = world.path("programs"), world.path("root"), os.environ["XDG_DATA_HOME"]
    os.mkdir(programs)
    for name in ("tertulia", "tertulia-server", "tertulia-cli", "tertulia-certs"):
        # Small ones: what they do is not the question.
        with open(os.path.join(programs, name), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {os.path.join(world.programs, name)} "$@"\n')
        os.chmod(file.name, 0o755)
    make("install", f"PREFIX={home}/usr", f"DESTDIR={root}", f"BIN={programs}")
    there = sorted(os.path.relpath(os.path.join(folder, file), f"{root}{home}/usr")
                   for folder, _, files in os.walk(root) for file in files)
    name = "org.tertulia.Tertulia"
    assert there == [
        "bin/tertulia", "bin/tertulia-certs", "bin/tertulia-cli", "bin/tertulia-server",
        "lib/systemd/system/tertulia-server.service",
        f"share/applications/{name}.desktop", f"share/dbus-1/services/{name}.service",
        f"share/icons/hicolor/scalable/apps/{name}.svg",
        f"share/icons/hicolor/symbolic/apps/{name}-symbolic.svg",
        f"share/metainfo/{name}.metainfo.xml"], there
    with open(f"{root}{home}/usr/{there[4]}", encoding="utf-8") as unit:
        assert f"\nExecStart={home}/usr/bin/tertulia-server " in unit.read()
    share = f"{root}{home}/usr/share"
    checked("desktop-file-validate", f"{share}/applications/{name}.desktop")
    checked("appstreamcli", "validate", "--no-net", f"{share}/metainfo/{name}.metainfo.xml")
    make("uninstall", f"PREFIX={home}/usr", f"DESTDIR={root}")
    assert not any(files for _, _, files in os.walk(root))

    # Not packed: where this desktop looks.
    make("install", f"PREFIX={home}/usr", f"BIN={programs}")
    services = f"{home}/dbus-1/services"
    os.makedirs(services, exist_ok=True)
    os.symlink(f"{home}/usr/share/dbus-1/services/{name}.service", f"{services}/{name}.service")
    bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
    call(*bus, "org.freedesktop.DBus.ReloadConfig")
    world.start_server()
    link = world.owner_link()
    call(name, "/org/tertulia/Tertulia", "org.freedesktop.Application.Open", f"['{link}']", "{}")
    told = call(*bus, "org.freedesktop.DBus.GetConnectionUnixProcessID", name)
    window = Started(int(told.strip("(),\n ").removeprefix("uint32 ")))
    window.sees("Your seat is waiting. Who are you?")
    window.write("Your name", "Ana")
    window.key("Return")
    window.sees("You entered the room")
    window.key("ctrl+q")
    screen.wait("it to end", lambda: not list(window.nodes()))


def make(*words):
    done = subprocess.run(["make", "--silent", "--directory", os.path.join(HERE, "..", "..", ".."), *words],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def checked(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "warning" not in done.stdout, done.stdout + done.stderr


def call(destination, path, method, *arguments):
    return subprocess.run(
        ["gdbus", "call", "--session", "--dest", destination, "--object-path", path, "--method", method,
         *arguments], check=True, capture_output=True, text=True).stdout


def wished(world, words):
    def kept():
        path = world.path("ana", "notifications.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return words in file.read()
        return False
    screen.wait(f"{words} to be kept", kept)


def open_details(window):
    window.key("alt+Return")
    window.sees("Notify me of")


def lists_members(window):
    # The rest of the header has less room while they are there.
    menu = window.find("Room menu", pressable=True)
    box = menu.get_component_iface().get_extents(screen.Atspi.CoordType.WINDOW) if menu else None
    return box is not None and box.x + box.width < size(window)[0] - 200


def windows(window):
    return screen.wait("a window on the screen", lambda: screen.xdotool(
        "search", "--onlyvisible", "--pid", str(window.pid)).split())


def size(window):
    told = screen.xdotool("getwindowgeometry", "--shell", windows(window)[-1])
    words = dict(line.split("=") for line in told.splitlines())
    return int(words.get("WIDTH", 0)), int(words.get("HEIGHT", 0))


@scenario()
def tab_goes_round_the_whole_window(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.sees("You entered the room")
    reached = set()
    for _ in range(24):
        ana.key("Tab")
        time.sleep(0.05)
        reached.add(ana.focused().get_name())
    missing = {"Message", "Insert an emoji", "Enter or make a room", "Main menu", "Public rooms",
               "Room details", "Room menu"} - reached
    assert not missing, missing


@scenario()
def what_is_said_in_passing_folds_no_pane(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.type_alone("beto", "join", "--name", "Beto", world.invite())
    beto = world.open("beto")
    beto.sees("ana")
    beto.sees("About ana")
    beto.key("ctrl+shift+i")
    beto.sees("can invite")
    world.picture("said")
    beto.sees("About ana")


@scenario()
def who_is_let_into_a_private_room_is_told(world):
    with contextlib.closing(Desk(world)) as desk:
        world.start_server()
        world.type_alone("ana", "join", "--name", "Ana", world.owner_link())
        beto = world.join("beto", world.invite())
        world.type_alone("ana", "create", "kitchen", "--private")
        world.type_alone("ana", "add", "kitchen", "beto")
        desk.sees("Ana in #kitchen", "Ana added you")
        # Looking at the room takes it back, whichever way.
        beto.key("ctrl+k")
        beto.write("A room or a person", "kitchen")
        beto.key("Return")
        beto.sees("Ana added you")
        desk.sees_nothing()
        # Once: not again after a start.
        beto.key("ctrl+q")
        beto.ends()
        beto = world.open("beto")
        beto.sees("Ana added you")
        beto.key("ctrl+k")
        beto.write("A room or a person", "lobby")
        beto.key("Return")
        beto.sees("Ana entered the room")
        assert sum("shown" in line for line in desk.lines()) == 1, desk.lines()
