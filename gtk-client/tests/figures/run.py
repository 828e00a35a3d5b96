"""Figures of the window on a screen that is drawn without a graphics card. Prints one line each."""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time

import others
from eye import Eye
from house import House

# Within a window of the usual size in the middle of 1280x800.
# Narrow: to look takes CPU too.
MESSAGES = (450, 150, 10, 480)
NEWEST = (600, 600, 280, 60)
COMPOSER = (395, 715, 345, 30)
# Pixels of text where messages are, and none where they are not yet.
INK = 300


def say(what, value, unit, wanted=""):
    print(f"{what:58} {value:8.1f} {unit:5} {wanted}", flush=True)


def start(eye, open_program, is_there):
    """Exec to what one waits for, in ms; the program goes on."""
    program = open_program()
    there = eye.until("the window", lambda: is_there() or program.process.poll() is not None)
    if program.process.poll() is not None:
        sys.exit("it ended")
    return program, (there - program.begun) * 1_000


def starts(eye, times, open_program, is_there):
    """The same several times; a list of ms."""
    taken = []
    for _ in range(times):
        program, ms = start(eye, open_program, is_there)
        taken.append(ms)
        eye.rest(0.5)
        program.close()
        eye.until("the window to go", lambda: eye.ink(MESSAGES) == 0 and not any(eye.pixels((600, 400, 4, 4))[:3]))
    return taken


def spread(taken):
    return f"(of {len(taken)}: {min(taken):.0f} to {max(taken):.0f})"


def of_start(eye, house, options):
    mapped = lambda: any(eye.pixels((600, 400, 1, 1))[:3])  # noqa: E731
    empty = starts(eye, options.starts, house.empty_window, mapped)
    full = starts(eye, options.starts, house.window, lambda: eye.ink(MESSAGES) > INK)
    say("exec to an empty window of the toolkit", statistics.median(empty), "ms", spread(empty))
    say("exec to the last room's messages on screen", statistics.median(full), "ms", f"200 {spread(full)}")
    say("  as a multiple of the empty window", statistics.median(full) / statistics.median(empty), "")


def of_memory(window):
    time.sleep(6)  # What is done once after the start is over then.
    say("PSS, idle", window.memory_mb(), "MB", "100")
    say("RSS, idle", window.memory_mb("Rss"), "MB")
    before = window.cpu_ms()
    time.sleep(10)
    say("CPU of ten idle seconds", window.cpu_ms() - before, "ms")


def of_sending(eye):
    taken = []
    for n in range(20):
        for letter in f"ok{n}":
            eye.press(letter)
        eye.rest()
        before = eye.print_of(NEWEST)
        begun = time.monotonic()
        eye.press("Return")
        taken.append((eye.until("one's own message", lambda: eye.print_of(NEWEST) != before) - begun) * 1_000)
        eye.rest(0.3)
    say("Enter to one's own message on screen, median", statistics.median(taken), "ms", f"next frame {spread(taken)}")


def of_switching(eye, window):
    def once(key):
        eye.press("Alt_L", key)
        eye.rest(0.25)
    before = window.cpu_ms()
    once("Down")
    say("CPU of a switch to a room for the first time", window.cpu_ms() - before, "ms", "130")
    before = window.cpu_ms()
    for _ in range(10):
        once("Up")
        once("Down")
    say("CPU of a switch between rooms of the most messages", (window.cpu_ms() - before) / 20, "ms", "130")


def of_many_switches(eye, house, window, count):
    def once(n):
        eye.press("Alt_L", "Up" if n % 20 >= 10 else "Down")
        eye.rest(0.03, 0.5)
    for n in range(100):
        once(n)
    eye.rest(1)
    memory, objects = (window.memory_mb(), window.memory_mb("Rss")), house.census()
    for n in range(count):
        once(n)
    eye.rest(1)
    say(f"PSS gained by {count} switches", window.memory_mb() - memory[0], "MB", "0")
    say(f"RSS gained by {count} switches", window.memory_mb("Rss") - memory[1], "MB", "0")
    for kind, many in house.census().items():
        say(f"  objects gained, {kind} (of {many})", many - objects[kind], "", "0")


def of_flood(eye, house, window, rate, seconds):
    """Frames are what the screen shows of them: while that much is said, each one changes it."""
    memory = window.memory_mb()
    flood = house.flood("lobby", rate, seconds)
    eye.changes(3)
    typed, cpu, begun = [], window.cpu_ms(), time.monotonic()
    seen = eye.changes(seconds - 5)
    cpu = (window.cpu_ms() - cpu) / (time.monotonic() - begun) / 10
    gaps = sorted((b - a) * 1_000 for a, b in zip(seen, seen[1:]))
    if not gaps:
        sys.exit("nothing moved")
    middle = window.memory_mb()
    say("  the time between two frames, median", statistics.median(gaps), "ms")
    say("  99 of 100", gaps[len(gaps) * 99 // 100], "ms")
    say("  the longest", gaps[-1], "ms", "50")
    say("  CPU", cpu, "%")
    flood.wait()
    took = time.monotonic() - begun + 3
    say("  sent and received in fact", rate * seconds / took, "/s", f"{rate} (asked for)")
    # The same again, while somebody types.
    flood = house.flood("lobby", rate, seconds)
    eye.changes(3)
    until = time.monotonic() + seconds - 5
    while time.monotonic() < until:
        before, begun = eye.print_of(COMPOSER), time.monotonic()
        # To and fro: a long line would go on where nobody looks.
        eye.press("BackSpace" if len(typed) % 2 else "x")
        typed.append((eye.until("a letter", lambda before=before: eye.print_of(COMPOSER) != before) - begun) * 1_000)
        time.sleep(0.1)
    say("  a letter typed to its picture, median", statistics.median(typed), "ms", spread(typed))
    flood.wait()
    if len(typed) % 2:
        eye.press("BackSpace")
    eye.rest(1)
    after = window.memory_mb()
    say("  PSS before", memory, "MB")
    say("  PSS in the middle, less that", middle - memory, "MB")
    say("  PSS after, less that", after - memory, "MB", "0")


def main():
    parser = argparse.ArgumentParser(prog="run-figures")
    parser.add_argument("--bin", required=True, help="folder of the built programs")
    parser.add_argument("--rooms", type=int, default=50)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--switches", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=2_000, help="of the flood, messages a second")
    parser.add_argument("--others", action="store_true", help="beside other programs, and nothing else")
    parser.add_argument("--flood", type=int, default=15, help="seconds of it")
    options = parser.parse_args()
    eye = Eye()
    with tempfile.TemporaryDirectory(prefix="tertulia-figures.") as folder:
        with contextlib.closing(House(options.bin, folder)) as house:
            begun = time.monotonic()
            house.fill(options.rooms, options.messages)
            filled = options.messages / (time.monotonic() - begun)
            say(f"({options.rooms} rooms, {options.messages} messages: stored at", filled, "/s)")
            # Once, so that the profile has what a day's use leaves there.
            window, _ = start(eye, house.window, lambda: eye.ink(MESSAGES) > INK)
            eye.rest(3, 60)
            window.close()
            if options.others:
                return others.compare(eye, house, options.starts)
            of_start(eye, house, options)
            window, _ = start(eye, house.window, lambda: eye.ink(MESSAGES) > INK)
            with contextlib.closing(window):
                of_memory(window)
                of_sending(eye)
                of_switching(eye, window)
                eye.press("Alt_L", "Up")
                eye.rest(0.5)
                print(f"{options.rate} messages a second into the open room:")
                of_flood(eye, house, window, options.rate, options.flood)
                of_many_switches(eye, house, window, options.switches)


if __name__ == "__main__":
    main()
