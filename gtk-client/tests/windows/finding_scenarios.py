"""Scenarios of finding an old message."""

import screen
from room_scenarios import make_room
from scenarios import scenario


def old_room(world):
    """A room in which much was said after what is looked for, and a window that has little of it."""
    world.start_server()
    world.type_alone("beto", "join", "--name", "Beto", world.owner_link())
    lines = [f"line {n} of many" for n in range(1, 701)]
    lines[9] = "the RÉCIPE for grandmother's soup"
    lines[690] = "the recipe is old, ask Caro"
    world.type_alone("beto", "send", "lobby", lines=lines)
    return world.join("ana", world.invite())


@scenario()
def an_old_message_is_found_and_gone_to(world):
    ana = old_room(world)
    ana.sees("line 700 of many")
    ana.key("ctrl+f")
    ana.write("Search in this room", "Recipe")
    ana.sees("1 of 1")
    ana.sees("Looked back to: Today")
    world.picture("near")
    ana.press("Search Further Back")
    ana.sees("the RÉCIPE for grandmother's soup")
    ana.sees("2 of 2")
    world.picture("far")
    ana.key("shift+Return")
    ana.sees("the recipe is old, ask Caro")
    ana.sees("1 of 2")
    ana.key("Return", "Return")
    ana.sees("2 of 2")
    ana.sees("The whole room was looked through")
    ana.key("Escape")
    ana.sees_no_more("2 of 2")
    screen.wait("the composer to have the focus", lambda: ana.focused().get_name() == "Message")
    # By the menu, and for what nobody said.
    ana.press("Room menu")
    ana.press("Search in the Room")
    ana.write("Search in this room", "nobody said so")
    ana.sees("Nothing found")
    ana.key("Escape")
    # Whoever looks for it where rooms are found is led there.
    ana.key("ctrl+k")
    ana.write("A room or a person", "grandmother")
    ana.sees("Search messages for “grandmother”")
    world.picture("offered")
    ana.key("Return")
    ana.sees("1 of 1")
    ana.sees("the RÉCIPE for grandmother's soup")


@scenario(size="360x640")
def the_search_fits_a_narrow_window_and_says_what_it_needs(world):
    ana = old_room(world)
    ana.sees("line 700 of many")
    world.stop_server()
    ana.sees("Offline since")
    ana.key("ctrl+f")
    ana.write("Search in this room", "soup")
    ana.sees("Nothing found. Looked back to: Today")
    ana.press("Search Further Back")
    ana.sees("This needs a connection to the server.")
    world.picture("offline")
    ana.fits(360)
    ana.key("Escape")
    ana.sees_no_more("Nothing found")


@scenario()
def what_was_not_in_one_room_is_looked_for_in_the_next(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.say("the saxophone is in the cellar")
    make_room(ana, "garden")
    ana.key("ctrl+f")
    ana.write("Search in this room", "saxophone")
    ana.sees("Nothing found")
    ana.key("Escape")
    ana.key("alt+Up")
    ana.sees_no_more("#garden is made")
    ana.key("ctrl+f")
    ana.sees("1 of 1")
