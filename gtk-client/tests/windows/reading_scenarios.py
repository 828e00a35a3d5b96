"""Scenarios of reading and writing: what is new, what was begun, the way from room to room."""

import os

import screen
from room_scenarios import make_room
from scenarios import scenario


@scenario()
def what_is_new_is_told_apart_and_gone_to(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "beto", world.owner_link())
    ana = world.join("ana", world.invite())
    make_room(ana, "garden")
    world.type_alone("beto", "send", "lobby", lines=[f"line {n} of many" for n in range(1, 131)])
    ana.sees("#lobby, 130 unread messages")
    ana.key("alt+Up")
    ana.sees("line 130 of many")
    ana.sees("130 new messages")
    world.picture("pill")
    ana.press("130 new messages")
    ana.sees("New messages")
    ana.sees("line 1 of many")
    ana.sees_no_more("130 new messages")
    world.picture("line")
    ana.key("alt+End")
    ana.sees("line 130 of many")
    assert not ana.find("130 new messages"), "it was seen"
    ana.say("I have read it all")
    ana.sees("I have read it all")
    ana.key("alt+Home")
    ana.sees_no_more("New messages")


@scenario()
def what_was_begun_stays_with_its_room_over_a_restart(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.write("Message", "a thought for the lobby")
    make_room(ana, "garden")
    ana.sees("Draft: a thought for the lobby")
    ana.sees("#lobby, with a draft")
    ana.write("Message", "and one for the garden")
    world.picture("drafts")
    ana.close()
    again = world.open("ana")
    drafts = {"#lobby": "a thought for the lobby", "#garden": "and one for the garden"}

    def begun():
        box = again.find("Message", editable=True)
        return next((room for room, text in drafts.items() if box and screen.content(box) == text), None)
    here = screen.wait("what was begun in the box", begun)
    there = next(room for room in drafts if room != here)
    again.sees(f"Draft: {drafts[there]}")
    again.say(drafts[here])
    again.sees("Sent")
    assert not again.find(f"Draft: {drafts[here]}")
    again.key("alt+Down")
    screen.wait("the other room's text in the box", lambda: begun() == there)
    again.sees_no_more("with a draft")


@scenario()
def a_few_letters_lead_to_a_room_or_a_person(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.join("Beto", world.invite())
    ana.sees("Beto entered the room")
    make_room(ana, "garden")
    make_room(ana, "music")
    ana.key("ctrl+k")
    ana.sees("A room or a person")
    world.picture("all")
    ana.write("A room or a person", "gar")
    screen.wait("one row", lambda: not ana.find("write to them"))
    ana.key("Return")
    ana.sees_no_more("A room or a person")
    ana.say("in the garden")
    ana.sees("#garden")
    ana.key("ctrl+k")
    ana.write("A room or a person", "bet")
    ana.sees("@beto · write to them")
    world.picture("person")
    ana.key("Return")
    ana.sees("@beto")
    ana.sees_no_more("A room or a person")
    ana.key("ctrl+k")
    ana.sees("A room or a person")
    ana.key("Escape")
    ana.sees_no_more("A room or a person")
    ana.say("the letter is for you")
    ana.sees("Sent")


@scenario(size="360x640")
def the_way_to_a_room_fits_a_narrow_window(world):
    world.start_server()
    ana = world.join("ana", world.owner_link(), ADW_DEBUG_COLOR_SCHEME="prefer-dark")
    make_room(ana, "a-room-with-quite-a-long-name-ok")
    world.type_alone("beto", "join", "--name", "Beto de la Concepción Fernández", world.invite())
    ana.write("Message", "half a thought that is too long for one line of the list of rooms")
    ana.press("Back to the rooms")
    ana.press("Go to a room or a person")
    ana.sees("A room or a person")
    world.picture("all")
    ana.fits(360)
    ana.key("Down", "Up", "Return")
    ana.sees_no_more("A room or a person")
    ana.press("Back to the rooms")
    ana.sees("Draft: half a thought")
    world.picture("draft")
    ana.fits(360)


@scenario()
def a_name_and_an_emoji_are_completed_while_one_types(world):
    world.start_server()
    world.type_alone("ana", "join", "--name", "Ana María", world.owner_link())
    beto = world.join("Beto", world.invite())
    beto.sees("Ana María")
    beto.key("h", "i", "space", "at", "m", "a", "r")
    beto.sees("@ana.maría")
    world.picture("name")
    beto.key("Tab")
    beto.sees("hi @ana.maría ")
    beto.key("colon", "t", "a", "d")
    beto.sees(":tada:")
    world.picture("emoji")
    beto.key("Escape")
    beto.sees_no_more(":tada:")
    beto.key("a", "colon")
    beto.sees("hi @ana.maría 🎉")
    beto.key("colon", "h", "e", "a", "r", "t")
    beto.sees(":heart:")
    beto.key("Down", "Up", "Return")
    beto.sees("hi @ana.maría 🎉❤️")
    beto.key("Return")
    beto.sees("Sent")
    world.picture("sent")


@scenario()
def a_link_opens_and_one_that_deceives_asks_first(world):
    world.start_server()
    opened = browser(world)
    ana = world.join("ana", world.owner_link(), XDG_DATA_HOME=world.path("data"))
    world.type_alone("beto", "join", "--name", "beto", world.invite())
    ana.key("Shift_L")
    world.type_alone("beto", "send", "lobby", "look at https://example.org/page.")
    ana.point_at("look at https://example.org/page.", across=2 / 3)
    ana.sees("Leads to example.org")
    world.picture("link")
    screen.xdotool("click", "1")
    screen.wait("the page to be opened", lambda: opened() == "https://example.org/page\n")
    world.type_alone("beto", "send", "lobby", "or https://bank.example@evil.example/x")
    ana.point_at("or https://bank.example@evil.example/x", across=2 / 3)
    ana.sees("Leads to evil.example")
    screen.xdotool("click", "1")
    ana.sees("Open evil.example?")
    world.picture("asked")
    assert "evil" not in opened()
    ana.press("Stay")
    ana.sees_no_more("Open evil.example?")
    ana.key("Return")  # By keyboard: the text has the focus since the click.
    ana.sees("Open evil.example?")
    ana.press("Open")
    screen.wait("the page to be opened", lambda: "https://bank.example@evil.example/x\n" in opened())


def browser(world):
    """A program that writes down what it is to open; the function reads it."""
    folder, log = world.path("data", "applications"), world.path("opened")
    os.makedirs(folder)
    with open(os.path.join(folder, "browser.desktop"), "w", encoding="utf-8") as file:
        file.write(f"[Desktop Entry]\nType=Application\nName=Browser\nExec=sh -c \"echo \\$0 >>{log}\" %u\n"
                   "MimeType=x-scheme-handler/http;x-scheme-handler/https;\n")
    with open(os.path.join(folder, "mimeapps.list"), "w", encoding="utf-8") as file:
        file.write("[Default Applications]\nx-scheme-handler/http=browser.desktop\n"
                   "x-scheme-handler/https=browser.desktop\n")

    def opened():
        if not os.path.exists(log):
            return ""
        with open(log, encoding="utf-8") as file:
            return file.read()
    return opened
