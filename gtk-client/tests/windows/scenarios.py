"""The scenarios. What runs them: run.py."""

import contextlib
import os
import signal
import socket
import sqlite3
import time

import screen

SCENARIOS = {}


def scenario(size="1280x800"):
    def add(run):
        SCENARIOS[run.__name__] = (run, size)
        return run
    return add


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
    path = f"{world.path('Ana María-0')}.config/tertulia/appearance.json"
    def kept():
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
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
        ("ana", "no-such-host.invalid:7575", "There is no server called no-such-host.invalid"),
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


@contextlib.contextmanager
def silence(port=0):
    """A port that takes everything and says nothing, as behind a firewall."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", port))
        yield silent.getsockname()[1]


@scenario()
def a_silent_server_is_named_while_one_waits(world):
    world.start_server()
    link = world.owner_link()
    with silence() as port:
        hint = f"UDP port {port} open in its firewall (sudo ufw allow {port}/udp)"
        for name, to in [("ana", link.replace(f":{world.port}/", f":{port}/")), ("beto", f"127.0.0.1:{port}")]:
            window = world.open(name)
            window.write("Your name", name)
            window.write("Invite link or address", to)
            window.press("Join")
            window.sees(hint)
            window.sees(f"No answer from 127.0.0.1:{port} yet.")
            window.sees("Joining…" if name == "ana" else "Looking…")
            world.picture(f"silent-{name}")
    window.sees(f"Nothing listens at 127.0.0.1:{port}")
    world.join("caro", link).close()
    world.stop_server()
    with silence(world.port):
        caro = world.open("caro")
        caro.sees(f"No answer from 127.0.0.1:{world.port} yet.")
        caro.sees(f"(sudo ufw allow {world.port}/udp)")
        world.picture("silent-strip")
    world.start_server()
    caro.sees_no_more("Offline since")
    caro.sees_no_more("No answer")


@scenario(size="360x640")
def a_silent_server_in_spanish(world):
    with silence() as port:
        ana = world.open("ana", LANGUAGE="es")
        ana.write("Tu nombre", "Ana María")
        ana.write("Enlace de invitación", f"127.0.0.1:{port}")
        ana.press("Entrar")
        ana.sees(f"127.0.0.1:{port} aún no responde.")
        ana.sees(f"sudo ufw allow {port}/udp")
        world.picture("silent")


@scenario()
def without_a_link_the_words_are_compared_before_anything_is_kept(world):
    world.start_server(more=["--registration", "open"])
    words = world.words()
    assert len(words.split()) == 8, words
    ana = world.open("ana")
    ana.write("Your name", "Ana María")
    ana.write("Invite link or address", f"127.0.0.1:{world.port}")
    ana.key("Return")
    ana.sees(words)
    ana.sees(f"Compare these words with the owner of 127.0.0.1:{world.port}")
    world.picture("words")
    assert not os.path.exists(world.path("ana", "profile.json")), "nothing is trusted silently"
    ana.press("The words match: join")
    ana.sees("You entered the room")
    assert os.path.exists(world.path("ana", "profile.json"))
    ana.close()
    world.open("ana").sees("Ana María")

    world.stop_server()
    world.start_server(more=["--registration", "invite"])
    beto = world.open("beto")
    beto.write("Invite link or address", f"127.0.0.1:{world.port}")
    beto.write("Your name", "beto")
    beto.press("Join")
    beto.sees(f"127.0.0.1:{world.port} lets people in by invitation only.")
    assert not beto.find("Compare these words")
    world.picture("invitation")


def has_multicast():
    """Whether a packet to everybody on the network comes back here at all."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        try:
            group = socket.inet_aton("224.0.0.251")
            one.bind(("", 0))
            one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + socket.inet_aton("0.0.0.0"))
            one.settimeout(2)
            one.sendto(b"anybody?", ("224.0.0.251", one.getsockname()[1]))
            heard, sender = one.recvfrom(16)
            return heard == b"anybody?" and not sender[0].startswith("127.")
        except OSError:
            return False


@scenario()
def a_server_nearby_is_a_click_and_a_name(world):
    if not has_multicast():
        print("skipped: no multicast on this machine's network")
        return
    world.start_server(listen="0.0.0.0", more=["--registration", "open"])
    ana = world.open("ana", LANGUAGE="es")
    ana.sees("Cerca de aquí")
    ana.sees(f":{world.port}, abierto a cualquiera")
    ana.press_beside("Elegir", f":{world.port}, abierto a cualquiera")
    ana.sees(world.words())
    world.picture("nearby")
    ana.write("Tu nombre", "Ana María")
    ana.press("Las palabras coinciden: entrar")
    ana.sees("Has entrado en la sala")
    beto = world.open("beto")
    beto.sees(f":{world.port}, open to all")
    world.stop_server()
    beto.sees_no_more(f":{world.port}, open to all")


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


@scenario()
def a_refused_message_is_sent_again_or_discarded(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    world.stop_server(signal.SIGKILL)
    ana.say("once more")
    ana.say("never mind")
    screen.wait("both to wait", lambda: ana.count("once more") + ana.count("never mind") == 2)
    ana.sees("Waiting to be sent")
    ana.close()
    with contextlib.closing(sqlite3.connect(world.path("ana", "outbox.db"))) as outbox:
        # As if the server had said that the role does not allow this.
        outbox.execute("UPDATE outbox SET refusal = 3")
        outbox.commit()
    ana = world.open("ana")
    ana.sees("Not sent. Your role does not allow this.")
    world.picture("refused")
    world.start_server()
    ana.sees_no_more("Offline since")
    ana.press_beside("Discard", "never mind")
    ana.sees_no_more("never mind")
    ana.press("Try again")
    beto.sees("once more")
    ana.sees_no_more("Not sent. Your role does not allow this.")
    assert not beto.find("never mind")


@scenario()
def others_see_an_exit_at_once(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    beto = world.join("beto", world.invite())
    ana.sees("2 are here")
    beto.say("!exit")
    assert beto.ends() == 0
    # At once, not when the silence has lasted long enough to be noticed. Looking at a window
    # over accessibility takes up to a second itself on a busy machine.
    began = time.monotonic()
    ana.sees("one is here")
    assert time.monotonic() - began < 3
    ana.sees("2 members")


@scenario()
def older_messages_come_as_one_scrolls_up(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "beto", world.owner_link())
    world.type_alone("beto", "send", "lobby", lines=[f"message {number}" for number in range(150)])
    ana = world.join("ana", world.invite())
    ana.sees("message 149")
    assert not ana.find("message 20"), "only what is near is loaded"
    ana.scroll_up_to("message 0")
    world.picture("top")
    # Where one reads, it stays while others write.
    world.type_alone("beto", "send", "lobby", "something new")
    ana.sees("one unread message")
    ana.sees("message 0")
    ana.press("Go to the newest message")
    ana.sees("something new")
    ana.sees_no_more("one unread message")


@scenario(size="360x640")
def a_long_message_is_folded_and_can_be_read(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    text = " ".join(f"word{number}" for number in range(1_500))
    world.type_alone("beto", "join", "--name", "beto", world.invite())
    world.type_alone("beto", "send", "lobby", text)
    ana.press("Read it all")
    ana.sees("word1499")
    world.picture("whole")
    ana.key("Escape")
    ana.sees_no_more("word1499")
    ana.say("/nonsense", kept=True)
    ana.sees("There is no /nonsense here. /help tells what there is.")
    world.picture("toast")
