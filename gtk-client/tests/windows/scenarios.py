"""The scenarios, and what runs them: each in a desktop of its own (../session)."""

import argparse
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = {}


def scenario(size="1280x800"):
    def add(run):
        SCENARIOS[run.__name__] = (run, size)
        return run
    return add


class World:
    """A folder, a server and windows; all of it ends with the scenario."""

    def __init__(self, programs, folder, pictures, name):
        self.programs, self.folder, self.pictures, self.name = programs, folder, pictures, name
        self.windows, self.server, self.port = [], None, 0

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start_server(self, data="server"):
        """Starts it, on the port of before where there was one."""
        out = open(self.path("server.out"), "w+")
        self.server = subprocess.Popen(
            [os.path.join(self.programs, "tertulia-server"), "--data", self.path(data),
             "--listen", f"127.0.0.1:{self.port}"],
            stdout=out, stderr=open(self.path("server.err"), "a"))
        def told():
            out.seek(0)
            return out.read().strip()
        line = screen.wait("the server to listen", told)
        self.port = int(line.rpartition(":")[2])

    def stop_server(self, how=signal.SIGTERM):
        self.server.send_signal(how)
        self.server.wait()

    def owner_link(self, data="server"):
        with open(self.path(data, "owner-invite"), encoding="utf-8") as file:
            return file.read().strip()

    def invite(self, *args):
        return subprocess.run(
            [os.path.join(self.programs, "tertulia-server"), "invite", "--data", self.path("server"), *args],
            check=True, capture_output=True, text=True).stdout.strip()

    def open(self, name, *args, **env):
        window = screen.Window(
            os.path.join(self.programs, "tertulia"), ["--profile", self.path(name), *args],
            self.path(f"{name}-{len(self.windows)}"), env)
        self.windows.append(window)
        return window

    def join(self, name, link, **env):
        """A window that has joined and is up to date."""
        window = self.open(name, link, "--name", name, **env)
        window.sees("You entered the room")
        return window

    def picture(self, name):
        if self.pictures and shutil.which("import"):
            time.sleep(0.6)  # For the eye only: whatever fades has faded.
            subprocess.run(["import", "-silent", "-window", "root",
                            os.path.join(self.pictures, f"{self.name}-{name}.png")], check=True)

    def close(self):
        problems = []
        for window in self.windows:
            try:
                window.close()
            except screen.Failure as failure:
                problems.append(str(failure))
        if self.server and self.server.poll() is None:
            self.stop_server()
        if problems:
            raise screen.Failure("\n".join(problems))


@scenario()
def two_people_talk(world):
    world.start_server()
    ana = world.open("ana", world.owner_link())
    ana.sees("Your seat is waiting. Who are you?")
    world.picture("prompt")
    ana.write("Your name", "Ana María")
    ana.key("Return")
    ana.sees("You entered the room")
    assert "EditableText" in ana.focused().get_interfaces(), "the focus is where one writes"
    beto = world.join("beto", world.invite())
    ana.sees("beto entered the room")
    ana.write("Message", "Good morning, Beto 🌱")
    ana.key("Return")
    beto.sees("Good morning, Beto 🌱")
    ana.sees("Sent")
    beto.say("Good morning!")
    ana.sees("Good morning!")
    ana.say("two\nlines")
    beto.sees("two\nlines")
    ana.say("!users")
    ana.sees("2 people are connected")
    ana.sees("Ana María (@ana.maría), you, owner\nbeto (@beto)")
    ana.sees("Only you see this.")
    world.picture("users")
    ana.say("!wow")
    beto.sees("!wow")
    assert not beto.find("2 people are connected"), "only the one who asked sees it"
    beto.say("!exit")
    assert beto.ends() == 0
    ana.sees("one is here")
    again = world.open("beto")
    again.sees("Good morning, Beto 🌱")
    ana.sees("2 are here")


@scenario()
def spanish(world):
    world.start_server()
    ana = world.open("ana", world.owner_link(), LANGUAGE="es")
    ana.sees("Tu silla te espera. ¿Quién eres?")
    ana.write("Tu nombre", "x")
    ana.press("Entrar")
    ana.sees("Escribe un nombre de al menos dos letras.")
    world.picture("prompt")
    ana.write("Tu nombre", "Ana María")
    ana.press("Entrar")
    ana.sees("Has entrado en la sala")
    ana.write("Mensaje", "!users")
    ana.press("Enviar")
    ana.sees("Hay una persona conectada")
    ana.sees("Ana María (@ana.maría), tú, dueño")
    world.picture("chat")


@scenario(size="360x640")
def narrow_and_dark(world):
    world.start_server()
    ana = world.join("Ana María", world.owner_link())
    ana.say("does this fit?")
    ana.sees("Sent")
    ana.press("Back to the rooms")
    ana.sees("Nothing said yet") if ana.count("Nothing said yet") else ana.sees("Ana María: does this fit?")
    world.picture("list")
    ana.press("Main menu")
    ana.press("Appearance")
    ana.press("Dark")
    ana.press("Violet")
    def kept():
        with open(f"{world.path('Ana María-0')}.config/tertulia/appearance.json", encoding="utf-8") as file:
            return file.read()
    screen.wait("the choice to be kept", lambda: '"dark"' in kept() and '"violet"' in kept())
    world.picture("dark")
    for node in ana.nodes():
        component = node.get_component_iface()
        width = component.get_extents(screen.Atspi.CoordType.WINDOW).width if component else 0
        assert width <= 360, f"{node.get_name()!r} is {width} px wide"


@scenario()
def the_server_goes_while_one_writes_and_comes_back(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    world.stop_server(signal.SIGKILL)
    ana.say("nobody hears this yet")
    ana.sees("Waiting to be sent")
    ana.sees("Offline since")
    world.picture("offline")
    ana.say("/users")
    ana.sees("You are offline: this is how it was before")
    world.start_server()
    ana.sees("Sent")
    beto.sees("nobody hears this yet")
    ana.sees_no_more("Offline since")
    assert beto.count("nobody hears this yet") == 1


@scenario()
def leaving_with_something_unsent_says_so_and_keeps_it(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.stop_server(signal.SIGKILL)
    ana.say("later, then")
    ana.sees("Waiting to be sent")
    ana.say("!exit")
    ana.sees("Sending a message that waits…")
    ana.sees("One message still waits. It goes out when you open Tertulia again.")
    world.picture("farewell")
    assert ana.ends() == 0
    again = world.open("ana")
    again.sees("later, then")
    again.sees("You entered the room")
    again.sees("Offline since")
    world.start_server()
    again.sees("Sent")


@scenario()
def the_owner_invites_and_a_member_does_not(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.press("Main menu")
    ana.press("Invite People")
    ana.sees("An invite link is in the clipboard: for 10 people, for 7 days.")
    beto = world.join("beto", world.invite())
    beto.press("Main menu")
    beto.sees("About Tertulia")
    assert not beto.find("Invite People")
    beto.press("About Tertulia")
    beto.sees("The Tertulia founders")
    world.picture("about")


@scenario()
def a_taken_name_comes_with_a_free_one(world):
    world.start_server()
    world.join("ana", world.owner_link())
    other = world.open("other", world.invite(), "--name", "Ana")
    other.sees("Somebody here is called “Ana” already, or almost so.")
    world.picture("proposal")
    other.press("Join as “ana-2”")
    other.sees("You entered the room")


@scenario()
def another_server_behind_the_known_name_is_a_hard_stop(world):
    world.start_server()
    link = world.owner_link()
    ana = world.join("ana", link)
    ana.close()
    world.stop_server()
    world.start_server(data="impostor")
    found = world.owner_link("impostor").split("/")[3]
    ana = world.open("ana")
    ana.sees("This is not the server you know")
    ana.sees(link.split("/")[3])
    ana.sees(found)
    world.picture("stop")
    ana.press("Read what was said")
    ana.sees("You entered the room")
    new = world.open("new", link, "--name", "new")
    new.sees("This is not the server you know")
    new.press("Back")
    new.sees("Join")


@scenario()
def what_stands_in_the_way_is_said_in_plain_words(world):
    world.start_server()
    link = world.owner_link()
    ana = world.open("ana")
    ana.sees("Take a seat: who are you, and where is the table?")
    for name, typed, said in [
        ("ana", "chat.example:7575", "is only an address"),
        ("ana", "hello", "This is not an invite link."),
        ("ana", link[:60], "This invite link is damaged or cut off."),
        ("a\u200bb", link, "This name has characters that a name can't have."),
        ("admin", link, "This name is kept for the server itself."),
        ("ana", link.rpartition("/")[0], "This server lets people in by invite only"),
        ("ana", link[:-26] + "a" * 26, "The server does not know this invite."),
    ]:
        ana.write("Your name", name)
        ana.write("Invite link", typed)
        ana.press("Join")
        ana.sees(said)
    once = world.invite("--uses", "1")
    world.join("beto", once)
    ana.write("Your name", "ana")
    ana.write("Invite link", once)
    ana.press("Join")
    ana.sees("This invite was used up")
    brief = world.invite("--expires", "1s")
    time.sleep(1.1)  # The server's clock is what is tested.
    ana.write("Invite link", brief)
    ana.press("Join")
    ana.sees("This invite has expired.")
    world.stop_server()
    ana.write("Invite link", link)
    ana.press("Join")
    said = screen.wait("a word on UDP", lambda: ana.find("UDP"))
    assert str(world.port) in said.get_name(), said.get_name()
    world.picture("no-server")


@scenario()
def a_damaged_profile_names_the_file_and_the_remedy(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.close()
    keys = [name for name in os.listdir(world.path("ana")) if "key" in name or "device" in name]
    assert keys, os.listdir(world.path("ana"))
    for name in keys:
        with open(world.path("ana", name), "w", encoding="utf-8") as file:
            file.write("nonsense")
    ana = world.open("ana")
    ana.sees("Your profile is damaged")
    ana.sees(world.path("ana"))
    world.picture("damaged")


@scenario()
def a_profile_of_a_newer_program_is_left_alone(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.close()
    with contextlib.closing(sqlite3.connect(world.path("ana", "outbox.db"))) as outbox:
        outbox.execute("UPDATE schema_version SET version = 99")
        outbox.commit()
    ana = world.open("ana")
    ana.sees("Your profile is of a newer Tertulia")
    ana.sees("outbox.db")
    world.picture("newer")


@scenario()
def closing_the_window_sends_what_waits_and_ends_with_0(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    ana.write("Message", "one last word")
    ana.key("Return", "ctrl+w")
    assert ana.ends() == 0
    beto.sees("one last word")
    beto.process.send_signal(signal.SIGTERM)
    assert beto.ends() == 0


@scenario()
def what_was_not_seen_is_counted_until_it_is(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    beto.press("Enter or make a room")
    beto.write("Name of the room", "garden")
    beto.press("Make it")
    beto.sees("#garden")
    beto.say("here I look elsewhere")
    ana.say("are you there?")
    ana.say("hello?")
    beto.sees("2 unread messages")
    world.picture("unread")
    beto.key("alt+Up")  # The liveliest room is the first.
    beto.sees("New messages")
    beto.sees_no_more("2 unread messages")


@scenario()
def one_window_per_profile(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    second = world.open("ana")
    assert second.ends() == 0
    frames = sum(node.get_role_name() == "frame" for node in ana.nodes())
    assert frames == 1, f"{frames} windows"


@scenario()
def rooms_are_made_entered_and_left(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    ana.press("Enter or make a room")
    ana.write("Name of the room", "Música")
    ana.press("Make it")
    ana.sees("#música")
    beto.press("Enter or make a room")
    beto.sees("#música")
    world.picture("dialog")
    beto.press("Enter")
    ana.sees("beto entered the room")
    beto.say("hello, music")
    ana.sees("hello, music")
    beto.press("Room menu")
    beto.press("Leave the Room…")
    beto.press("Leave")
    ana.sees("beto left the room")


def inside(programs, folder, pictures, name):
    """Runs a scenario in the desktop that is here."""
    world = World(programs, folder, pictures, name)
    try:
        with contextlib.closing(world):
            try:
                SCENARIOS[name][0](world)
            except BaseException:
                world.picture("failed")
                raise
    except BaseException:
        traceback.print_exc()
        for log in sorted(os.listdir(folder)):
            if log.endswith(".err"):
                with open(os.path.join(folder, log), encoding="utf-8") as file:
                    print(f"--- {log}\n{file.read()[-3000:]}", file=sys.stderr)
        return 1
    return 0


def run_all(options):
    passed, failed = 0, []
    for name in options.scenarios or SCENARIOS:
        size = SCENARIOS[name][1]
        with tempfile.TemporaryDirectory(prefix="tertulia-windows.") as folder:
            done = subprocess.run(
                [os.path.join(HERE, "..", "session"), "--size", size, sys.executable, "-B", __file__,
                 "--bin", options.bin, "--inside", folder, *pictures(options), name],
                capture_output=True, text=True, check=False)
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name}", flush=True)
        if done.returncode == 0:
            passed += 1
        else:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


def pictures(options):
    return ["--pictures", options.pictures] if options.pictures else []


def default_programs():
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "..", "..", "..", "target"))
    kinds = [os.path.join(target, kind) for kind in ("release", "debug")]
    built = [kind for kind in kinds if os.path.exists(os.path.join(kind, "tertulia"))]
    return max(built, key=lambda kind: os.path.getmtime(os.path.join(kind, "tertulia")), default=kinds[1])


def main():
    parser = argparse.ArgumentParser(prog="run-windows")
    parser.add_argument("--bin", default=default_programs(), help="folder of the built programs")
    parser.add_argument("--pictures", help="folder for pictures to look at")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    unknown = [name for name in options.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"no such scenario: {unknown[0]}; there are {', '.join(SCENARIOS)}")
    lacking = [name for name in ("tertulia", "tertulia-server")
               if not os.access(os.path.join(options.bin, name), os.X_OK)]
    if lacking:
        parser.error(f"{lacking[0]} is not in {options.bin}: build it, or say --bin DIR")
    if options.inside:
        return inside(options.bin, options.inside, options.pictures, options.scenarios[0])
    return run_all(options)


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    import screen
    sys.exit(main())
