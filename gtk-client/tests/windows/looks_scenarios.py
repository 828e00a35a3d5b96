"""The look of the window: what a person chooses shows at once and is there the next time."""

import json
import os
import shutil
import subprocess

import screen
from scenarios import scenario

SEA = 'name = "Sea"\n[dark]\nwindow_bg = "#{colour}"\nview_bg = "#{colour}"\nwindow_fg = "#ffffff"\n'


def kept(world, window):
    """What of the look is on the disk."""
    path = f"{world.path(window)}.config/tertulia/appearance.json"
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def keeps(world, window, **wished):
    screen.wait(f"{wished} to be kept", lambda: wished.items() <= kept(world, window).items())


def write_theme(world, window, text):
    """Puts a theme among the person's own, as an editor does: beside, then in place."""
    folder = f"{world.path(window)}.config/tertulia/themes"
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "sea.toml")
    with open(f"{path}~", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}~", path)


def shows_colour(colour):
    """A colour covers much of the screen."""
    def covered():
        points = subprocess.run(
            ["import", "-silent", "-window", "root", "-depth", "8", "rgb:-"],
            capture_output=True, check=True).stdout
        return points.count(bytes.fromhex(colour)) > len(points) / 3 * 0.2
    assert shutil.which("import"), "imagemagick looks at the screen"
    screen.wait(f"#{colour} on the screen", covered)


def checked(window, name):
    """Whether what has this name is chosen."""
    def on():
        return any(
            node.get_name() == name and any(
                screen.is_on(node, state)
                for state in (screen.Atspi.StateType.CHECKED, screen.Atspi.StateType.PRESSED))
            for node in window.nodes())
    screen.wait(f"{name!r} to be chosen", on)


def extents(window, text):
    return window.sees(text).get_component_iface().get_extents(screen.Atspi.CoordType.WINDOW)


@scenario()
def the_look_is_changed_by_pointer_and_keys_and_comes_back(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.say("mine")
    ana.sees("Sent")
    bubble = extents(ana, "mine").x
    ana.key("ctrl+comma")
    ana.press("Lines")
    keeps(world, "ana-0", messages="lines")
    ana.press("Compact")
    keeps(world, "ana-0", density="compact")
    ana.press("Larger text")
    keeps(world, "ana-0", text_size=110)
    ana.press("Larger text")
    keeps(world, "ana-0", text_size=120)
    ana.sees("120 %")
    world.picture("appearance")
    ana.key("Escape")
    ana.sees_no_more("120 %")
    world.picture("lines")
    screen.wait("a line rather than a bubble", lambda: extents(ana, "mine").x < bubble - 200)
    ana.key("ctrl+plus")
    keeps(world, "ana-0", text_size=130)
    ana.key("ctrl+minus", "ctrl+minus")
    keeps(world, "ana-0", text_size=110)
    ana.key("ctrl+0")
    keeps(world, "ana-0", text_size=100)
    # Keys alone: to the density, which is the one beside, and back.
    ana.key("ctrl+comma")
    checked(ana, "Lines")
    checked(ana, "Compact")
    for _ in range(20):
        if ana.focused().get_name() == "Bubbles":
            break
        ana.key("Tab")
    else:
        raise screen.Failure("the Tab key leads nowhere")
    ana.key("space")
    keeps(world, "ana-0", messages="bubbles")
    ana.key("Escape")
    screen.wait("a bubble again", lambda: extents(ana, "mine").x > bubble - 60)


@scenario()
def a_theme_is_chosen_edited_and_mended_while_one_looks(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.key("ctrl+comma")
    ana.press("Forest")
    keeps(world, "ana-0", theme="forest")
    checked(ana, "Forest")
    ana.sees("The theme brings its own.")
    world.picture("forest")
    write_theme(world, "ana-0", SEA.format(colour="103050"))
    ana.press("Sea")
    keeps(world, "ana-0", theme="sea")
    ana.sees("This theme is dark only.")
    shows_colour("103050")
    write_theme(world, "ana-0", SEA.format(colour="502030"))
    shows_colour("502030")
    write_theme(world, "ana-0", SEA.format(colour="50203"))
    ana.sees("Line 3: “#50203” is not a colour. One is written like \"#1a5fb4\".")
    shows_colour("502030")
    write_theme(world, "ana-0", SEA.format(colour="205030"))
    ana.sees_no_more("is not a colour")
    shows_colour("205030")
    world.picture("mended")


@scenario()
def a_theme_goes_out_to_a_file_and_comes_in_from_one(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.key("ctrl+comma")
    ana.press("High contrast")
    keeps(world, "ana-0", theme="high-contrast")
    checked(ana, "High contrast")
    world.picture("high-contrast")
    ana.press("Export…")
    ana.sees("Export the theme")
    out = world.path("mine.toml")
    screen.wait("the name to be there", lambda: ana.find("high-contrast.toml", editable=True))
    screen.xdotool("key", "ctrl+a")
    screen.xdotool("type", out)
    world.picture("export")
    screen.xdotool("key", "Return")
    screen.wait("the file to be written", lambda: os.path.exists(out) and os.path.getsize(out) > 500)
    ana.sees_no_more("Export the theme")
    with open(out, encoding="utf-8") as file:
        text = file.read()
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace('"High contrast"', '"Mine"'))
    ana.press("Import…")
    ana.sees("Import a theme")

    def is_typed():
        # Keys go to the window that has the focus by then.
        for keys in (("key", "ctrl+l"), ("key", "ctrl+a"), ("type", out)):
            screen.xdotool(*keys)
        return ana.find(out, editable=True)

    screen.wait("the path to be there", is_typed)
    world.picture("import")
    screen.xdotool("key", "Return")
    keeps(world, "ana-0", theme="mine")
    checked(ana, "Mine")


@scenario(size="360x640")
def a_telephone_has_room_for_the_largest_text(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    ana.say("does this fit?")
    ana.sees("Sent")
    for _ in range(10):
        ana.key("ctrl+plus")
    keeps(world, "ana-0", text_size=200)
    world.picture("chat")
    ana.press("Back to the rooms")
    world.picture("list")
    ana.key("ctrl+comma")
    ana.sees("200 %")
    world.picture("appearance")
    ana.fits(360)


@scenario()
def a_right_to_left_desktop_mirrors_the_window(world):
    # A locale of Hebrew, for GTK to take its direction from.
    locales = world.path("locales")
    os.makedirs(locales)
    subprocess.run(["localedef", "-i", "he_IL", "-f", "UTF-8", os.path.join(locales, "he_IL.UTF-8")],
                   check=True, capture_output=True)
    world.start_server()
    ana = world.join("ana", world.owner_link(), LOCPATH=locales, LC_ALL="he_IL.UTF-8")
    ana.say("שלום")
    ana.sees("Sent")
    world.picture("chat")
    assert extents(ana, "Rooms").x > 640, "the list of rooms is at the right"
    assert extents(ana, "שלום").x < 640, "one's own messages are at the left"


@scenario()
def german_and_french(world):
    world.start_server()
    ana = world.open("ana", world.owner_link(), LANGUAGE="de")
    ana.sees("Dein Platz wartet. Wer bist du?")
    ana.write("Dein Name", "Ana")
    ana.press("Beitreten")
    ana.sees("Du hast den Raum betreten")
    world.picture("german")
    ana.close()
    ana = world.open("ana", LANGUAGE="fr")
    ana.sees("Vous êtes entré dans le salon")
    ana.sees("1 membre")
    ana.write("Message", "!users")
    ana.press("Envoyer")
    ana.sees("1 personne est connectée")
    world.picture("french")
