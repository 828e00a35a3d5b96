"""A server with much in it, and programs that are looked at."""

import json
import os
import random
import subprocess
import time

WORDS = ("bed garden hose washer gate seedlings water Monday Thursday cake music rehearsal table seat train "
         "tunnel signal letter answer question weekend daughter friend market bread coffee river bridge").split()


class House:
    """A folder, a server with rooms and messages; Beto, who wrote them; Ana's profile."""

    def __init__(self, programs, folder):
        self.programs, self.folder, self.floods = programs, folder, []
        # Who fills it, and who floods it, is one person.
        with open(self.path("server.toml"), "w", encoding="utf-8") as file:
            file.write("[limits]\nsend_burst = 1000000\nsend_rate = 1000000\n")
        out = open(self.path("server.out"), "w+", encoding="utf-8")
        self.server = subprocess.Popen(
            [self.program("tertulia-server"), "--data", self.path("server"), "--listen", "127.0.0.1:0",
             "--config", self.path("server.toml")],
            stdout=out, stderr=open(self.path("server.err"), "w", encoding="utf-8"))
        while not open(self.path("server.out"), encoding="utf-8").read().endswith("\n"):
            if self.server.poll() is not None:
                raise SystemExit(open(self.path("server.err"), encoding="utf-8").read())
            time.sleep(0.02)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def program(self, name):
        return os.path.join(self.programs, name)

    def cli(self, name, *args, **more):
        return subprocess.run([self.program("tertulia-cli"), "--profile", self.path(name), *args],
                              check=True, capture_output=True, text=True, **more)

    def fill(self, rooms, messages):
        """As many rooms, and as many messages in all: a third each in the first two."""
        with open(self.path("server", "owner-invite"), encoding="utf-8") as file:
            self.cli("beto", "join", "--name", "Beto", file.read().strip())
        link = subprocess.run(
            [self.program("tertulia-server"), "invite", "--data", self.path("server")],
            check=True, capture_output=True, text=True).stdout.strip()
        self.cli("ana", "join", "--name", "Ana", link)
        names = ["lobby"] + [f"room-{n:02}" for n in range(1, rooms)]
        for name in names[1:]:
            self.cli("beto", "create", name)
            self.cli("ana", "enter", name)
        large = messages // 3
        small = (messages - 2 * large) // max(rooms - 2, 1)
        # The first ones last: they are the liveliest.
        for name in reversed(names):
            count = large if name in names[:2] else small
            text = "".join(f"{line}\n" for line in lines(count, seed=name))
            self.cli("beto", "--timeout", "600", "send", name, input=text)

    def window(self, *args):
        os.environ.update(RUST_LOG="census=debug", NO_COLOR="1")
        return Program([self.program("tertulia"), "--profile", self.path("ana"), *args], self.path("window.err"))

    def census(self):
        """How many objects of which kind the window had when it came to this room; by its name."""
        with open(self.path("window.err"), encoding="utf-8") as file:
            newest = [line for line in file if " census: " in line][-1]
        kinds, counts = newest[newest.index(" census: ") + 9:].strip().split("] [")
        return dict(zip(json.loads(kinds + "]"), json.loads("[" + counts)))

    def empty_window(self):
        return Program([self.program("examples/empty_window")], self.path("empty.err"))

    def flood(self, room, rate, seconds):
        """Somebody writes that much; a process."""
        text = self.path("flood.txt")
        with open(text, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines(rate * seconds, seed="flood"))
        pace = f"""
import sys, time
begin, sent = time.monotonic(), 0
for line in open({text!r}, encoding="utf-8"):
    while sent > (time.monotonic() - begin) * {rate}:
        sys.stdout.flush()
        time.sleep(0.005)
    sys.stdout.write(line)
    sent += 1
"""
        paced = subprocess.Popen(["python3", "-c", pace], stdout=subprocess.PIPE)
        sender = subprocess.Popen(
            [self.program("tertulia-cli"), "--profile", self.path("beto"), "--timeout", "300", "send", room],
            stdin=paced.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        paced.stdout.close()  # The sender's alone now.
        self.floods += [paced, sender]
        return sender

    def close(self):
        for process in self.floods:
            process.kill()
            process.wait()
        self.server.terminate()
        self.server.wait()


class Program:
    """A program with a window."""

    def __init__(self, command, errors):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stderr=open(errors, "a", encoding="utf-8"))

    def cpu_ms(self):
        """What all its threads took until now."""
        tasks = f"/proc/{self.process.pid}/task"
        total = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e6

    def memory_mb(self, what="Pss"):
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith(f"{what}:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def close(self):
        self.process.terminate()
        self.process.wait()


def lines(count, seed):
    """Messages of one to sixty words, always the same."""
    chance = random.Random(seed)
    for n in range(count):
        yield f"{n}: {' '.join(chance.choices(WORDS, k=min(60, 1 + int(chance.expovariate(1 / 16)))))}"
