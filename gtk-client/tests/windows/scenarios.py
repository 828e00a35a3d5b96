"""The scenarios. What runs them: run.py."""

import contextlib
import os
import signal
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
    ana.fits(360)


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
def a_start_during_the_goodbye_brings_the_window_back(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.stop_server(signal.SIGKILL)
    ana.say("later, then")
    ana.sees("Waiting to be sent")
    ana.say("!exit")
    ana.sees("Sending a message that waits…")
    assert world.open("ana").ends() == 0
    ana.sees_no_more("Sending a message that waits…")
    ana.sees("later, then")
    ana.sees("Offline since")
    world.start_server()
    ana.sees("Sent")
    # Close to the end it is the old one that begins anew, or the new one that is there instead.
    for _ in range(3):
        ana.key("ctrl+q")
        ana.sees_no_more("Write a message")
        both = (ana, world.open("ana"))

        def alone():
            running = [one for one in both if one.process.poll() is None]
            return len(running) == 1 and running[0].find("Write a message") and running[0]
        ana = screen.wait("one window", alone)
    ana.key("ctrl+q")
    assert ana.ends() == 0


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
    beto.press("Make the Room")
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
    ana.press("Make the Room")
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
