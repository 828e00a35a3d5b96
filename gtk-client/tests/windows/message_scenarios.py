"""Scenarios of single messages: answered, copied, taken back; what is told of them elsewhere."""

import contextlib
import json
import os
import re
import subprocess

import screen
from desktop_scenarios import Desk, wished
from scenarios import scenario


def menu_of(window, text):
    """Opens a message's menu with the pointer."""
    window.point_at(text, across=2 / 3)
    screen.xdotool("click", "3")
    window.sees("Copy Message")


def history(world):
    told = subprocess.run(
        [os.path.join(world.programs, "tertulia-cli"), "--profile", world.path("beto"), "--json", "history",
         "lobby"], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in told.splitlines()]


@scenario()
def an_answer_leads_back_to_what_it_answers(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
    ana = world.join("ana", world.invite())
    world.type_alone("beto", "send", "lobby", "who comes on Saturday?")
    ana.sees("who comes on Saturday?")
    ana.key("Shift_L")
    ana.point_at("who comes on Saturday?", across=2 / 3)
    ana.sees("What can be done with this message")
    world.picture("hover")
    ana.press("What can be done with this message")
    ana.sees("Copy Message")
    world.picture("menu")
    ana.press("Reply")
    ana.sees("Reply to Beto")
    world.picture("answering")
    ana.say("I do")
    ana.sees("Reply to Beto: who comes on Saturday?")
    ana.sees_no_more("Don’t reply")
    (seq,) = [line["seq"] for line in history(world) if line["text"] == "who comes on Saturday?"]
    assert history(world)[-1]["reply_to"] == seq
    # Far back, and not loaded: quoted all the same, and gone to.
    world.type_alone("beto", "send", "lobby", lines=[f"line {n} of many" for n in range(1, 501)])
    world.type_alone("beto", "reply", "lobby", str(seq), "and I")
    ana.close()
    ana = world.open("ana")
    ana.sees("Reply to Beto: who comes on Saturday?")
    ana.key("alt+End")
    screen.wait("the newest message", lambda: ana.count("and I"))
    assert not ana.count("I do"), "it is far away"
    world.picture("far")
    ana.press("Reply to Beto: who comes on Saturday?")
    ana.sees("I do")
    world.picture("gone-to")
    assert not ana.count("and I"), "it is far away"
    # Down again, page by page, without a gap.
    ana.scroll_down_to("and I")
    ana.press("Reply to Beto: who comes on Saturday?")
    ana.sees("I do")
    ana.key("alt+End")
    screen.wait("the newest message", lambda: ana.count("and I"))


@scenario()
def the_answered_message_is_chosen_by_keys(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
    ana = world.join("ana", world.invite())
    world.type_alone("beto", "send", "lobby", lines=["tea?", "or coffee?"])
    ana.sees("or coffee?")
    ana.key("ctrl+Up", "ctrl+Up")
    ana.sees("Reply to Beto")
    ana.key("y", "e", "s", "Escape")
    ana.sees_no_more("Reply to Beto")
    ana.key("ctrl+Up", "ctrl+Up", "Return")
    ana.sees("Reply to Beto: tea?")
    ana.sees("Sent")


@scenario()
def several_messages_are_copied_together(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
    ana = world.join("ana", world.invite())
    world.type_alone("beto", "send", "lobby", lines=["one of three", "two of three", "three of three"])
    ana.sees("three of three")
    ana.key("Shift_L")
    menu_of(ana, "one of three")
    screen.xdotool("key", "Up", "Return")  # Its last entry: Select Messages.
    ana.sees("One message selected")
    # The first click after a menu was used without the pointer is lost in GTK 4.8.
    ana.point_at("You entered the room", across=2 / 3)
    screen.xdotool("click", "1")
    ana.point_at("three of three", across=2 / 3)
    screen.xdotool("keydown", "Shift_L", "click", "1", "keyup", "Shift_L")
    ana.sees("3 messages selected")
    world.picture("selected")
    ana.point_at("two of three", across=2 / 3)
    screen.xdotool("click", "1")
    ana.sees("2 messages selected")
    ana.key("Escape")
    ana.sees_no_more("messages selected")
    # Further by keys, with checks as a screen reader names them.
    ana.point_at("two of three", across=2 / 3)
    screen.xdotool("keydown", "Control_L", "click", "1", "keyup", "Control_L")
    ana.sees("One message selected")
    assert ana.find("Select this message").get_role_name() == "check box"
    ana.key("Up", "space")
    ana.sees("2 messages selected")
    ana.key("ctrl+c")
    ana.sees("2 messages were copied.")
    ana.key("ctrl+v")

    def pasted():
        box = ana.find("Message", editable=True)
        return box and screen.content(box).splitlines()
    lines = screen.wait("the lines", pasted)
    said = [re.fullmatch(r"\d{4}-\d\d-\d\d .+ Beto: (\w+) of three", line) for line in lines]
    assert [one and one.group(1) for one in said] == ["one", "two"], lines


@scenario()
def what_waits_is_taken_back_by_keys(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.say("the first")
    ana.sees("Sent")
    world.stop_server()
    ana.sees("Offline since")
    ana.say("rather not")
    ana.sees("Waiting to be sent")
    on_messages(ana)
    ana.key("Menu")
    ana.sees("Cancel Sending")
    world.picture("menu")
    ana.press("Cancel Sending")
    ana.sees_no_more("rather not")
    ana.sees("the first")
    on_messages(ana)
    ana.key("Return")
    ana.sees("Copy Message")
    ana.key("Escape")
    ana.sees_no_more("Copy Message")
    ana.key("ctrl+c")
    ana.sees("The message was copied.")


def on_messages(window):
    """From the composer into the list, to its newest message."""
    window.key("Escape")
    screen.wait("the composer to have the focus", lambda: window.focused().get_role_name() == "text")
    window.key("F6")
    screen.wait("a message to have the focus", lambda: window.focused().get_role_name() == "list item")


@scenario(size="360x640")
def a_message_s_menu_and_its_answer_fit_a_narrow_window(world):
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto de la Concepción Fernández", world.owner_link())
    ana = world.join("ana", world.invite(), ADW_DEBUG_COLOR_SCHEME="prefer-dark")
    long = "a question that is quite long, so that it does not fit on one line here: https://example.org/a"
    world.type_alone("beto", "send", "lobby", long)
    ana.sees(long)
    ana.key("ctrl+Up")
    ana.sees("Reply to Beto de la Concepción Fernández")
    ana.say("an answer that is just as long as the question, if not longer than that")
    ana.sees("Sent")
    world.picture("answered")
    ana.fits(360)
    on_messages(ana)
    ana.key("Up")
    ana.key("Menu")
    ana.sees("Copy Link to example.org")
    world.picture("menu")
    ana.press("Select Messages")
    ana.sees("One message selected")
    world.picture("selected")
    ana.fits(360)


@scenario()
def a_notification_is_heard_and_replied_to_where_the_desktop_can(world):
    world.start_server()
    with contextlib.closing(Desk(world, "reply", "sound", "badge")) as desk:
        world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
        ana = world.join("ana", world.invite())
        ana.press("Main menu")
        world.picture("menu")
        ana.press("Keep Running When Closed")
        wished(world, '"keep_running": true')
        ana.key("ctrl+w")
        screen.wait("the window to go", lambda: not ana.find("Message"))
        world.type_alone("beto", "send", "lobby", "nothing that concerns her")
        world.type_alone("beto", "send", "lobby", "@ana will you come?")
        number = desk.sees("Beto in #lobby", "@ana will you come?")
        desk.sees_badge(1)
        told = desk.shown()[number]
        assert told["sound"] == "message-new-instant" and "inline-reply" in told["actions"], told
        desk.reply(number, "I will")
        desk.sees_nothing()
        desk.sees_badge(0)
        screen.wait("the reply", lambda: history(world)[-1]["text"] == "I will")
        said = {line["text"]: line for line in history(world)}
        assert said["I will"]["reply_to"] == said["@ana will you come?"]["seq"]
        ana = world.open("ana")
        assert ana.ends() == 0
        ana = world.windows[0]
        ana.sees("I will")
        ana.press("Main menu")
        ana.press("Notification Sound")
        wished(world, '"silent": true')
        ana.key("ctrl+w")
        screen.wait("the window to go", lambda: not ana.find("Message"))
        world.type_alone("beto", "send", "@ana", "one")
        world.type_alone("beto", "send", "@ana", "two")
        number = desk.sees("Beto", "two")
        assert desk.shown()[number]["sound"] is None
        desk.sees_badge(2)
        desk.click(number)
        ana.sees("two")
        ana.key("Shift_L")
        desk.sees_nothing()
        desk.sees_badge(0)
