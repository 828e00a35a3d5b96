"""Scenarios of files: sent, saved, opened, taken back, and over a link that ends meanwhile."""

import os
import random

import screen
from scenarios import scenario


def written(world, name, size):
    path = world.path(name)
    with open(path, "wb") as file:
        file.write(random.Random(name).randbytes(size))
    return path


def with_downloads(world, name):
    """What a window needs to know where files are saved, and where that is."""
    config, downloads = world.path(f"{name}-config"), world.path(f"{name}-downloads")
    os.makedirs(config, exist_ok=True)
    os.makedirs(downloads, exist_ok=True)
    with open(os.path.join(config, "user-dirs.dirs"), "w", encoding="utf-8") as file:
        file.write(f'XDG_DOWNLOAD_DIR="{downloads}"\n')
    return {"XDG_CONFIG_HOME": config}, downloads


def attach(window, path):
    """By the keyboard: the dialog, and the path written where "/" opens a place for it.

    Not typed: xdotool binds a key for an "ñ" just before it presses it, and where the machine is
    busy the window has not heard of that yet."""
    window.key("ctrl+shift+a")
    window.sees("Send files")
    screen.xdotool("key", "slash")
    window.write("/", path)
    screen.xdotool("key", "Return")
    window.sees_no_more("Send files")


def same(path, other):
    if not os.path.exists(path):
        return False
    with open(path, "rb") as one, open(other, "rb") as two:
        return one.read() == two.read()


@scenario()
def a_file_is_sent_saved_and_opened(world):
    world.start_server()
    told, downloads = with_downloads(world, "beto")
    programs = world.path("data", "applications")
    os.makedirs(programs)
    with open(os.path.join(programs, "reader.desktop"), "w", encoding="utf-8") as file:
        file.write("[Desktop Entry]\nType=Application\nName=Reader\n"
                   f"Exec=sh -c \"echo \\$0 >>{world.path('opened')}\" %u\nMimeType=application/pdf;\n")
    with open(os.path.join(programs, "mimeapps.list"), "w", encoding="utf-8") as file:
        file.write("[Default Applications]\napplication/pdf=reader.desktop\n")
    ana = world.join("ana", world.owner_link(), XDG_DATA_HOME=world.path("data"))
    beto = world.join("beto", world.invite(), XDG_DATA_HOME=world.path("data"), **told)
    path = written(world, "informe año.pdf", 300_000)
    attach(ana, path)
    ana.sees("File informe año.pdf, 300.0 kB")
    ana.sees("Sent")
    # What she sent lies where she took it from.
    assert not ana.find("Save the file")
    ana.press("Open the file")
    screen.wait("her own to be opened", lambda: os.path.exists(world.path("opened")))
    os.remove(world.path("opened"))
    beto.sees("File informe año.pdf, 300.0 kB")
    world.picture("came")
    beto.press("Save the file")
    beto.sees("300.0 kB · saved")
    assert same(os.path.join(downloads, "informe año.pdf"), path)
    world.picture("saved")
    beto.press("Open the file")
    screen.wait("the file to be opened", lambda: os.path.exists(world.path("opened")))
    # The same once more: nothing that is there is replaced.
    attach(ana, path)
    screen.wait("the second one", lambda: beto.count("informe año.pdf") == 2)
    beto.press("Save the file")
    screen.wait("another name", lambda: same(os.path.join(downloads, "informe año (2).pdf"), path))
    os.remove(path)
    ana.press("Open the file")
    ana.sees("The file is not there any more. It can be saved again.")
    ana.sees("Save the file")
    world.picture("gone")


@scenario()
def a_file_goes_on_after_the_server_was_away_and_can_be_taken_back(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.stop_server()
    ana.sees("Offline since")
    path = written(world, "large.bin", 3_000_000)
    attach(ana, path)
    ana.sees("Waits for the connection")
    world.picture("waits")
    attach(ana, written(world, "other.bin", 1_000))
    ana.sees("other.bin")
    ana.press_beside("Cancel the file", "other.bin")
    ana.sees_no_more("other.bin")
    world.start_server()
    ana.sees("File large.bin, 3.0 MB")
    screen.wait("it to be sent", lambda: ana.find("Sent"))
    assert ana.count("large.bin") == 1
    attach(ana, written(world, "empty", 0))
    ana.sees("File empty, 0 B")


@scenario()
def a_file_that_is_being_sent_goes_on_with_the_next_start(world):
    world.start_server()
    ana = world.join("ana", world.owner_link())
    world.stop_server()
    ana.sees("Offline since")
    path = written(world, "large.bin", 3_000_000)
    attach(ana, path)
    attach(ana, written(world, "gone.bin", 1_000))
    ana.sees("gone.bin")
    attach(ana, written(world, "unwanted.bin", 1_000))
    ana.sees("unwanted.bin")
    ana.press_beside("Cancel the file", "unwanted.bin")
    ana.sees_no_more("unwanted.bin")
    ana.close()
    os.remove(world.path("gone.bin"))
    ana = world.open("ana")
    ana.sees("large.bin")
    ana.sees("Waits for the connection")
    ana.sees("gone.bin")
    assert ana.count("unwanted.bin") == 0
    world.picture("goes on")
    world.start_server()
    ana.sees("File large.bin, 3.0 MB")
    screen.wait("it to be sent", lambda: ana.find("Sent"))
    assert ana.count("large.bin") == 1
    ana.sees("Try again")  # The other one is not there any more.
    ana.press("Discard")
    ana.sees_no_more("gone.bin")
    ana.close()
    ana = world.open("ana")
    ana.sees("File large.bin, 3.0 MB")
    assert ana.count("large.bin") == 1 and ana.count("gone.bin") == 0


@scenario(size="360x640")
def a_file_that_fails_says_why_in_a_narrow_window(world):
    world.start_server()
    ana = world.join("ana", world.owner_link(), ADW_DEBUG_COLOR_SCHEME="prefer-dark")
    path = written(world, "gone-tomorrow.bin", 1_000)
    world.stop_server()
    ana.sees("Offline since")
    attach(ana, path)
    ana.sees("gone-tomorrow.bin")
    with open(path, "wb") as file:
        file.write(b"shorter")
    world.start_server()
    ana.sees("Try again")
    world.picture("failed")
    ana.fits(360)
    ana.press("Discard")
    ana.sees_no_more("gone-tomorrow.bin")
