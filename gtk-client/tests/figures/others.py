"""Other programs that people chat with, in the same session: how soon there is a window, how large it is."""

import os
import shutil
import statistics
import time

from house import Program

# What is started, and as whom: HexChat warns whoever is root instead of coming up.
OTHERS = [("Dino", ["dino-im"], False), ("Polari", ["polari"], False), ("HexChat", ["hexchat"], True)]
# What is shown at once is there after so many seconds, what is loaded behind it too.
SETTLED = 5


def commands(folder):
    """Name and command of those that are installed."""
    for name, command, not_as_root in OTHERS:
        if not shutil.which(command[0]):
            print(f"({name} is not installed)")
            continue
        if not_as_root and os.getuid() == 0:
            home = os.path.join(folder, name)
            os.makedirs(home)
            os.chmod(folder, 0o755)
            shutil.chown(home, "nobody")
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "-u",
                       "DBUS_SESSION_BUS_ADDRESS", f"HOME={home}", f"XDG_CONFIG_HOME={home}",
                       f"XDG_DATA_HOME={home}", f"XDG_CACHE_HOME={home}", f"XDG_RUNTIME_DIR={home}", *command]
        yield name, command


def first_window(eye, open_program):
    """The program, and exec to something of it on the screen in ms."""
    eye.rest(0.3)
    program = open_program()
    while not eye.next_change(1.0):
        if program.process.poll() is not None or time.monotonic() - program.begun > 20:
            return program, None
    return program, (time.monotonic() - program.begun) * 1_000


def measure(eye, times, name, open_program):
    """One line about one program."""
    taken, sizes = [], []
    for _ in range(times):
        program, ms = first_window(eye, open_program)
        if ms is None:
            print(f"({name} shows no window here)")
        else:
            taken.append(ms)
            time.sleep(SETTLED)
            sizes.append(program.memory_mb())
        program.close()
        eye.rest(0.5)
        if ms is None:
            return
    print(f"{name:28} first window {statistics.median(taken):6.0f} ms ({min(taken):.0f} to {max(taken):.0f})"
          f"   PSS {statistics.median(sizes):6.1f} MB", flush=True)


def compare(eye, house, times):
    """Ours with all that is stored, an empty window of our toolkit, and the others with nothing at all."""
    print("side by side, exec to the first window, and PSS five seconds later:")
    measure(eye, times, "empty window, GTK 4", house.empty_window)
    measure(eye, times, "Tertulia", house.window)
    for name, command in commands(house.folder):
        measure(eye, times, name, lambda command=command: Program(command, os.devnull))
