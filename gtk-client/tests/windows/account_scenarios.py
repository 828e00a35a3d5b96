"""Scenarios of several accounts in one window."""

import contextlib
import os

import screen
from desktop_scenarios import Desk
from scenarios import scenario
from world import World


@contextlib.contextmanager
def another_server(world, name="club"):
    """A second server, with a world of its own in the same folder."""
    folder = world.path(name)
    os.makedirs(folder, exist_ok=True)
    other = World(world.programs, folder, world.pictures, f"{world.name}-{name}")
    other.start_server()
    try:
        yield other
    finally:
        other.close()


def add(window, link, name):
    """By the menu, as a person would who has one account."""
    window.press("Main menu")
    window.press("Add a Server or Account")
    window.sees("Back to your accounts")
    window.write("Invite link or address", link)
    window.write("Your name", name)
    window.press("Join")
    window.sees("You entered the room")


def where(world):
    return f"127.0.0.1:{world.port}"


def is_with(window, name, server):
    """This account is the one in sight."""
    window.sees(name)
    window.sees(where(server))


@scenario()
def two_servers_in_one_window_are_a_key_apart(world):
    world.start_server()
    with another_server(world) as club:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        club.type_alone("caro", "join", "--name", "Caro", club.owner_link())
        ana = world.join("ana", world.invite())
        assert not ana.find("Accounts"), "one account needs no list of them"
        ana.write("Message", "half a sentence")
        add(ana, club.invite(), "Ana del club")
        is_with(ana, "Ana del club", club)
        world.picture("second")
        # What comes to the account out of sight is counted at once.
        world.type_alone("beto", "send", "lobby", "are you coming?")
        ana.sees("one unread message elsewhere")
        ana.press("Accounts")
        ana.sees(f"ana, {where(world)}, connected, one unread message")
        ana.sees(f"Ana del club, {where(club)}, connected, in sight")
        world.picture("list")
        ana.press(f"ana, {where(world)}")
        ana.sees("are you coming?")
        ana.find("half a sentence", editable=True) or ana.sees("half a sentence")
        ana.say("on my way")
        ana.key("ctrl+2")
        is_with(ana, "Ana del club", club)
        club.type_alone("caro", "send", "lobby", "welcome to the club")
        ana.sees("welcome to the club")
        ana.say("glad to be here")
        # Both are there again, and the one that was in sight is.
        ana.key("ctrl+q")
        assert ana.ends() == 0
        ana = world.open("ana")
        ana.sees("glad to be here")
        is_with(ana, "Ana del club", club)
        ana.key("ctrl+1")
        ana.sees("on my way")
        # A room of either is found from the other.
        ana.key("ctrl+k")
        ana.write("A room or a person", f"lobby {club.port}")
        world.picture("switcher")
        ana.key("Return")
        ana.sees("glad to be here")


@scenario()
def notifications_say_which_server_they_are_of_and_lead_there(world):
    world.start_server()
    with another_server(world) as club, contextlib.closing(Desk(world, "plain")) as desk:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        club.type_alone("caro", "join", "--name", "Caro", club.owner_link())
        ana = world.join("ana", world.invite())
        world.type_alone("beto", "send", "lobby", "@ana nobody looks")
        ana.sees("@ana nobody looks")
        add(ana, club.invite(), "Ana")
        world.type_alone("beto", "send", "lobby", "@ana are you coming?")
        number = desk.sees(f"Beto in #lobby – {where(world)}", "@ana are you coming?")
        desk.click(number)
        ana.sees("@ana are you coming?")
        is_with(ana, "ana", world)
        ana.key("Shift_L")
        desk.sees_nothing()
        club.type_alone("caro", "dm", "ana", "and the club?")
        number = desk.sees(f"Caro – {where(club)}", "and the club?")
        desk.click(number)
        ana.sees("and the club?")
        ana.key("Shift_L")
        desk.sees_nothing()


@scenario()
def a_link_goes_to_the_account_of_its_server_or_to_the_way_in(world):
    world.start_server()
    with another_server(world) as club:
        ana = world.join("ana", world.owner_link())
        # Of a server that is not known: the way in, filled in, and nothing is joined unasked.
        world.open("ana", club.owner_link()).ends()
        ana.sees("Your seat is waiting. Who are you?")
        ana.sees(where(club))
        ana.press("Back to your accounts")
        ana.sees("You entered the room")
        # Where the name is given too, there is nothing to ask.
        world.open("ana", club.owner_link(), "--name", "Ana").ends()
        is_with(ana, "Ana", club)
        # Of a known one: its account comes into sight, and no invite is used.
        world.open("ana", world.invite("--uses", "1")).ends()
        is_with(ana, "ana", world)
        world.open("ana", club.invite()).ends()
        is_with(ana, "Ana", club)


@scenario()
def who_is_on_a_server_already_is_led_to_that_account(world):
    world.start_server()
    with another_server(world) as club:
        ana = world.join("ana", world.owner_link())
        add(ana, club.owner_link(), "Ana del club")
        ana.press("Main menu")
        ana.press("Add a Server or Account")
        ana.sees("Back to your accounts")
        ana.write("Invite link or address", world.invite())
        ana.write("Your name", "Ana")
        ana.press("Join")
        ana.sees("You are here already, as ana.")
        ana.sees("Join as “ana-2”")
        world.picture("here")
        ana.press("Go on as ana")
        is_with(ana, "ana", world)
        ana.sees("You entered the room")


@scenario()
def an_account_is_forgotten_only_after_a_question(world):
    world.start_server()
    with another_server(world) as club:
        ana = world.join("ana", world.owner_link())
        add(ana, club.owner_link(), "Ana")
        folder = world.path("ana", "accounts", "1")
        assert os.path.exists(os.path.join(folder, "device-key.pem"))
        ana.press("Main menu")
        ana.press("Forget This Account")
        ana.sees(f"Forget Ana on {where(club)}?")
        world.picture("question")
        ana.press("Keep It")
        ana.sees_no_more(f"Forget Ana on {where(club)}?")
        assert os.path.exists(os.path.join(folder, "device-key.pem"))
        ana.press("Main menu")
        ana.press("Forget This Account")
        ana.press("Forget")
        ana.sees_no_more("Accounts")
        ana.sees("You entered the room")
        screen.wait("the account's folder to go", lambda: not os.path.exists(folder))
        # The last one goes too, and its place is free.
        ana.press("Main menu")
        ana.press("Forget This Account")
        ana.press("Forget")
        ana.sees("Take a seat: who are you, and where is the table?")
        assert not os.path.exists(world.path("ana", "profile.json"))
        world.picture("empty")
        ana.write("Invite link or address", club.invite())
        ana.write("Your name", "Ana again")
        ana.press("Join")
        ana.sees("You entered the room")
        ana.key("ctrl+q")
        assert ana.ends() == 0


@scenario("360x640")
def several_accounts_in_a_narrow_window(world):
    world.start_server()
    with another_server(world) as club:
        ana = world.join("ana", world.owner_link(), ADW_DEBUG_COLOR_SCHEME="prefer-dark")
        ana.key("alt+Left")
        add(ana, club.owner_link(), "Ana del club")
        ana.key("alt+Left")
        ana.press("Accounts")
        world.picture("list")
        ana.press(f"ana, {where(world)}")
        # From a list to a list.
        is_with(ana, "ana", world)
        world.picture("rooms")
        ana.press("Accounts")
        ana.press("Add a server or account")
        ana.sees("Back to your accounts")
        world.picture("way-in")
        ana.key("Escape")
        is_with(ana, "ana", world)
