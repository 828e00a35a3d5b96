"""Scenarios of the way in: names, invites, other servers, none at all, one nearby."""

import contextlib
import os
import socket
import time

import screen
from scenarios import scenario


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
        caro.sees("What you write waits here and is sent by itself.")
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
